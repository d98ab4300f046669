/** `enroll` and `search`: every capture of a file through the bulk stream, or every share of a party's file. */
import type { Command } from 'commander';
import { irisMessage } from '@irispair/common/iris/message';
import * as api from '@irispair/proto/public';
import { BulkRun, type BulkEnd, type BulkItem, type BulkLine, type BulkListener } from '../bulk/bulk-run.js';
import { EarlierOutput } from '../bulk/earlier-output.js';
import { describeEnd, exitCodeOf } from '../bulk/end-report.js';
import { LineSource } from '../bulk/line-source.js';
import { PairClient } from '../client/pair-client.js';
import { parseCapture, readLines, type Line } from '../input/ndjson.js';
import { formatOf, note, print, table } from '../output/print.js';
import { startProgress } from '../output/progress.js';
import { parseShare } from '../shares/share-file.js';
import type { ExitCode } from './exit-code.js';
import {
  addAudienceOptions,
  integerArgument,
  jsonOption,
  openClient,
  type AudienceOptions,
} from './options.js';

/** The decision in the words of the command line. */
export function decisionName(decision: api.Decision): string {
  switch (decision) {
    case api.Decision.UNIQUE:
      return 'unique';
    case api.Decision.DUPLICATE:
      return 'duplicate';
    case api.Decision.MIRROR_ATTACK:
      return 'mirror attack';
    case api.Decision.UNSPECIFIED:
      return 'unspecified';
  }
}

interface BulkOptions extends AudienceOptions {
  readonly share?: string;
  /** What an earlier run printed. */
  readonly resume?: string;
  /** Seconds. */
  readonly retryFor: number;
}

const RETRY_SECONDS = 60;
const MOST_RETRY_SECONDS = 86_400;

/** Adds both commands. */
export function addBulkCommands(program: Command): void {
  for (const kind of ['enroll', 'search'] as const) {
    const command = program
      .command(kind)
      .description(
        kind === 'enroll'
          ? 'enrol every capture of an NDJSON file that is unique'
          : 'search for every capture of an NDJSON file, enrolling nobody',
      )
      .argument('[file]', 'NDJSON file, - for standard input; default standard input')
      .option(
        '--share <file>',
        'instead: one party’s file of `irispair share`, to that party alone, as the other two get theirs',
      );
    addAudienceOptions(command)
      .addOption(jsonOption())
      .option(
        '--resume <output>',
        'go on where an earlier run stopped: leave out the lines that it answered, by what its --json printed',
      )
      .option(
        '--retry-for <seconds>',
        'how long to wait for a service that went away or has no room; 0: not at all',
        integerArgument(0, MOST_RETRY_SECONDS),
        RETRY_SECONDS,
      )
      .addHelpText(
        'after',
        `
Examples:
  irispair generate --people 100 | irispair ${kind} --json
  irispair ${kind} people.ndjson --json >> answers.ndjson
  irispair ${kind} people.ndjson --json --resume answers.ndjson >> answers.ndjson
  irispair ${kind} people.ndjson --parties a.example:50051,b.example:50051,c.example:50051
  irispair ${kind} --share shares/party-0.ndjson --server a.example:50051`,
      )
      .action(async (file: string | undefined, options: BulkOptions) => {
        if (file !== undefined && options.share !== undefined) {
          command.error(`--share and ${file}: give one of them: a file of shares, or one of captures`);
        }
        if (options.share !== undefined && command.getOptionValueSource('parties') === 'cli') {
          command.error('--share and --parties: a file of shares goes to one party: name it with --server');
        }
        process.exitCode = await runBulk(kind, file ?? '-', options);
      });
  }
}

type BulkKind = 'enroll' | 'search';

interface Answered {
  readonly line: number;
  readonly id: string;
  readonly decision: string;
  readonly serialId: number;
  readonly matches: readonly number[];
}

