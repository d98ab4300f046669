/**
 * Lines of the log that say how far a long piece of work is: written by the service that does it, read by who shows a bar.
 */
import { z } from 'zod';
import type { Logger } from './logger.js';

/** How far a piece of work is. */
export interface LoggedProgress {
  /** Such as `loading irises`. */
  readonly task: string;
  readonly done: number;
  readonly all: number;
}

/** Often enough for a bar, seldom enough for a log. */
const LOG_MILLISECONDS = 1_000;
/** Work that is shorter needs no news. */
const FIRST_LOG_MILLISECONDS = 250;

const LINE = z.object({ msg: z.string(), progress: z.object({ done: z.int(), all: z.int() }) });

/** One piece of work. */
export class ProgressLog {
  private logAt = performance.now() + FIRST_LOG_MILLISECONDS;

  constructor(
    private readonly task: string,
    private readonly all: number,
    private readonly logger: Logger,
  ) {}

  /** So much is done. Logged now and then, however often it is told. */
  reach(done: number): void {
    const now = performance.now();
    if (now < this.logAt) return;
    this.logAt = now + LOG_MILLISECONDS;
    this.logger.info({ progress: { done, all: this.all } }, this.task);
  }
}

/** What a line of a log says of progress; undefined when it is another line. */
export function readProgress(line: string): LoggedProgress | undefined {
  if (!line.includes('"progress"')) return undefined;
  try {
    const read = LINE.safeParse(JSON.parse(line));
    return read.success ? { task: read.data.msg, ...read.data.progress } : undefined;
  } catch {
    // Not every line that a process writes is JSON.
    return undefined;
  }
}
