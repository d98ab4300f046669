import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Script } from '@irispair/common/support/script';
import { until } from '@irispair/common/support/until';

const PEOPLE = 200;

describe('a process that a fault ends while a store is open', () => {
  let directory: string;
  before(() => {
    directory = realpathSync(mkdtempSync(join(tmpdir(), 'irispair-fault-')));
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  /** Has a store of irises open, and reads all of it when it gets SIGUSR2. */
  async function openStore(): Promise<Script> {
    const module = JSON.stringify(import.meta.resolve('./lmdb-iris-store.js'));
    const script = new Script(`
      import { LmdbIrisStore } from ${module};
      const identity = { mode: 'plain', party: null, formatVersion: 1 };
      const store = await LmdbIrisStore.open(${JSON.stringify(directory)}, identity);
      if ((await store.count()) === 0) {
        await store.commit(Array.from({ length: ${PEOPLE} }, (_, index) => (
          { serialId: index + 1, version: 0, record: Buffer.alloc(4800, index) })));
      }
      process.on('SIGUSR2', () => [...store.load()]);
      setInterval(() => undefined, 1000);
      console.log('open');`);
    await until('the store is open', () => script.lines.includes('open'));
    return script;
  }

  it('names the store when the fault was elsewhere, and still ends by the signal', async () => {
    const script = await openStore();
    script.kill('SIGSEGV');
    assert.equal(await script.end(), 'SIGSEGV');
    assert.ok(
      script.complaint.includes(`irispair: SIGSEGV while the store in ${directory} was open`),
      script.complaint,
    );
  });

  it('names the file that was cut under its mapping', async () => {
    const script = await openStore();
    const file = join(directory, 'data.mdb');
    assert.ok(statSync(file).size > 500_000);
    truncateSync(file, 8_192);
    script.kill('SIGUSR2');
    assert.equal(await script.end(), 'SIGBUS');
    assert.ok(
      script.complaint.includes(`irispair: SIGBUS: ${file} could not be read where it is mapped`),
      script.complaint,
    );
  });
});
