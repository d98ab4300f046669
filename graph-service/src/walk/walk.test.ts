import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DeadlineExceededError, UnavailableError } from '@irispair/common/errors/errors';
import { unpackVectorIds } from '@irispair/common/ids/vector-id';
import { Orientation, Side } from '@irispair/common/iris/side';
import { GraphMemory } from '../graph/graph-memory.js';
import type { HopPort, HopStep } from '../hop/hop-port.js';
import { addNode, deleteNode, linkFully, setRow } from '../support/graphs.js';
import { serials } from '../support/ids.js';
import { NumberLine, scattered } from '../support/number-line.js';
import type { EntryPoints, SearchOrder } from './order.js';
import { walk, type WalkResult } from './walk.js';

const TERMS = { rotationReach: 5, matchLimit: 16_384 };
const CANDIDATES_A_STEP = 256;

function order(place: number, ef: number, more: Partial<SearchOrder> = {}): SearchOrder {
  return {
    probe: { handle: place },
    side: Side.Left,
    orientation: Orientation.Normal,
    ef,
    layer: 0,
    deadline: 0,
    ...more,
  };
}

function startingAt(...entries: number[]): EntryPoints {
  return { topLayer: 1, serials: Uint32Array.from(entries) };
}

function walkOn(
  memory: GraphMemory,
  entryPoints: EntryPoints,
  hop: HopPort,
  asked: SearchOrder,
): Promise<WalkResult> {
  return walk(asked, { memory, entryPoints, terms: TERMS }, hop);
}

function foundBy({ neighbours }: WalkResult): number[] {
  return [...neighbours.filter((_, index) => index % 2 === 0)];
}

/** Serial ids of each step. */
function sent(hop: NumberLine): number[][] {
  return hop.steps.map(({ candidates }) => unpackVectorIds(candidates).map(({ serialId }) => serialId));
}

/** A hop of which something happens before a step. */
class Disturbed implements HopPort {
  private steps = 0;

  constructor(
    private readonly hop: HopPort,
    private readonly before: (step: number) => void,
  ) {}

  nextSearchId(): number {
    return this.hop.nextSearchId();
  }

  async evaluate(step: HopStep) {
    this.steps += 1;
    this.before(this.steps);
    return this.hop.evaluate(step);
  }
}

