/** Reasons that parties tell each other: short, printable, and nothing secret in them. */
import { MOST_REASON_BYTES } from './frame.js';

/** A reason as it is sent, behind the bytes given. */
export function reasonPayload(reason: string, before: readonly number[] = []): Buffer {
  const text = Buffer.from(printable(reason).slice(0, MOST_REASON_BYTES - before.length) || '-', 'latin1');
  return Buffer.concat([Buffer.from(before), text]);
}

/** A reason that came from another party. */
export function reasonText(payload: Buffer): string {
  return printable(payload.toString('latin1'));
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?');
}
