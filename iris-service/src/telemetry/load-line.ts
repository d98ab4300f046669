/** The line of the log that says how far the start-up load is: written by the service, read by who shows a bar. */
import { z } from 'zod';

/** How far loading is, in serial ids. */
export interface Loading {
  readonly loaded: number;
  readonly all: number;
}

const MESSAGE = 'loading irises';

const LINE = z.object({ msg: z.literal(MESSAGE), loaded: z.int(), all: z.int() });

/** Fields and message of the line. */
export function describeLoading(loading: Loading): { fields: Loading; message: string } {
  return { fields: loading, message: MESSAGE };
}

/** What a line of the log says of loading; undefined when it is another line. */
export function readLoading(line: string): Loading | undefined {
  if (!line.includes(MESSAGE)) return undefined;
  try {
    const read = LINE.safeParse(JSON.parse(line));
    return read.success ? { loaded: read.data.loaded, all: read.data.all } : undefined;
  } catch {
    // Not every line that a process writes is JSON.
    return undefined;
  }
}
