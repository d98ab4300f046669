/** Irises as messages hold them, in the public API and in the hop alike. */
import type { Iris, Template } from './template.js';

/** One eye in a message. */
export interface TemplateMessage {
  irisCodes: Buffer;
  maskCodes: Buffer;
}

/** Both eyes in a message. */
export interface IrisMessage {
  left: TemplateMessage;
  right: TemplateMessage;
}

/** One eye for a message, copied. */
export function templateMessage({ irisCodes, maskCodes }: Template): TemplateMessage {
  return { irisCodes: Buffer.from(irisCodes), maskCodes: Buffer.from(maskCodes) };
}

/** Both eyes for a message, copied. */
export function irisMessage({ left, right }: Iris): IrisMessage {
  return { left: templateMessage(left), right: templateMessage(right) };
}
