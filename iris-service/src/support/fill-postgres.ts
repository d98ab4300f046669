/**
 * Run on a small disk: fills the disk of a PostgreSQL server through the store, and checks what the store holds then, and
 * once some space is free again. Prints what it saw; an assertion that fails ends it.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ExhaustedError } from '@irispair/common/errors/errors';
import { createLogger } from '@irispair/common/log/logger';
import { readPostgresUrl } from '@irispair/common/postgres/connection';
import { TestCluster } from '@irispair/common/postgres/support/cluster';
import { PostgresIrisStore } from '../store/postgres-iris-store.js';
import { change, contents } from './stored-irises.js';

const IRISES_A_COMMIT = 64;
const BALLAST_BYTES = 8 << 20;
const MOST_COMMITS = 1_000;

// A server whose log is full stops altogether: here it is the tables that have no room.
const logDirectory = await mkdtemp(join(dirname(tmpdir()), 'irispair-pg-log-'));
const ballast = join(tmpdir(), 'ballast');
await writeFile(ballast, Buffer.alloc(BALLAST_BYTES));
const cluster = await TestCluster.start({ logDirectory, settings: ['autovacuum = off'] });
try {
  const store = await PostgresIrisStore.open({
    address: readPostgresUrl(cluster.url(), undefined),
    identity: { mode: 'plain', party: null, formatVersion: 1, columns: 200 },
    skipBadRows: false,
    loadConnections: 4,
    logger: createLogger('iris', 'silent'),
  });
  const acknowledged: (readonly [number, number, number])[] = [];
  const enrolSome = async (): Promise<void> => {
    const first = acknowledged.length + 1;
    const some = Array.from(
      { length: IRISES_A_COMMIT },
      (_, index) => [first + index, 0, (first + index) & 0xff] as const,
    );
    await store.commit(some.map(change));
    acknowledged.push(...some);
  };
  const enrolUntilRefused = async (): Promise<unknown> => {
    for (let commits = 0; commits < MOST_COMMITS; commits++) {
      try {
        await enrolSome();
      } catch (error) {
        return error;
      }
    }
    return assert.fail('the disk did not get full');
  };
  const check = async (): Promise<void> => {
    assert.deepEqual(await contents(store), acknowledged);
    assert.equal(store.commitCount, acknowledged.length / IRISES_A_COMMIT);
  };

  for (let again = 0; again < 2; again++) {
    const refused = await enrolUntilRefused();
    assert.ok(refused instanceof ExhaustedError, String(refused));
    assert.match(refused.message, /has no room, nothing was stored: free some disk/);
    await check();
  }
  const whenFull = acknowledged.length;
  await rm(ballast);
  for (let commits = 0; commits < 4; commits++) await enrolSome();
  await check();
  await store.close();
  console.log(`full at ${whenFull} irises, ${acknowledged.length} after some space was freed`);
} finally {
  await cluster.remove();
  await rm(logDirectory, { recursive: true, force: true });
}
