/** What is left of an iris once it was shared. */
import { irisMessage } from '@irispair/common/iris/message';
import type { Iris } from '@irispair/common/iris/template';
import type * as api from '@irispair/proto/public';

/** No code bit under the mask. */
export function unmasked({ left, right }: Iris): api.Iris {
  const eye = ({ irisCodes, maskCodes }: Iris['left']) => ({
    irisCodes: irisCodes.map((byte, index) => byte & maskCodes[index]),
    maskCodes,
  });
  return irisMessage({ left: eye(left), right: eye(right) });
}
