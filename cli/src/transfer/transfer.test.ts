import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { ConflictError, InvalidInputError } from '@irispair/common/errors/errors';
import { serialId, version } from '@irispair/common/ids/vector-id';
import { nameBatch, TERM_NONCE_BYTES } from '@irispair/common/parties/batch-name';
import { until } from '@irispair/common/support/until';
import type { StoredIris, StoreIdentity } from '@irispair/iris-service/store/iris-store';
import { LmdbGraphStore } from '@irispair/graph-service/store/lmdb-graph-store';
import { LmdbIrisStore } from '@irispair/iris-service/store/lmdb-iris-store';
import { IRIS_RECORD_BYTES } from '@irispair/native/engine-types';
import { SHARED_IRIS_RECORD_BYTES } from '@irispair/native/shared-engine-types';
import { COMMAND, irispair } from '../support/run-command.js';
import { encodeHeader } from './export-format.js';
import { ExportReader } from './export-reader.js';
import { ExportWriter } from './export-writer.js';
import { transfer, type Irises, type Moved, type Target } from './transfer.js';

const PLAIN: StoreIdentity = { mode: 'plain', party: null, formatVersion: 1, columns: 200 };
const PARTY_1: StoreIdentity = { mode: 'shared', party: 1, formatVersion: 1, columns: 200 };
const BLOCK_BYTES = 512;
const SILENT = { step: () => undefined, goingOn: () => undefined };

/** Every seventh is deleted, every fifth was replaced once. */
function someIrises(count: number, recordBytes = IRIS_RECORD_BYTES): StoredIris[] {
  return Array.from({ length: count }, (_, index): StoredIris => {
    const serial = index + 1;
    return {
      id: { serialId: serialId(serial), version: version(serial % 5 === 0 || serial % 7 === 0 ? 1 : 0) },
      record: serial % 7 === 0 ? null : Buffer.alloc(recordBytes, serial & 0xff),
    };
  });
}

/** A target in memory that takes so many batches and then fails. */
class Memory implements Target {
  readonly name = 'memory';

  constructor(
    readonly irises: StoredIris[] = [],
    private batches = Infinity,
  ) {}

  present(): Irises {
    return [...this.irises];
  }

  append(irises: readonly StoredIris[]): Promise<void> {
    this.batches -= 1;
    if (this.batches < 0) return Promise.reject(new Error('interrupted'));
    this.irises.push(...irises);
    return Promise.resolve();
  }
}

/** Bytes on disk; 0 while there is no such file. */
function sizeOf(file: string): number {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? 0 : found.blocks * BLOCK_BYTES;
}

function sourceOf(irises: readonly StoredIris[]): { name: string; irises: () => readonly StoredIris[] } {
  return { name: 'the source', irises: () => irises };
}

function told(irises: readonly StoredIris[]): unknown[] {
  return irises.map(({ id, record }) => [
    id,
    record === null ? null : createHash('sha256').update(record).digest('hex'),
  ]);
}

