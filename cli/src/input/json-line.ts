/** One JSON object, checked by a schema. What is wrong with it is one field and one reason. */
import { z } from 'zod';
import { InvalidInputError } from '@irispair/common/errors/errors';

/** The part of a zod issue that says what was given. */
interface Given {
  readonly code?: string;
  readonly input?: unknown;
}

/**
 * Reads one line.
 * @param schema its messages are reasons without the field: the field is known from where it is
 * @throws InvalidInputError naming the field
 */
export function parseObject<Item>(schema: z.ZodType<Item>, line: string): Item {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new InvalidInputError('line', 'not JSON: write one object a line');
  }
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const { message, path } = read.error.issues[0];
  throw new InvalidInputError(path.join('.') || 'line', message);
}

/** What to say of a value of another type: what it is, and what to give instead. */
export function wrongType(remedy: string): (given: Given) => string {
  return ({ input }) => `${typeName(input)}: ${remedy}`;
}

/** A text in base64. @param remedy for a text that is not */
export function base64Text(remedy: string) {
  return z.base64({
    error: ({ code, input }: Given) =>
      code === 'invalid_type' ? `${typeName(input)}: give a string of base64` : `not base64: ${remedy}`,
  });
}

function typeName(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
