import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { open } from 'lmdb';
import { DamagedStoreError, MisconfiguredError } from '@irispair/common/errors/errors';
import { serialId, version } from '@irispair/common/ids/vector-id';
import { Side, SIDES } from '@irispair/common/iris/side';
import { createLogger } from '@irispair/common/log/logger';
import { anyDamage, damaged } from '@irispair/common/support/damaged-file';
import { NodeState } from '../graph/graph-node.js';
import type { StoredNode, StoredRow } from './graph-store.js';
import { LmdbGraphStore } from './lmdb-graph-store.js';
import { setAside } from './set-aside.js';

const ROW_LIMIT = 53;
const NODES = 200;

function node(serial: number): StoredNode {
  return {
    serialId: serialId(serial),
    state: NodeState.Live,
    version: version(serial & 3),
    layer: serial % 3,
  };
}

function row(side: Side, layer: number, serial: number): StoredRow {
  const neighbours = Uint32Array.from({ length: (serial * 7) % 49 }, (_, index) => serial + index);
  return { side, layer, serialId: serialId(serial), neighbours };
}

async function readAll(directory: string): Promise<unknown[]> {
  const store = await LmdbGraphStore.open(directory, ROW_LIMIT);
  try {
    return [...store.nodes(), ...store.rows()];
  } finally {
    await store.close();
  }
}

describe('a damaged store of the graph', () => {
  let directory: string;
  let file: string;
  let whole: Buffer;
  let expected: unknown[];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'irispair-graph-damage-'));
    file = join(directory, 'data.mdb');
    const store = await LmdbGraphStore.open(directory, ROW_LIMIT);
    for (let first = 1; first <= NODES; first += 50) {
      const serials = Array.from({ length: 50 }, (_, index) => first + index);
      const rows = serials.flatMap((serial) =>
        SIDES.flatMap((side) => [0, 1].map((layer) => row(side, layer, serial))),
      );
      await store.save(serials.map(node), rows);
    }
    await store.save([node(3)], [row(Side.Left, 0, 3)]);
    await store.close();
    expected = await readAll(directory);
    assert.equal(expected.length, NODES * 5);
    whole = await readFile(file);
  });
  after(() => rm(directory, { recursive: true }));

  async function damage(bytes: Buffer): Promise<void> {
    await rm(join(directory, 'lock.mdb'), { force: true });
    await writeFile(file, bytes);
  }

  it('gives out what was stored or nothing, whatever happened to its file', async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(anyDamage, async (one) => {
        await damage(damaged(whole, one));
        try {
          assert.deepEqual(await readAll(directory), expected);
        } catch (error) {
          // What it says of itself may have become what another service is configured for.
          if (!(error instanceof DamagedStoreError || error instanceof MisconfiguredError)) throw error;
          refused += 1;
        }
      }),
      { numRuns: 100 },
    );
    // About half of them hit what is in use: this is five standard deviations below.
    assert.ok(refused > 20, `${refused} of 100 were refused`);
  });

  it('of a version without checksums is read', async () => {
    await damage(whole);
    const root = open({ path: directory, maxDbs: 3 });
    const nodes = root.openDB<number, number>({ name: 'nodes', encoding: 'json', keyEncoding: 'uint32' });
    await nodes.put(7, 65_537);
    const rows = root.openDB<Buffer, number[]>({ name: 'rows', encoding: 'binary' });
    await rows.put([0, 0, 7], Buffer.from(Uint32Array.of(5, 6).buffer));
    await root.close();
    const all = await readAll(directory);
    assert.deepEqual(all[6], { serialId: 7, state: NodeState.Live, version: 1, layer: 0 });
    assert.deepEqual(all[NODES + 6], { ...row(Side.Left, 0, 7), neighbours: Uint32Array.of(5, 6) });
  });

  it('is set aside, and begun anew', async () => {
    await damage(whole.subarray(0, whole.byteLength / 2));
    const refusal: unknown = await readAll(directory).catch((error: unknown) => error);
    assert.ok(refusal instanceof DamagedStoreError);
    await setAside(refusal, createLogger('graph', 'fatal'));
    assert.ok(existsSync(`${file}.damaged`));
    assert.deepEqual(await readAll(directory), []);
  });
});