describe('a transfer', () => {
  it('goes on where it was interrupted, as often as that is, and says after how many', async () => {
    const irises = someIrises(2_500);
    const target = new Memory();
    const said: number[] = [];
    const stopped: number[] = [];
    const listener = { ...SILENT, goingOn: (present: number) => said.push(present) };
    for (let round = 0; round < 2; round++) {
      const interrupted = new Memory(target.irises, 1);
      await assert.rejects(transfer(sourceOf(irises), interrupted, listener), /interrupted/);
      stopped.push(target.irises.length);
    }
    const [first, second] = stopped;
    assert.ok(0 < first && first < second && second < irises.length);
    const moved = await transfer(sourceOf(irises), target, listener);
    assert.deepEqual(said, stopped);
    assert.deepEqual(moved, {
      present: second,
      appended: irises.length - second,
      deleted: 357,
    } satisfies Moved);
    assert.deepEqual(told(target.irises), told(irises));
    assert.deepEqual(await transfer(sourceOf(irises), target, SILENT), {
      present: 2_500,
      appended: 0,
      deleted: 357,
    });
  });

  it('keeps what the source gave before it failed, and goes on after it', async () => {
    const irises = someIrises(20);
    const failing = {
      name: 'the source',
      *irises() {
        yield* irises.slice(0, 12);
        throw new Error('damaged');
      },
    };
    const target = new Memory();
    await assert.rejects(transfer(failing, target, SILENT), /damaged/);
    assert.deepEqual(told(target.irises), told(irises.slice(0, 12)));
    const { present } = await transfer(sourceOf(irises), target, SILENT);
    assert.equal(present, 12);
    // What the target does not take is offered once.
    const full = new Memory([], 0);
    await assert.rejects(transfer(failing, full, SILENT), /interrupted/);
    assert.deepEqual(full.irises, []);
  });

  it('leaves a target alone that holds anything but the beginning of the source', async () => {
    const irises = someIrises(8);
    const replaced = { id: { ...irises[2].id, version: version(9) }, record: irises[2].record };
    const differing = { id: irises[2].id, record: Buffer.alloc(IRIS_RECORD_BYTES, 99) };
    const deleted = { id: irises[2].id, record: null };
    const others: [StoredIris[], number][] = [
      [irises.with(2, replaced).slice(0, 5), 3],
      [irises.with(2, differing), 3],
      [irises.with(2, deleted).slice(0, 3), 3],
      [irises.toSpliced(2, 1), 3],
      [someIrises(9), 9],
    ];
    for (const [held, serial] of others) {
      const target = new Memory([...held]);
      await assert.rejects(transfer(sourceOf(irises), target, SILENT), (error) => {
        assert.ok(error instanceof ConflictError);
        assert.match(
          error.message,
          new RegExp(`^serial id ${serial} is not in memory as it is in the source`),
        );
        return true;
      });
      assert.deepEqual(target.irises, held);
    }
  });
});

describe('an export file', () => {
  let directory: string;
  let path: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'irispair-export-'));
    path = join(directory, 'people.irises');
  });
  afterEach(() => rm(directory, { recursive: true }));

  async function write(irises: readonly StoredIris[], to = path): Promise<void> {
    const writer = await ExportWriter.open(to, { identity: PLAIN, count: irises.length });
    try {
      await transfer(sourceOf(irises), writer, SILENT);
      await writer.finish();
    } finally {
      await writer.close();
    }
  }

  /** What the file gives before it ends or is found wrong. */
  async function read(from = path): Promise<{ irises: StoredIris[]; error: unknown }> {
    const irises: StoredIris[] = [];
    const file = await open(from);
    try {
      const reader = await ExportReader.open(file, from);
      for await (const iris of reader.irises()) irises.push(iris);
      return { irises, error: null };
    } catch (error) {
      return { irises, error };
    } finally {
      await file.close();
    }
  }

  it('gives back what was written', async () => {
    for (const count of [0, 1, 2_000]) {
      const irises = someIrises(count);
      await write(irises);
      const { irises: found, error } = await read();
      assert.equal(error, null);
      assert.deepEqual(told(found), told(irises));
      await rm(path);
    }
  });

  it('is refused wherever it is cut, and wherever a bit is wrong; what it gave before is right', async () => {
    const irises = someIrises(7);
    await write(irises);
    const whole = await readFile(path);
    const wrong = join(directory, 'wrong');
    const position = fc.nat({ max: whole.byteLength - 1 });
    await fc.assert(
      fc.asyncProperty(position, fc.nat({ max: 7 }), fc.boolean(), async (at, bit, isCut) => {
        const bytes = Buffer.from(isCut ? whole.subarray(0, at) : whole);
        if (!isCut) bytes[at] ^= 1 << bit;
        await writeFile(wrong, bytes);
        const { irises: found, error } = await read(wrong);
        assert.ok(error instanceof InvalidInputError, String(error));
        assert.match(error.message, /cut short|damaged|not an export/);
        assert.deepEqual(told(found), told(irises.slice(0, found.length)));
      }),
      { numRuns: 300 },
    );
    await writeFile(wrong, Buffer.concat([whole, Buffer.alloc(1)]));
    assert.match(String((await read(wrong)).error), /something follows its end/);
  });

  it('is refused when its header is of another kind', async () => {
    const json = Buffer.from('{"version":2}');
    const head = Buffer.concat([Buffer.from('IRISPAIR'), Buffer.from([json.byteLength, 0, 0, 0]), json]);
    await writeFile(path, Buffer.concat([head, createHash('sha256').update(head).digest()]));
    assert.match(String((await read()).error), /a kind that this version does not know/);
    await writeFile(path, encodeHeader({ identity: PLAIN, count: 3 }));
    assert.match(String((await read()).error), /cut short after 0 of 3 irises/);
  });

  it('goes on after its last whole chunk, wherever writing stopped, and is the same in the end', async () => {
    const irises = someIrises(2_200);
    await write(irises);
    const whole = await readFile(path);
    const again = join(directory, 'again.irises');
    for (const share of [0, 0.000_01, 0.3, 0.6, 0.99, 1]) {
      await writeFile(`${again}.partial`, whole);
      await truncate(`${again}.partial`, Math.floor(whole.byteLength * share));
      await write(irises, again);
      assert.ok(whole.equals(await readFile(again)), `stopped at ${share}`);
      assert.equal(existsSync(`${again}.partial`), false);
      await rm(again);
    }
    // An export of something else that was interrupted is begun anew.
    await write(someIrises(3), `${again}.other`);
    await writeFile(`${again}.partial`, await readFile(`${again}.other`));
    await write(irises, again);
    assert.ok(whole.equals(await readFile(again)));
  });

  it('is not given its name when it would hold another number of irises than it says', async () => {
    const writer = await ExportWriter.open(path, { identity: PLAIN, count: 4 });
    await transfer(sourceOf(someIrises(3)), writer, SILENT);
    await assert.rejects(writer.finish(), (error) => {
      assert.ok(error instanceof ConflictError);
      assert.match(error.message, /announced 4 irises and gave 3: see that no other program changes it/);
      return true;
    });
    await writer.close();
    assert.equal(existsSync(path), false);
  });

  it('is never written over', async () => {
    await write(someIrises(1));
    await assert.rejects(write(someIrises(2)), /there already: remove it, or choose another name/);
    assert.equal((await read()).irises.length, 1);
  });
});

