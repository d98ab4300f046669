/** Captures as public messages. */
import type { Iris, Template } from '@irispair/common/iris/template';
import type * as api from '@irispair/proto/public';

export function asMessage({ left, right }: Iris): api.Iris {
  const template = ({ irisCodes, maskCodes }: Template): api.Template => ({
    irisCodes: Buffer.from(irisCodes),
    maskCodes: Buffer.from(maskCodes),
  });
  return { left: template(left), right: template(right) };
}