async function runBulk(kind: BulkKind, file: string, options: BulkOptions): Promise<ExitCode> {
  const earlier = options.resume === undefined ? undefined : await EarlierOutput.read(options.resume);
  const client = options.share === undefined ? await openClient(options) : new PairClient(options.server);
  const format = formatOf(options);
  const progress = startProgress(kind === 'enroll' ? 'enrolling' : 'searching', null);
  const rows: Answered[] = [];
  const tally = { failed: 0, done: 0, skipped: 0 };
  const listener: BulkListener = {
    answered(line, answer) {
      progress.step();
      if (answer.$case !== 'enroll' && answer.$case !== 'search') return;
      tally.done += 1;
      const row = answeredRow(line, answer);
      if (format === 'json') print(JSON.stringify(asJson(kind, row)));
      else rows.push(row);
    },
    failed(number, problem) {
      tally.failed += 1;
      note(`line ${number}: ${problem}`);
    },
    waits(reason) {
      note(`the service went away (${reason}): waiting for it`);
    },
  };
  const source = new LineSource(linesToSend(kind, file, options, earlier, () => (tally.skipped += 1)));
  const interrupt = abortOnInterrupt();
  const plan = {
    isRepeatable: kind === 'search',
    patience: options.retryFor * 1_000,
    signal: interrupt.signal,
  };
  let end: BulkEnd;
  try {
    end = await new BulkRun(client, source, plan, listener).run();
  } finally {
    interrupt.release();
    progress.stop();
    client.close();
  }
  const isInterrupted = interrupt.signal.aborted;
  const isUntouched = tally.done + tally.failed + end.unanswered.length === 0;
  if (end.error !== undefined && isUntouched && !isInterrupted) throw end.error;
  if (format === 'text') printRows(kind, rows);
  if (tally.skipped > 0) note(`${countOf(tally.skipped)} left out, answered in ${options.resume ?? ''}`);
  if (tally.failed > 0) note(`${countOf(tally.failed)} failed, ${tally.done} done`);
  const isPipe = (options.share ?? file) === '-';
  const unsent = end.error === undefined || isPipe ? undefined : await source.drain();
  const about = { kind, answered: tally.done, unsent: end.error === undefined ? 0 : unsent, isInterrupted };
  for (const sentence of describeEnd(end, about)) note(sentence);
  return exitCodeOf(end, tally.failed, isInterrupted);
}

/** The lines of the input without those that were answered before. */
async function* linesToSend(
  kind: BulkKind,
  file: string,
  { share }: BulkOptions,
  earlier: EarlierOutput | undefined,
  leftOut: () => void,
): AsyncGenerator<Line<BulkItem>> {
  const lines =
    share === undefined
      ? readLines(file, (line) => captureItem(kind, line))
      : readLines(share, (line) => shareItem(kind, line));
  for await (const line of lines) {
    if ('item' in line && earlier?.has(line.number, line.item.id) === true) leftOut();
    else yield line;
  }
}

/** The first interrupt ends the run, the second the process. */
function abortOnInterrupt(): { readonly signal: AbortSignal; release(): void } {
  const abort = new AbortController();
  const stop = () => {
    abort.abort();
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  return {
    signal: abort.signal,
    release() {
      process.off('SIGINT', stop).off('SIGTERM', stop);
    },
  };
}

function countOf(lines: number): string {
  return lines === 1 ? '1 line' : `${lines} lines`;
}

function answeredRow(
  { number, item }: BulkLine,
  answer:
    | { readonly $case: 'enroll'; readonly value: api.EnrollResponse }
    | { readonly $case: 'search'; readonly value: api.SearchResponse },
): Answered {
  return {
    line: number,
    id: item.id,
    decision: decisionName(answer.value.decision),
    serialId: answer.$case === 'enroll' ? answer.value.serialId : 0,
    matches: answer.value.matches.map(({ serialId }) => serialId),
  };
}

function captureItem(kind: BulkKind, line: string): BulkItem {
  const { id, iris } = parseCapture(line);
  return { id, request: { $case: kind, value: { iris: irisMessage(iris), orList: [] } } };
}

function shareItem(kind: BulkKind, line: string): BulkItem {
  const { id, requestId, share } = parseShare(line);
  return { id, request: { $case: kind, value: { share, requestId, orList: [] } } };
}

function asJson(kind: BulkKind, { line, id, decision, serialId, matches }: Answered): object {
  return kind === 'search'
    ? { line, id, decision, matches }
    : { line, id, decision, serial_id: serialId === 0 ? null : serialId, matches };
}

function printRows(kind: BulkKind, rows: readonly Answered[]): void {
  const head = kind === 'enroll' ? ['id', 'decision', 'serial id', 'matches'] : ['id', 'decision', 'matches'];
  const body = rows.map(({ id, decision, serialId, matches }) =>
    kind === 'enroll'
      ? [id, decision, serialId === 0 ? '' : String(serialId), matches.join(' ')]
      : [id, decision, matches.join(' ')],
  );
  print(table(head, body));
}