describe('export, import and copy', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'irispair-transfer-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  function place(name: string): string {
    return join(directory, name);
  }

  async function fill(name: string, irises: readonly StoredIris[], identity = PLAIN): Promise<void> {
    const store = await LmdbIrisStore.open(place(name), identity);
    await store.commit(
      irises.map(({ id, record }) => ({ serialId: id.serialId, version: id.version, record })),
    );
    await store.close();
  }

  async function held(name: string): Promise<StoredIris[]> {
    const store = await LmdbIrisStore.openExisting(place(name));
    const irises = Array.from(store.load(), ({ id, record }): StoredIris => ({
      id,
      record: record === null ? null : Uint8Array.from(record),
    }));
    await store.close();
    return irises;
  }

  it('move a store by way of a file, and without one; doing it again moves nothing', async () => {
    const irises = someIrises(30);
    await fill('from', irises);
    const file = place('people.irises');
    const exported = await irispair(['export', file, '--store', place('from'), '--json']);
    assert.equal(exported.code, 0, exported.errors);
    assert.deepEqual(JSON.parse(exported.output), { exported: 30, already_there: 0, deleted: 4 });
    for (const [name, command] of [
      ['imported', ['import', file, '--store', place('imported')]],
      ['copied', ['copy', '--from', place('from'), '--to', place('copied')]],
    ] as const) {
      for (const [appended, present] of [
        [30, 0],
        [0, 30],
      ]) {
        const { code, output, errors } = await irispair([...command, '--json']);
        assert.equal(code, 0, errors);
        assert.deepEqual(JSON.parse(output), { [name]: appended, already_there: present, deleted: 4 });
      }
      assert.deepEqual(told(await held(name)), told(irises));
    }
  });

  it('say after how many irises they go on', async () => {
    const irises = someIrises(12);
    await fill('from', irises);
    await fill('to', irises.slice(0, 5));
    const { code, output, errors } = await irispair(['copy', '--from', place('from'), '--to', place('to')]);
    assert.equal(code, 0, errors);
    assert.match(errors, /going on after 5 irises that are in the store in .*to already/);
    assert.match(output, /copied 7 irises; 5 were there already; 1 of all 12 are deleted/);
    assert.deepEqual(told(await held('to')), told(irises));
  });

  it('go on where they were killed, as often as that is', async () => {
    const irises = someIrises(4_000);
    await fill('from', irises);
    const file = place('people.irises');
    const runs: [string[], string][] = [
      [['export', file, '--store', place('from')], `${file}.partial`],
      [['import', file, '--store', place('imported')], join(place('imported'), 'data.mdb')],
      [['copy', '--from', place('from'), '--to', place('copied')], join(place('copied'), 'data.mdb')],
    ];
    for (const [command, grows] of runs) {
      for (const bytes of [1, 4 << 20, 9 << 20]) {
        const child = spawn(process.execPath, [COMMAND, ...command], { stdio: 'ignore' });
        const ended = once(child, 'close');
        await until('it has begun, or has ended', () => child.exitCode !== null || sizeOf(grows) >= bytes);
        child.kill('SIGKILL');
        await ended;
      }
      if (existsSync(file) && command[0] === 'export') continue;
      const { code, errors } = await irispair(command);
      assert.equal(code, 0, errors);
    }
    assert.deepEqual(told(await held('imported')), told(irises));
    assert.deepEqual(told(await held('copied')), told(irises));
  });

  it("move one party's shares as they are", async () => {
    const shares = someIrises(120, SHARED_IRIS_RECORD_BYTES);
    await fill('shares', shares, PARTY_1);
    const file = place('shares.irises');
    for (const command of [
      ['export', file, '--store', place('shares')],
      ['import', file, '--store', place('imported')],
      ['copy', '--from', place('imported'), '--to', place('copied')],
    ]) {
      const { code, errors } = await irispair(command);
      assert.equal(code, 0, errors);
    }
    assert.deepEqual(told(await held('copied')), told(shares));
  });

  it('refuse by name what cannot be moved, and change nothing', async () => {
    await fill('from', someIrises(3));
    await fill('other', someIrises(4));
    await fill('party', [], PARTY_1);
    await fill('party 2', [], { ...PARTY_1, party: 2 });
    const file = place('people.irises');
    assert.equal((await irispair(['export', file, '--store', place('from')])).code, 0);
    await (await LmdbGraphStore.open(place('graph'), 20)).close();
    const owned = await LmdbIrisStore.open(place('owned'), PLAIN);
    const unsettled = await LmdbIrisStore.open(place('unsettled'), PARTY_1);
    await unsettled.journal?.prepare(nameBatch(1, Buffer.alloc(TERM_NONCE_BYTES)), [
      { serialId: serialId(1), version: version(1), record: null },
    ]);
    await unsettled.close();
    const refused: [string[], RegExp][] = [
      [['export', file, '--store', place('from')], /people\.irises: there already/],
      [['export', place('x'), '--store', place('none')], /there is no iris store in .*none/],
      [['export', place('x'), '--store', place('graph')], /there is no iris store in .*graph/],
      [['export', place('x'), '--store', place('owned')], /owned is in use by another service: stop it/],
      [['import', file, '--store', place('owned')], /owned is in use by another service: stop it/],
      [
        ['import', file, '--store', place('other')],
        /serial id 4 is not in .*people\.irises as it is|serial id 4 is not/,
      ],
      [['import', file, '--store', place('party')], /party holds mode shared, what is to go there has plain/],
      [
        ['copy', '--from', place('party'), '--to', place('party 2')],
        /party 2 holds party 2, what is to go there has 1/,
      ],
      [
        ['export', place('x'), '--store', place('unsettled')],
        /unsettled holds a batch that the three parties have not settled: start them once/,
      ],
      [['import', place('none'), '--store', place('x')], /ENOENT/],
      [['import', join(place('from'), 'data.mdb'), '--store', place('x')], /not an export of irises/],
      [['copy', '--from', place('from'), '--to', place('other')], /serial id 4 is not/],
      [['copy', '--from', place('from'), '--to', place('./from')], /--to: the same store as --from/],
    ];
    for (const [command, message] of refused) {
      const { code, errors } = await irispair(command);
      assert.equal(code, 1, command.join(' '));
      assert.match(errors, message);
      assert.doesNotMatch(errors, /\n {4}at /);
    }
    await owned.close();
    assert.equal(existsSync(place('none')), false);
    assert.equal(existsSync(place('x')), false);
    assert.deepEqual(told(await held('other')), told(someIrises(4)));
  });
});
