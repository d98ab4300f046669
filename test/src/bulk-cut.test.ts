import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { until } from '@irispair/common/support/until';
import { formatCapture } from 'irispair/input/ndjson';
import { Population } from 'irispair/generate/population';
import { COMMAND, irispair } from 'irispair/support/run-command';
import { PairUnderTest } from './support/pair-under-test.js';

const PEOPLE = 300;
/** Answers after which the service is killed: many more are still to come. */
const ANSWERS_BEFORE = 20;

interface Row {
  readonly line: number;
  readonly id: string;
  readonly decision: string;
  readonly serial_id: number | null;
  readonly matches: readonly number[];
}

/** A bulk command that runs. */
class RunningCommand {
  output = '';
  errors = '';
  private readonly child: ChildProcess;

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
  }

  async untilAnswers(count: number): Promise<void> {
    await until(`${count} answers`, () => rowsOf(this.output).length >= count);
  }

  interrupt(): void {
    this.child.kill('SIGINT');
  }

  async end(): Promise<number | null> {
    const [code] = (await once(this.child, 'close')) as [number | null];
    return code;
  }
}

function rowsOf(output: string): Row[] {
  return output
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Row);
}

describe('a bulk command', () => {
  let test: PairUnderTest;
  let file: string;
  let server: string[];
  before(async () => {
    test = await PairUnderTest.start();
    server = ['--server', test.address];
    file = join(test.directory, 'people.ndjson');
    const population = new Population('bulk commands that are cut');
    const lines = Array.from({ length: PEOPLE }, (_, index) =>
      formatCapture({ id: `person-${index}`, iris: population.enrolment(population.person(index)) }),
    );
    await writeFile(file, `${lines.join('\n')}\n`);
  });
  after(async () => {
    await test.stop();
  });

  async function killGraphService(): Promise<void> {
    await test.pair.kill('graph', 'SIGKILL');
  }

  it('says what was answered, what was sent and what was not when the service dies, and goes on from its output', async () => {
    const cut = new RunningCommand(['enroll', file, '--json', '--retry-for', '0', ...server]);
    await cut.untilAnswers(ANSWERS_BEFORE);
    await killGraphService();
    assert.equal(await cut.end(), 3);
    const rows = rowsOf(cut.output);
    const counts = /^(\d+) lines answered, (\d+) sent without an answer, (\d+) not sent$/m.exec(cut.errors);
    assert.ok(counts !== null, cut.errors);
    const [answered, sent, unsent] = counts.slice(1).map(Number);
    assert.equal(answered, rows.length);
    assert.equal(answered + sent + unsent, PEOPLE);
    assert.ok(unsent > 0, cut.errors);
    assert.match(cut.errors, /^the stream was cut: /m);
    if (sent > 0)
      assert.match(cut.errors, /^lines [\d, -]+ were sent without an answer and may be enrolled/m);
    assert.doesNotMatch(cut.errors, /start one with/);
    await test.startAgain('graph');

    const earlier = join(test.directory, 'earlier.ndjson');
    await writeFile(earlier, `${cut.output}{"line": 9`);
    const rest = await irispair(['enroll', file, '--json', '--resume', earlier, ...server]);
    assert.equal(rest.code, 0, rest.errors);
    assert.match(
      rest.errors,
      new RegExp(`^${answered} lines left out, answered in .*earlier\\.ndjson$`, 'm'),
    );
    const all = [...rows, ...rowsOf(rest.output)];
    assert.deepEqual(
      all.map(({ line }) => line).sort((a, b) => a - b),
      Array.from({ length: PEOPLE }, (_, index) => index + 1),
    );
    assert.equal((await test.client.status()).enrolled, PEOPLE);

    await writeFile(earlier, '{"line": 1, "id": "somebody else"}\n');
    const other = await irispair(['enroll', file, '--json', '--resume', earlier, ...server]);
    assert.equal(other.code, 1);
    assert.match(
      other.errors,
      /--resume: line 1 is "somebody else" there and "person-0" here: give the output/,
    );
  });

  it('waits for a service that comes back, and repeats what is only a search', async () => {
    const searching = new RunningCommand(['search', file, '--json', '--retry-for', '600', ...server]);
    await searching.untilAnswers(ANSWERS_BEFORE);
    await killGraphService();
    await test.startAgain('graph');
    assert.equal(await searching.end(), 0, searching.errors);
    assert.match(searching.errors, /^the service went away \(.*\): waiting for it$/m);
    const rows = rowsOf(searching.output);
    assert.deepEqual(
      rows.map(({ line }) => line).sort((a, b) => a - b),
      Array.from({ length: PEOPLE }, (_, index) => index + 1),
    );
    assert.ok(rows.every(({ decision, matches }) => decision === 'duplicate' && matches.length === 1));
  });

  it('says as much when it is interrupted', async () => {
    const stopped = new RunningCommand(['search', file, '--json', ...server]);
    await stopped.untilAnswers(1);
    stopped.interrupt();
    assert.equal(await stopped.end(), 130);
    assert.match(stopped.errors, /^interrupted$/m);
    const counts = /^(\d+) lines answered, 0 sent without an answer, (\d+) not sent$/m.exec(stopped.errors);
    assert.ok(counts !== null, stopped.errors);
    const [answered, unsent] = counts.slice(1).map(Number);
    assert.deepEqual([answered, answered + unsent], [rowsOf(stopped.output).length, PEOPLE]);
  });
});
