/** What a bulk command says of a run that did not go through, and its exit code. */
import { InvalidInputError } from '@irispair/common/errors/errors';
import { detailsOf, isUnavailable } from '../client/pair-client.js';
import { ExitCode } from '../commands/exit-code.js';
import type { BulkEnd } from './bulk-run.js';

/** What became of the lines that are not in the end itself. */
export interface BulkTally {
  readonly kind: 'enroll' | 'search';
  readonly answered: number;
  /** Undefined when that cannot be known: the input is a pipe that goes on. */
  readonly unsent: number | undefined;
  readonly isInterrupted: boolean;
}

/** Sentences for people, in order; none when nothing was cut. */
export function describeEnd({ error, unanswered }: BulkEnd, tally: BulkTally): string[] {
  if (error === undefined && unanswered.length === 0) return [];
  const unsent = tally.unsent === undefined ? 'the rest of the input' : `${tally.unsent}`;
  const counts = `${tally.answered} lines answered, ${unanswered.length} sent without an answer, ${unsent} not sent`;
  return [
    ...(error === undefined ? [] : [reasonOf(error, tally.isInterrupted)]),
    counts,
    ...(unanswered.length === 0
      ? []
      : [
          `lines ${formatRanges(unanswered)} were sent without an answer and may be enrolled: ` +
            'send them again, an enrolled person is answered as a duplicate',
        ]),
    `to go on: irispair ${tally.kind} FILE --json --resume OUTPUT, where OUTPUT holds what --json printed`,
  ];
}

/** The exit code of a run, given how many lines failed. */
export function exitCodeOf({ error, unanswered }: BulkEnd, failed: number, isInterrupted: boolean): ExitCode {
  if (isInterrupted) return ExitCode.Interrupted;
  if (isUnavailable(error)) return ExitCode.Unavailable;
  return error !== undefined || unanswered.length > 0 || failed > 0 ? ExitCode.Failed : ExitCode.Done;
}

/** Ascending numbers for people: `1-3, 7`. */
export function formatRanges(numbers: readonly number[]): string {
  const ranges: { first: number; last: number }[] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const range = ranges.at(-1);
    if (range?.last === number - 1) range.last = number;
    else ranges.push({ first: number, last: number });
  }
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(', ');
}

function reasonOf(error: unknown, isInterrupted: boolean): string {
  if (isInterrupted) return 'interrupted';
  if (error instanceof InvalidInputError) return error.message;
  return `the stream was cut: ${detailsOf(error)}`;
}
