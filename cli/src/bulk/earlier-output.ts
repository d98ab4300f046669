/** What an earlier run of a bulk command printed, for going on where it stopped. */
import { z } from 'zod';
import { InvalidInputError } from '@irispair/common/errors/errors';
import { parseObject, wrongType } from '../input/json-line.js';
import { readLines, type Line } from '../input/ndjson.js';

const ANSWER = z.object(
  {
    line: z.int({ error: wrongType('give the output of --json') }).min(1, 'give a line from 1'),
    id: z.string({ error: wrongType('give the output of --json') }),
  },
  { error: wrongType('give the output of --json') },
);

/** Lines that were answered, by their numbers. */
export class EarlierOutput {
  private constructor(private readonly ids: ReadonlyMap<number, string>) {}

  /**
   * Reads an output whole. Its last line may be cut.
   * @throws InvalidInputError naming the line that is no answer
   */
  static async read(file: string): Promise<EarlierOutput> {
    const ids = new Map<number, string>();
    let cut: Line<unknown> | undefined;
    for await (const line of readLines(file, (text) => parseObject(ANSWER, text))) {
      if (cut !== undefined && 'problem' in cut) {
        throw new InvalidInputError(`--resume ${file}:${cut.number}`, cut.problem);
      }
      if ('problem' in line) cut = line;
      else ids.set(line.item.line, line.item.id);
    }
    return new EarlierOutput(ids);
  }

  /**
   * Whether a line was answered.
   * @throws InvalidInputError when the output belongs to another input
   */
  has(number: number, id: string): boolean {
    const answered = this.ids.get(number);
    if (answered === undefined) return false;
    if (answered === id) return true;
    throw new InvalidInputError(
      '--resume',
      `line ${number} is ${JSON.stringify(answered)} there and ${JSON.stringify(id)} here: give the output of this very input`,
    );
  }
}
