import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { DOMParser } from '@xmldom/xmldom';
import { COMMAND } from '../support/run-command.js';
import { REPORT, type AdviseReport } from './report.js';
import { SCENARIOS } from './scenarios.js';

const SMALL = ['--people', '150', '--seconds', '1', '--placements', 'shared,off'];

describe('`advise`', () => {
  let directory: string;
  let started: ChildProcess | undefined;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'irispair-cli-'));
  });
  afterEach(() => {
    started?.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });

  interface Running {
    readonly child: ChildProcess;
    readonly output: () => string;
    readonly errors: () => string;
    readonly ended: Promise<number | null>;
  }

  /** Runs it in a group of its own, as a terminal does, with its temporary files in the directory. */
  function start(args: readonly string[]): Running {
    const child = spawn(process.execPath, [COMMAND, 'advise', ...args], {
      env: { ...process.env, TMPDIR: directory, IRISPAIR_HUGEPAGES: 'off' },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    started = child;
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    const ended = once(child, 'close').then(([code]) => code as number | null);
    return { child, output: () => output, errors: () => errors, ended };
  }

  /** Resolves once standard error says something. */
  async function said({ child, errors, ended }: Running, words: string): Promise<void> {
    while (!errors().includes(words)) {
      const event = await Promise.race([once(child.stderr ?? child, 'data'), ended]);
      if (!Array.isArray(event)) assert.fail(`it ended without saying ${words}: ${errors()}`);
    }
  }

  function processesOf(group: number): string[] {
    return readdirSync('/proc').filter((name) => {
      if (!/^\d+$/.test(name)) return false;
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const [state, , ofGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return state !== 'Z' && Number(ofGroup) === group;
      } catch {
        // It ended meanwhile.
        return false;
      }
    });
  }

  function assertNothingIsLeft({ child }: Running, files: readonly string[] = []): void {
    assert.deepEqual(readdirSync(directory).sort(), [...files].sort());
    assert.deepEqual(processesOf(child.pid ?? 0), []);
  }

  function checkRuns({ runs, settings }: AdviseReport): void {
    for (const { scenario, seconds, load, latency, pool, windows, slowPolls, memory, cpus } of runs) {
      assert.equal(load.offered, load.heldBack + load.sent, scenario);
      assert.equal(load.sent, load.answered + load.late + load.overloaded + load.failed, scenario);
      assert.equal(load.failed, 0, scenario);
      assert.ok(load.answered > 0, scenario);
      assert.ok(latency !== null && latency.p50 <= latency.p99 && latency.p99 <= latency.p999);
      assert.ok(latency.p50 > 0 && latency.p999 <= latency.highest * 1.001);
      assert.ok(pool.tasks > 0 && pool.steals <= pool.stealAttempts && pool.steals <= pool.tasks);
      assert.ok(slowPolls.ratio >= slowPolls.graphLoop && slowPolls.ratio >= slowPolls.irisLoop);
      assert.ok(windows.length >= 2);
      assert.ok(Math.abs((windows.at(-1)?.at ?? 0) - seconds) < 1e-6);
      assert.ok(cpus.graph + cpus.iris > 0);
      assert.equal(load.offeredPerSecond === null, scenario.endsWith('heavy'));
      for (const count of [memory.graph, memory.iris]) {
        if (count !== null) assert.ok(count.reduce((sum, { bytes }) => sum + bytes, 0) > 2 ** 20);
      }
    }
    assert.equal(settings.enrolled, 150);
  }

  it('measures every placement in every scenario, and its counts add up', async () => {
    const [json, html] = [join(directory, 'advice.json'), join(directory, 'advice.html')];
    const running = start([...SMALL, '--rounds', '1', '--json', json, '--html', html]);
    assert.equal(await running.ended, 0, running.errors());
    assertNothingIsLeft(running, ['advice.html', 'advice.json']);
    const report = REPORT.parse(JSON.parse(readFileSync(json, 'utf8')));
    assert.deepEqual(
      report.runs.map(({ placement, scenario }) => `${placement} ${scenario}`),
      ['shared', 'off'].flatMap((placement) => SCENARIOS.map((scenario) => `${placement} ${scenario}`)),
    );
    checkRuns(report);
    assert.equal(report.partial, null);
    assert.deepEqual(
      report.capacity.map(({ placement }) => placement),
      ['shared', 'off'],
    );
    const offered = (scenario: string) =>
      new Set(
        report.runs.filter((run) => run.scenario === scenario).map(({ load }) => load.offeredPerSecond),
      );
    const rates = report.capacity.map(({ searchesPerSecond }) => searchesPerSecond);
    assert.deepEqual([...offered('baseline')], [0.6 * Math.min(...rates)]);
    assert.deepEqual([...offered('stress')], [2 * Math.max(...rates)]);
    // The scans of the one are left to the iris service, the verifications of the other are not.
    for (const placement of ['shared', 'off']) {
      const [iris, graph] = ['iris-heavy', 'graph-heavy'].map((scenario) =>
        report.runs.find((run) => run.placement === placement && run.scenario === scenario),
      );
      assert.ok(iris !== undefined && graph !== undefined);
      const perAnswer = (run: AdviseReport['runs'][number]) => run.distancesPerSecond / run.answersPerSecond;
      assert.ok(
        perAnswer(iris) > 4 * perAnswer(graph),
        `${perAnswer(iris)} and ${perAnswer(graph)} distances`,
      );
    }
    assert.equal(report.advice.verdict, 'cannot tell');
    assert.equal(running.output().trimEnd().split('\n').at(-1), report.advice.sentence);
    assert.match(
      running.errors(),
      /1 rounds? of shared, off, 3 scenarios of 1 s each: about \d+ s once 150 people/,
    );
    const page = new DOMParser().parseFromString(readFileSync(html, 'utf8'), 'application/xhtml+xml');
    assert.ok(page.getElementsByTagName('svg').length > 10);
  });

  it('interrupted, tells what is whole as partial and leaves nothing behind', async () => {
    const running = start([...SMALL, '--rounds', '900', '--json', '-']);
    await said(running, 'iris-heavy');
    process.kill(-(running.child.pid ?? 0), 'SIGINT');
    assert.equal(await running.ended, 130, running.errors());
    assertNothingIsLeft(running);
    const report = REPORT.parse(JSON.parse(running.output()));
    assert.match(report.partial ?? '', /^interrupted after \d+ of 7200 measurements$/);
    assert.ok(report.runs.length >= 2);
    checkRuns(report);
    assert.match(report.advice.sentence, /^Cannot tell \(from partial results\): /);
  });

  it('interrupted before anything is measured, says so and leaves nothing behind', async () => {
    const running = start(['--people', '1000000', '--seconds', '1']);
    await said(running, 'enrolling');
    process.kill(running.child.pid ?? 0, 'SIGTERM');
    // Who is impatient must not leave more behind.
    process.kill(-(running.child.pid ?? 0), 'SIGINT');
    assert.equal(await running.ended, 130, running.errors());
    assertNothingIsLeft(running);
    assert.equal(running.output(), '');
    assert.match(running.errors(), /stopped before anything was measured/);
  });

  it('names what is wrong with its options', async () => {
    const wrong: [string[], number, RegExp][] = [
      [['--seconds', '0'], 2, /--seconds.*Give an integer from 1 to 86400/],
      [['--people', '12.5'], 2, /--people.*Give an integer from 100/],
      [['--rounds', 'x'], 2, /--rounds.*Give an integer/],
      [['--placements', 'split,here'], 2, /--placements.*"here" is none of split, shared, off/],
      [['--html', join(directory, 'none', 'page.html')], 1, /--html: .*cannot be written/],
      [['--json', directory], 1, /--json: .*it is a directory/],
    ];
    for (const [args, code, message] of wrong) {
      const running = start(args);
      assert.equal(await running.ended, code, args.join(' '));
      assert.match(running.errors(), message);
      assertNothingIsLeft(running);
    }
  });
});
