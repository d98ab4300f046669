/** `enroll` and `search`: every capture of a file through the bulk stream. */
import type { Command } from 'commander';
import { irisMessage } from '@irispair/common/iris/message';
import * as api from '@irispair/proto/public';
import { PairClient } from '../client/pair-client.js';
import { readLines, type Line } from '../input/ndjson.js';
import { formatOf, note, print, table } from '../output/print.js';
import { startProgress } from '../output/progress.js';
import { ExitCode } from './exit-code.js';
import { jsonOption, serverOption, type ServerOptions } from './options.js';

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

/** Adds both commands. */
export function addBulkCommands(program: Command): void {
  for (const kind of ['enroll', 'search'] as const) {
    program
      .command(kind)
      .description(
        kind === 'enroll'
          ? 'enrol every capture of an NDJSON file that is unique'
          : 'search for every capture of an NDJSON file, enrolling nobody',
      )
      .argument('[file]', 'NDJSON file, - for standard input', '-')
      .addOption(serverOption())
      .addOption(jsonOption())
      .addHelpText('after', `\nExample:\n  irispair generate --people 100 | irispair ${kind} --json`)
      .action(async (file: string, options: ServerOptions) => {
        process.exitCode = await runBulk(kind, file, options);
      });
  }
}

type BulkKind = 'enroll' | 'search';

interface Answered {
  readonly id: string;
  readonly decision: string;
  readonly serialId: number;
  readonly matches: readonly number[];
}

async function runBulk(kind: BulkKind, file: string, options: ServerOptions): Promise<ExitCode> {
  const client = new PairClient(options.server);
  const format = formatOf(options);
  const progress = startProgress(kind === 'enroll' ? 'enrolling' : 'searching', null);
  const lines = new Map<string, { number: number; id: string }>();
  const rows: Answered[] = [];
  let failed = 0;

  function fail(number: number, problem: string): void {
    failed += 1;
    note(`line ${number}: ${problem}`);
  }

  async function* requests(): AsyncGenerator<api.ProcessRequest> {
    for await (const line of readLines(file)) {
      if ('problem' in line) {
        fail(line.number, line.problem);
        continue;
      }
      const requestId = String(line.number);
      lines.set(requestId, { number: line.number, id: line.capture.id });
      yield { requestId, request: requestOf(kind, line) };
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
  } finally {
    progress.stop();
    client.close();
  }
  if (format === 'text') printRows(kind, rows);
  if (failed > 0) note(`${failed} ${failed === 1 ? 'line' : 'lines'} failed, ${rows.length} done`);
  return failed > 0 ? ExitCode.Failed : ExitCode.Done;
}

function requestOf(kind: BulkKind, line: Extract<Line, { capture: unknown }>): api.ProcessRequest['request'] {
  return { $case: kind, value: { iris: irisMessage(line.capture.iris), orList: [] } };
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
