/** Irises for tests: uniform random bits that depend on their name only, every bit usable. */
import { createCipheriv, createHash } from 'node:crypto';
import { CODE_BYTES, type Iris, type Template } from '@irispair/common/iris/template';

/** The iris of a name. */
export function irisOf(name: string): Iris {
  const key = createHash('sha256').update(name).digest().subarray(0, 16);
  const bits = createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(2 * CODE_BYTES));
  return {
    left: usable(bits.subarray(0, CODE_BYTES)),
    right: usable(bits.subarray(CODE_BYTES)),
  };
}

/** The same iris with the first bytes of both codes inverted: the more, the farther. */
export function disturbed(iris: Iris, bytes: number): Iris {
  const eye = ({ irisCodes }: Template) =>
    usable(irisCodes.map((byte, index) => (index < bytes ? ~byte & 0xff : byte)));
  return { left: eye(iris.left), right: eye(iris.right) };
}

function usable(irisCodes: Uint8Array): Template {
  return { irisCodes, maskCodes: new Uint8Array(CODE_BYTES).fill(0xff) };
}
