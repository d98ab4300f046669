/** Captures from NDJSON: one object a line, templates as Open IRIS serialises them. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { InvalidInputError } from '@irispair/common/errors/errors';
import { CODE_BYTES, type Iris } from '@irispair/common/iris/template';

/** One capture of a file. */
export interface Capture {
  readonly id: string;
  readonly iris: Iris;
}

/** One line: what it holds, or what is wrong with it. */
export type Line<Item> =
  { readonly number: number; readonly item: Item } | { readonly number: number; readonly problem: string };

function packedBits(field: string) {
  return z
    .base64(`${field}: not base64: write the packed bits as Open IRIS does`)
    .transform((text) => Buffer.from(text, 'base64'))
    .refine((bits) => bits.byteLength === CODE_BYTES, {
      error: ({ input }) => `${field}: ${(input as Buffer).byteLength} bytes, expected ${CODE_BYTES}`,
    });
}

function template(side: string) {
  return z.object(
    { iris_codes: packedBits(`${side}.iris_codes`), mask_codes: packedBits(`${side}.mask_codes`) },
    `${side}: missing: give iris_codes and mask_codes`,
  );
}

const CAPTURE = z.object({
  id: z.string('id: missing: give a string'),
  left: template('left'),
  right: template('right'),
});

/** Reads one line. @throws InvalidInputError naming the field */
export function parseCapture(line: string): Capture {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new InvalidInputError('line', 'not JSON: write one object a line');
  }
  const read = CAPTURE.safeParse(value);
  if (!read.success) {
    const { message, path } = read.error.issues[0];
    throw new InvalidInputError(path.join('.') || 'line', message.replace(/^[\w.]+: /, ''));
  }
  const { id, left, right } = read.data;
  return {
    id,
    iris: {
      left: { irisCodes: left.iris_codes, maskCodes: left.mask_codes },
      right: { irisCodes: right.iris_codes, maskCodes: right.mask_codes },
    },
  };
}

/** One line of NDJSON. */
export function formatCapture({ id, iris }: Capture): string {
  const side = ({ irisCodes, maskCodes }: Iris['left']) => ({
    iris_codes: Buffer.from(irisCodes).toString('base64'),
    mask_codes: Buffer.from(maskCodes).toString('base64'),
  });
  return JSON.stringify({ id, left: side(iris.left), right: side(iris.right) });
}

/**
 * Reads a file, or standard input for `-`, line by line. Blank lines are skipped.
 * @param parse throws InvalidInputError for a line that is not right
 */
export async function* readLines<Item>(
  file: string,
  parse: (line: string) => Item,
): AsyncGenerator<Line<Item>> {
  const input = file === '-' ? process.stdin : createReadStream(file);
  let number = 0;
  const failed = new Promise<never>((_, reject) => input.once('error', reject));
  const lines = createInterface({ input, crlfDelay: Infinity })[Symbol.asyncIterator]();
  for (;;) {
    const next = await Promise.race([lines.next(), failed]);
    if (next.done === true) return;
    number += 1;
    if (next.value.trim() === '') continue;
    try {
      yield { number, item: parse(next.value) };
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      yield { number, problem: error.message };
    }
  }
}

/** The only capture of a single-line file. @throws InvalidInputError */
export async function readOnlyCapture(file: string): Promise<Capture> {
  for await (const line of readLines(file, parseCapture)) {
    if ('problem' in line) throw new InvalidInputError(`${file}:${line.number}`, line.problem);
    return line.item;
  }
  throw new InvalidInputError(file, 'empty: give one capture on one line');
}
