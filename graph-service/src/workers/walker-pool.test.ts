import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { DeadlineExceededError, UnavailableError } from '@irispair/common/errors/errors';
import { Orientation, Side } from '@irispair/common/iris/side';
import { readThreads } from '@irispair/native/threads';
import { createLogger } from '@irispair/common/log/logger';
import { GraphMemory } from '../graph/graph-memory.js';
import { linkFully } from '../support/graphs.js';
import { serials } from '../support/ids.js';
import { LineService } from '../support/line-service.js';
import { NumberLine, scattered } from '../support/number-line.js';
import type { SearchOrder } from '../walk/order.js';
import { WalkerPool, type Searched } from './walker-pool.js';

const PEOPLE = 50;
const WALKERS = 2;
const EF = 5;
const TERMS = { rotationReach: 5, matchLimit: 16_384 };

const placeOf = scattered(3);

/** A search from a place of its own. */
function order(index: number, more: Partial<SearchOrder> = {}): SearchOrder {
  return {
    probe: { handle: placeOf(1_000 + index) },
    side: Side.Left,
    orientation: Orientation.Normal,
    ef: EF,
    layer: 0,
    deadline: 0,
    ...more,
  };
}

function orders(count: number): SearchOrder[] {
  return Array.from({ length: count }, (_, index) => order(index));
}

function foundBy(searched: Searched): number[] {
  if (searched instanceof Error) throw searched;
  return searched.neighbours.map(({ serialId }) => serialId);
}

/** Who is nearest to the place of `order(index)`. */
function nearest(index: number): number[] {
  return new NumberLine(placeOf).nearest(placeOf(1_000 + index), serials(PEOPLE), EF);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

describe('the walker pool', () => {
  let directory: string;
  let service: LineService;
  let pool: WalkerPool;
  let threads: Worker[];

  function started(thread: Worker): void {
    threads.push(thread);
  }

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'irispair-walkers-'));
    const socket = join(directory, 'iris.sock');
    service = await LineService.start(socket, placeOf);
    threads = [];
    process.on('worker', started);
    pool = new WalkerPool(
      WALKERS,
      { socket, rowLimit: PEOPLE, terms: TERMS, node: 3 },
      createLogger('graph', 'silent'),
      // Every thread has only just started, however busy the machine is.
      () => 0,
    );
    const memory = new GraphMemory(PEOPLE, (chunk) => {
      pool.share(chunk);
    });
    linkFully(memory, serials(PEOPLE));
    pool.setEntryPoints({ topLayer: 1, serials: Uint32Array.of(1) });
    await until(() => threads.length === WALKERS);
  });
  afterEach(async () => {
    await pool.close();
    process.off('worker', started);
    service.stop();
    await rm(directory, { recursive: true });
  });

  it('are named to the kernel by node and index', async () => {
    const wanted = Array.from({ length: WALKERS }, (_, index) => `n3-walk-${index}`);
    await until(() => {
      const names = new Set(readThreads().map(({ name }) => name));
      return wanted.every((name) => names.has(name));
    });
  });

  /** Starts one search a walker and waits until the iris service, which answers nothing now, has them. */
  async function searchUnanswered(): Promise<{ searched: Promise<Searched[]> }> {
    service.hold();
    const before = service.opened;
    const searched = pool.search(orders(WALKERS));
    await until(() => service.opened === before + WALKERS);
    return { searched };
  }

  it('spreads searches over its threads and keeps their order', async () => {
    for (const count of [0, 1, 2, 7]) {
      const searched = await pool.search(orders(count));
      assert.deepEqual(
        searched.map(foundBy),
        Array.from({ length: count }, (_, index) => nearest(index)),
      );
    }
    assert.equal(pool.counters().searches, 10);
  });

  it('ends each search with its own result or error', async () => {
    const [good, late, alsoGood] = await pool.search([order(0), order(1, { deadline: 1 }), order(2)]);
    assert.deepEqual([foundBy(good), foundBy(alsoGood)], [nearest(0), nearest(2)]);
    assert.ok(late instanceof DeadlineExceededError);
  });

  it('fails the searches of a thread that dies, and no others, and replaces it', async () => {
    await pool.search(orders(WALKERS));
    const counted = pool.counters().searches;
    const { searched } = await searchUnanswered();
    await threads[0].terminate();
    service.release();
    const [lost, kept] = await searched;
    assert.ok(lost instanceof UnavailableError);
    assert.match(lost.message, /a walker thread died: try again/);
    assert.deepEqual(foundBy(kept), nearest(1));
    // It had only just started: until it is replaced its share of the searches fails at once.
    const [stillLost, stillKept] = await pool.search(orders(WALKERS));
    assert.ok(stillLost instanceof UnavailableError);
    assert.deepEqual(foundBy(stillKept), nearest(1));
    // The new thread knows the graph and where to start.
    await until(() => threads.length === WALKERS + 1);
    assert.deepEqual((await pool.search(orders(4))).map(foundBy), [0, 1, 2, 3].map(nearest));
    // Nothing that the dead thread had counted is forgotten; the search that it lost was never counted.
    assert.equal(pool.counters().searches, counted + 2 + 4);
  });

  it('fails what is in work when it closes, and what comes later', async () => {
    const { searched } = await searchUnanswered();
    await pool.close();
    const all = [...(await searched), ...(await pool.search(orders(1)))];
    assert.equal(all.length, WALKERS + 1);
    for (const result of all) assert.ok(result instanceof UnavailableError);
  });
});
