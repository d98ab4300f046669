/** `enroll` and `search`: every capture of a file through the bulk stream, or every share of a party's file. */
import type { Command } from 'commander';
import { irisMessage } from '@irispair/common/iris/message';
import * as api from '@irispair/proto/public';
import { PairClient } from '../client/pair-client.js';
import { parseCapture, readLines } from '../input/ndjson.js';
import { formatOf, note, print, table } from '../output/print.js';
import { startProgress } from '../output/progress.js';
import { parseShare } from '../shares/share-file.js';
import { ExitCode } from './exit-code.js';
import { addAudienceOptions, jsonOption, openClient, type AudienceOptions } from './options.js';

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
}

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
      .addHelpText(
        'after',
        `
Examples:
  irispair generate --people 100 | irispair ${kind} --json
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

/** What a line asks for. */
interface BulkItem {
  readonly id: string;
  readonly request: NonNullable<api.ProcessRequest['request']>;
}

interface Answered {
  readonly id: string;
  readonly decision: string;
  readonly serialId: number;
  readonly matches: readonly number[];
}

async function runBulk(kind: BulkKind, file: string, options: BulkOptions): Promise<ExitCode> {
  const client = options.share === undefined ? await openClient(options) : new PairClient(options.server);
  const format = formatOf(options);
  const progress = startProgress(kind === 'enroll' ? 'enrolling' : 'searching', null);
  const lines = new Map<string, { number: number; id: string }>();
  const rows: Answered[] = [];
  let failed = 0;
  let done = 0;

  function fail(number: number, problem: string): void {
    failed += 1;
    note(`line ${number}: ${problem}`);
  }

  async function* requests(): AsyncGenerator<api.ProcessRequest> {
    const items =
      options.share === undefined
        ? readLines(file, (line) => captureItem(kind, line))
        : readLines(options.share, (line) => shareItem(kind, line));
    for await (const line of items) {
      if ('problem' in line) {
        fail(line.number, line.problem);
        continue;
      }
      const requestId = String(line.number);
      lines.set(requestId, { number: line.number, id: line.item.id });
      yield { requestId, request: line.item.request };
    }
  }

  function answered({ requestId, response }: api.ProcessResponse): void {
    const line = lines.get(requestId);
    if (line === undefined) return;
    lines.delete(requestId);
    progress.step();
    if (response?.$case === 'error') {
      fail(line.number, response.value.message);
    } else if (response?.$case === 'enroll' || response?.$case === 'search') {
      done += 1;
      const { decision, matches } = response.value;
      const answer = {
        id: line.id,
        decision: decisionName(decision),
        serialId: response.$case === 'enroll' ? response.value.serialId : 0,
        matches: matches.map(({ serialId }) => serialId),
      };
      if (format === 'json') print(JSON.stringify(asJson(kind, answer)));
      else rows.push(answer);
    }
  }

  try {
    await client.process(requests(), answered);
    for (const { number } of lines.values()) fail(number, 'the service ended the stream without an answer');
  } finally {
    progress.stop();
    client.close();
  }
  if (format === 'text') printRows(kind, rows);
  if (failed > 0) note(`${failed} ${failed === 1 ? 'line' : 'lines'} failed, ${done} done`);
  return failed > 0 ? ExitCode.Failed : ExitCode.Done;
}

function captureItem(kind: BulkKind, line: string): BulkItem {
  const { id, iris } = parseCapture(line);
  return { id, request: { $case: kind, value: { iris: irisMessage(iris), orList: [] } } };
}

function shareItem(kind: BulkKind, line: string): BulkItem {
  const { id, requestId, share } = parseShare(line);
  return { id, request: { $case: kind, value: { share, requestId, orList: [] } } };
}

function asJson(kind: BulkKind, { id, decision, serialId, matches }: Answered): object {
  return kind === 'search'
    ? { id, decision, matches }
    : { id, decision, serial_id: serialId === 0 ? null : serialId, matches };
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
