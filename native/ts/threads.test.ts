import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { readThreadPlaces, readThreads } from './threads.js';

describe('threads', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'irispair-threads-'));
    mkdirSync(join(directory, 'task'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  function thread(
    id: number,
    name: string,
    more: { migrations?: string; cpu: number; started: number },
  ): void {
    const task = join(directory, 'task', String(id));
    mkdirSync(task);
    writeFileSync(
      join(task, 'status'),
      `Name:\t${name}\nCpus_allowed_list:\t4-7,12\nvoluntary_ctxt_switches:\t30\nnonvoluntary_ctxt_switches:\t4\n`,
    );
    // 52 fields; the 14th is utime, the 15th stime, the 22nd starttime, the 39th processor.
    const fields = Array.from({ length: 50 }, () => '0');
    fields[11] = '70';
    fields[12] = '8';
    fields[19] = String(more.started);
    fields[36] = String(more.cpu);
    writeFileSync(join(task, 'stat'), `${id} (${name}) ${fields.join(' ')}\n`);
    if (more.migrations !== undefined) writeFileSync(join(task, 'sched'), more.migrations);
  }

  it('are read with names that hold blanks and parentheses', () => {
    thread(7, 'a) b (c', { cpu: 12, started: 99, migrations: 'se.nr_migrations     :       17\n' });
    assert.deepEqual(readThreads(directory), [
      {
        threadId: 7,
        name: 'a) b (c',
        allowedCpus: '4-7,12',
        lastCpu: 12,
        cpuMigrations: 17,
        voluntarySwitches: 30,
        involuntarySwitches: 4,
      },
    ]);
    assert.deepEqual(readThreadPlaces(directory), [
      { threadId: 7, startedAt: 99, lastCpu: 12, cpuTicks: 78 },
    ]);
  });

  it('have no count of migrations where the kernel has none', () => {
    thread(7, 'without', { cpu: 0, started: 1 });
    thread(8, 'another', { cpu: 0, started: 1, migrations: 'prio : 120\n' });
    assert.deepEqual(
      readThreads(directory).map(({ cpuMigrations }) => cpuMigrations),
      [null, null],
    );
  });

  it('that end while they are read are left out', () => {
    thread(7, 'stays', { cpu: 0, started: 1 });
    mkdirSync(join(directory, 'task', '8'));
    assert.deepEqual(
      readThreads(directory).map(({ threadId }) => threadId),
      [7],
    );
  });

  it('of this process are as the kernel says', () => {
    const main = readThreads().find(({ threadId }) => threadId === process.pid);
    assert.ok(main !== undefined);
    assert.ok(main.voluntarySwitches + main.involuntarySwitches > 0);
    assert.notEqual(main.allowedCpus, '');
  });
});