describe('a walk', () => {
  it('finds the exact best of a fully linked graph from wherever it starts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 70 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 }),
        async (seed, people, ef, entries) => {
          const everybody = serials(people);
          const placeOf = scattered(seed);
          const place = placeOf(0);
          const matchReach = 2 ** 46;
          const hop = new NumberLine(placeOf, matchReach);
          const memory = new GraphMemory(people);
          linkFully(memory, everybody);
          const start = startingAt(...entries.filter((entry) => entry <= people), 1);
          const result = await walkOn(memory, start, hop, order(place, ef));
          const best = hop.nearest(place, everybody, ef);
          assert.deepEqual(foundBy(result), best);
          const matching = best.filter((serial) => Math.abs(placeOf(serial) - place) <= matchReach);
          assert.equal(result.matchCount, matching.length);
          assert.equal(result.candidates, people);
          assert.equal(hop.openSearches, 0);
        },
      ),
    );
  });

  it('sends nobody twice and keeps the best of whom it met, in any graph', async () => {
    const PEOPLE = 400;
    const ROW = 40;
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 80 }), async (seed, ef) => {
        const placeOf = scattered(seed);
        const memory = new GraphMemory(ROW);
        for (const serial of serials(PEOPLE)) addNode(memory, serial);
        for (const serial of serials(PEOPLE)) {
          // Pseudo-random neighbours, some of them more than once.
          const row = serials(placeOf(serial) % ROW).map(
            (step) => 1 + (placeOf(serial * ROW + step) % PEOPLE),
          );
          setRow(memory, Side.Left, 0, serial, row);
        }
        // The line itself refuses a candidate that comes twice.
        const hop = new NumberLine(placeOf);
        const result = await walkOn(memory, startingAt(1, 2, 3, 3), hop, order(placeOf(0), ef));
        const steps = sent(hop);
        assert.deepEqual(foundBy(result), hop.nearest(placeOf(0), steps.flat(), ef));
        assert.ok(steps.every((step) => step.length < CANDIDATES_A_STEP + ROW));
        assert.deepEqual([result.hops, result.candidates], [steps.length - 1, steps.flat().length]);
        assert.equal(hop.openSearches, 0);
      }),
      { numRuns: 25 },
    );
  });

  it('opens its search in the first step alone and closes it in the last', async () => {
    const memory = new GraphMemory(300);
    linkFully(memory, serials(300));
    const hop = new NumberLine(scattered(1));
    await walkOn(
      memory,
      startingAt(1),
      hop,
      order(5, 7, { side: Side.Right, orientation: Orientation.Mirror }),
    );
    const [first, ...rest] = hop.steps;
    assert.deepEqual([first.open?.ef, first.open?.rotationReach, first.open?.matchLimit], [7, 5, 16_384]);
    assert.ok(rest.every(({ open }) => open === undefined));
    assert.deepEqual(
      hop.steps.map(({ close }) => close),
      [...rest.map(() => false), true],
    );
  });

  it('meets nobody who is deleted or unknown', async () => {
    const memory = new GraphMemory(10);
    linkFully(memory, serials(5));
    deleteNode(memory, 4);
    setRow(memory, Side.Left, 0, 1, [2, 3, 4, 5, 7, 9_999]);
    const result = await walkOn(memory, startingAt(1, 4), new NumberLine(scattered(1)), order(0, 10));
    assert.deepEqual(foundBy(result).sort(), [1, 2, 3, 5]);
  });

  it('walks the graph of its own side', async () => {
    const memory = new GraphMemory(4);
    for (const serial of serials(3)) addNode(memory, serial);
    setRow(memory, Side.Left, 0, 1, [2]);
    setRow(memory, Side.Right, 0, 1, [3]);
    const right = order(0, 10, { side: Side.Right });
    const result = await walkOn(memory, startingAt(1), new NumberLine(scattered(1)), right);
    assert.deepEqual(foundBy(result).sort(), [1, 3]);
  });

  it('goes down layer by layer, and no deeper than it is asked to', async () => {
    const memory = new GraphMemory(4);
    for (const serial of [1, 2]) addNode(memory, serial, 1);
    for (const serial of [3, 4]) addNode(memory, serial);
    setRow(memory, Side.Left, 1, 1, [2]);
    setRow(memory, Side.Left, 0, 1, [3]);
    setRow(memory, Side.Left, 0, 2, [4]);
    const top: EntryPoints = { topLayer: 2, serials: Uint32Array.from([1]) };
    const hop = new NumberLine((serial) => serial);
    const above = await walkOn(memory, top, hop, order(0, 10, { layer: 1 }));
    assert.deepEqual(foundBy(above), [1, 2]);
    const all = await walkOn(memory, top, hop, order(0, 10));
    assert.deepEqual(foundBy(all), [1, 2, 3, 4]);
  });

  it('finds nothing, and asks nothing, where nobody is', async () => {
    const hop = new NumberLine(scattered(1));
    const result = await walkOn(new GraphMemory(4), startingAt(), hop, order(0, 10));
    assert.deepEqual(foundBy(result), []);
    assert.equal(hop.steps.length, 0);
  });

  it('ends with its deadline', async () => {
    const memory = new GraphMemory(10);
    linkFully(memory, serials(9));
    const hop = new NumberLine(scattered(1));
    const late = order(0, 10, { deadline: 1 });
    await assert.rejects(walkOn(memory, startingAt(1), hop, late), DeadlineExceededError);
    assert.equal(hop.openSearches, 0);
    assert.equal(hop.steps.length, 1);
  });

  it('ends with the error of the step that failed', async () => {
    const memory = new GraphMemory(10);
    linkFully(memory, serials(9));
    const away = new UnavailableError('away');
    const hop = new Disturbed(new NumberLine(scattered(1)), (step) => {
      if (step === 2) throw away;
    });
    await assert.rejects(walkOn(memory, startingAt(1), hop, order(0, 10)), away);
  });

  it('leaves out those who came after it had begun, instead of meeting them twice', async () => {
    const memory = new GraphMemory(400);
    linkFully(memory, serials(300));
    const young = memory.bound + 1;
    const line = new NumberLine(scattered(1));
    const hop = new Disturbed(line, (step) => {
      if (step !== 2) return;
      addNode(memory, young);
      for (const serial of serials(300)) setRow(memory, Side.Left, 0, serial, [...serials(300), young]);
    });
    const result = await walkOn(memory, startingAt(1), hop, order(0, 300));
    assert.equal(result.candidates, 300);
    const next = await walkOn(memory, startingAt(1), line, order(0, 301));
    assert.equal(next.candidates, 301);
  });
});
