/** Irises for tests: uniform random bits that depend on their name only, every bit usable. */
import { createCipheriv, createHash } from 'node:crypto';
import { codeBytes, DEFAULT_COLUMNS, type Columns } from '@irispair/common/iris/shape';
import type { Iris, Template } from '@irispair/common/iris/template';

/** The iris of a name. */
export function irisOf(name: string, columns: Columns = DEFAULT_COLUMNS): Iris {
  const bytes = codeBytes(columns);
  const key = createHash('sha256').update(name).digest().subarray(0, 16);
  const bits = createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(2 * bytes));
  return {
    left: usable(bits.subarray(0, bytes)),
    right: usable(bits.subarray(bytes)),
  };
}

/** The same iris with the first bytes of both codes inverted: the more, the farther. */
export function disturbed(iris: Iris, bytes: number): Iris {
  const eye = ({ irisCodes }: Template) =>
    usable(irisCodes.map((byte, index) => (index < bytes ? ~byte & 0xff : byte)));
  return { left: eye(iris.left), right: eye(iris.right) };
}

function usable(irisCodes: Uint8Array): Template {
  return { irisCodes, maskCodes: new Uint8Array(irisCodes.byteLength).fill(0xff) };
}
