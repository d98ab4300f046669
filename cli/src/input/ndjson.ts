/** Captures from NDJSON: one object a line, templates as Open IRIS serialises them. */
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { InvalidInputError } from '@irispair/common/errors/errors';
import { codeBytes, COLUMNS, columnsOfBytes } from '@irispair/common/iris/shape';
import type { Iris } from '@irispair/common/iris/template';
import { base64Text, parseObject, wrongType } from './json-line.js';
import { fileName, openText } from './text-file.js';

/** One capture of a file. */
export interface Capture {
  readonly id: string;
  readonly iris: Iris;
}

/** One line: what it holds, or what is wrong with it. */
export type Line<Item> =
  { readonly number: number; readonly item: Item } | { readonly number: number; readonly problem: string };

/** Characters of a line that is not JSON which a message repeats. */
const REPEATED_CHARACTERS = 20;
const EXPECTED_BYTES = COLUMNS.map((columns) => `${codeBytes(columns)} for ${columns} columns`).join(' or ');

const PACKED_BITS = base64Text('write the packed bits as Open IRIS does')
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((bits) => columnsOfBytes(bits.byteLength) !== undefined, {
    error: ({ input }) => `${(input as Buffer).byteLength} bytes, expected ${EXPECTED_BYTES}`,
  });

const TEMPLATE = z.object(
  { iris_codes: PACKED_BITS, mask_codes: PACKED_BITS },
  { error: wrongType('give iris_codes and mask_codes') },
);

const CAPTURE = z.object(
  { id: z.string({ error: wrongType('give a string') }), left: TEMPLATE, right: TEMPLATE },
  { error: wrongType('write one object a line') },
);

/** Reads one line. @throws InvalidInputError naming the field */
export function parseCapture(line: string): Capture {
  const { id, left, right } = parseObject(CAPTURE, line);
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
 * @throws InvalidInputError naming the file when it holds something else than one object a line
 */
export async function* readLines<Item>(
  file: string,
  parse: (line: string) => Item,
): AsyncGenerator<Line<Item>> {
  const input = await openText(file);
  let number = 0;
  let isFirst = true;
  const failed = new Promise<never>((_, reject) => input.once('error', reject));
  const lines = createInterface({ input, crlfDelay: Infinity })[Symbol.asyncIterator]();
  for (;;) {
    const next = await Promise.race([lines.next(), failed]);
    if (next.done === true) return;
    number += 1;
    if (next.value.trim() === '') continue;
    if (isFirst) checkFormat(file, number, next.value.trim());
    isFirst = false;
    try {
      yield { number, item: parse(next.value) };
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      yield { number, problem: error.message };
    }
  }
}

/** A file in another form is refused once, not line by line. */
function checkFormat(file: string, number: number, first: string): void {
  if (first.startsWith('[')) {
    throw new InvalidInputError(
      fileName(file),
      'a JSON array: write one object a line, as `jq -c ".[]"` does',
    );
  }
  if (first === '{') {
    throw new InvalidInputError(
      fileName(file),
      'an object over several lines: write one object a line, as `jq -c .` does',
    );
  }
  if (!first.startsWith('{')) {
    const beginning = JSON.stringify(first.slice(0, REPEATED_CHARACTERS));
    throw new InvalidInputError(
      fileName(file),
      `not NDJSON: line ${number} begins with ${beginning}: write one object a line`,
    );
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
