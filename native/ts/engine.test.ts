import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { Side } from '@irispair/common/iris/side';
import type { Iris } from '@irispair/common/iris/template';
import { compareTemplates, leastDistance } from './compare.js';
import { unpackDistances } from './distances.js';
import { nativeErrorCode, openEngine } from './engine.js';
import { StepOutcome, type IrisEngine, type OpenSearch } from './engine-types.js';
import { decodeRecord, encodeRecord, packProbes } from './records.js';
import {
  engineOptions,
  enrol as enrolIn,
  ids,
  LIMIT,
  openSearch,
  pairs,
  randomIris,
  randomTemplate,
  startEngine,
  step,
} from './support/engines.js';

describe('an engine that is opened', () => {
  it('gives others their turn while it maps the arenas, and works as one that was created', async () => {
    let isOpen = false;
    const opening = openEngine(engineOptions(20_000, 20_000)).finally(() => {
      isOpen = true;
    });
    await nextTurn();
    assert.equal(isOpen, false);
    const engine = await opening;
    try {
      assert.equal(engine.placement(false).left.segments.length, 1);
      const [handle] = await enrolIn(engine, [randomIris()], 1);
      assert.deepEqual(engine.readIris(1)?.record, engine.recordOfQuery(handle));
    } finally {
      await engine.close();
    }
  });

  it('is refused as one that is created', async () => {
    const { arena, ...others } = engineOptions(8, 8);
    const capacity = { ...others, arena: { ...arena, initialCapacity: 0 } };
    await assert.rejects(openEngine(capacity), (error) => nativeErrorCode(error) === 'INVALID_ARGUMENT');
    // More than any machine has, on hugepages that are required.
    const hugepages = { ...arena, hugepages: 'require', initialCapacity: 4_000_000_000 } as const;
    await assert.rejects(
      openEngine({ ...others, arena: { ...hugepages, maximumCapacity: 4_000_000_000 } }),
      (error) => nativeErrorCode(error) === 'HUGEPAGES_REQUIRED',
    );
  });
});

describe('the engine', () => {
  let engine: IrisEngine;

  beforeEach(() => {
    engine = startEngine(64, 80);
  });
  afterEach(async () => {
    await engine.close();
  });

  function enrol(irises: readonly Iris[], firstSerialId = 1): Promise<number[]> {
    return enrolIn(engine, irises, firstSerialId);
  }

  it('gives back records and templates bit for bit', async () => {
    const iris = randomIris();
    const [handle] = await enrol([iris], 7);
    assert.deepEqual(decodeRecord(encodeRecord(iris, 200), 200).right.irisCodes, iris.right.irisCodes);
    assert.deepEqual(engine.recordOfQuery(handle), encodeRecord(iris, 200));
    const stored = engine.readIris(7);
    assert.deepEqual(stored?.record, encodeRecord(iris, 200));
    assert.equal(engine.readIris(8), null);
  });

  it('ranks candidates by their least distance, whatever the batches', async () => {
    const irises = Array.from({ length: 40 }, randomIris);
    await enrol(irises);
    const probe = randomIris();
    const [handle] = await engine.prepareQueries(packProbes([probe]));
    const reference = irises
      .map((iris, index) => {
        const least = leastDistance(compareTemplates(probe.left, iris.left).byRotation, 5);
        assert.ok(least);
        return { serialId: index + 1, ...least };
      })
      .sort((a, b) => a.differing / a.unmasked - b.differing / b.unmasked);

    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(
          reference.map(({ serialId }) => serialId),
          { minLength: 40 },
        ),
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 50 }),
        async (order, cuts, ef) => {
          let ranked: number[] = [];
          let rest = order;
          for (let round = 0; rest.length > 0; round++) {
            const batch = rest.slice(0, cuts[round % cuts.length]);
            rest = rest.slice(batch.length);
            const candidates = ids(...batch.map((serialId): [number, number] => [serialId, 0]));
            const close = rest.length === 0;
            const { answers } = await engine.evaluate(1, [
              step(5, round === 0 ? openSearch(handle, ef) : null, candidates, { close }),
            ]);
            assert.equal(answers[0].outcome, StepOutcome.Ok);
            const entered = pairs(answers[0].entered);
            const distances = unpackDistances(answers[0].distances);
            entered.forEach(([index, rank], place) => {
              ranked.splice(rank, 0, batch[index]);
              const expected = reference.find(({ serialId }) => serialId === batch[index]);
              assert.equal(distances[place].differing, expected?.differing);
              assert.equal(distances[place].rotation, expected?.rotation);
            });
            ranked = ranked.slice(0, ef);
            assert.equal(answers[0].neighbourhoodSize, ranked.length);
          }
          // Random codes tie often: the order of distances is what is fixed.
          const differing = (serialId: number) =>
            reference.find((other) => other.serialId === serialId)?.differing;
          assert.deepEqual(
            ranked.map(differing),
            reference.slice(0, ef).map((other) => other.differing),
          );
        },
      ),
      { numRuns: 40 },
    );
    assert.equal(engine.counters().openSearches, 0);
  });

  it('counts matches, and ranks stale and deleted candidates last', async () => {
    const irises = Array.from({ length: 4 }, randomIris);
    const handles = await enrol(irises);
    engine.erase(3, 1);
    const { answers } = await engine.evaluate(1, [
      step(1, openSearch(handles[0], 4), ids([2, 9], [3, 0], [4, 0], [1, 0]), { close: true }),
    ]);
    assert.deepEqual(pairs(answers[0].entered), [
      [3, 0],
      [2, 1],
      [0, 2],
      [1, 3],
    ]);
    assert.equal(answers[0].matchCount, 1);
    assert.equal(answers[0].stale, 2);
  });

  it('scans exactly what evaluating everything finds', async () => {
    const irises = Array.from({ length: 30 }, randomIris);
    await enrol(irises);
    engine.erase(11, 1);
    const [handle] = await engine.prepareQueries(packProbes([randomIris()]));
    for (const side of [Side.Left, Side.Right]) {
      const everything = ids(
        ...irises.map((_, index): [number, number] => [index + 1, 0]).filter(([id]) => id !== 11),
      );
      const { answers } = await engine.evaluate(1, [
        step(1, openSearch(handle, 10, side), everything, { close: true }),
      ]);
      const ranked = pairs(answers[0].entered).map(([index]) => pairs(everything)[index][0]);
      const [scan] = await engine.scan([openSearch(handle, 10, side)], true, 1);
      assert.deepEqual(
        pairs(scan.nearest).map(([serialId]) => serialId),
        ranked,
      );
      assert.deepEqual(Buffer.from(scan.distances), Buffer.from(answers[0].distances));
      assert.equal(scan.compared, 29);
    }
  });

  it('searches from a stored iris, of its current version only', async () => {
    await enrol(Array.from({ length: 3 }, randomIris));
    const stored = (storedVersion: number): OpenSearch => ({
      ...openSearch(1, 3),
      query: { storedSerialId: 2, storedVersion },
    });
    const { answers } = await engine.evaluate(1, [
      step(1, stored(0), ids([1, 0], [2, 0], [3, 0])),
      step(2, stored(1), ids([1, 0])),
    ]);
    assert.equal(pairs(answers[0].entered)[0][0], 1);
    assert.equal(answers[1].outcome, StepOutcome.UnknownQuery);
  });

  it('compares the queries of one batch, mirrored pairs too', async () => {
    const iris = randomIris();
    const handles = await engine.prepareQueries(
      packProbes([iris, randomIris(), { left: iris.left, right: randomTemplate() }]),
    );
    const bits = await engine.compareQueries(handles, {
      baseRotation: 0,
      rotationReach: 5,
      matchLimit: LIMIT,
    });
    assert.deepEqual([...bits], [0, 1, 0]);
  });

  it('refuses what is out of range, step by step', async () => {
    const [handle] = await enrol([randomIris()]);
    const { answers } = await engine.evaluate(1, [
      step(1, { ...openSearch(handle, 1), baseRotation: 11 }, ids()),
      step(2, openSearch(handle, 0), ids()),
      step(3, openSearch(handle, 1), Buffer.alloc(7)),
      step(4, openSearch(99, 1), ids()),
      step(5, null, ids()),
      step(6, openSearch(handle, 1), ids([1, 0]), { deadlineMicroseconds: 1 }),
      step(7, openSearch(handle, 1), ids([1, 0])),
    ]);
    assert.deepEqual(
      answers.map(({ outcome }) => outcome),
      [
        StepOutcome.Invalid,
        StepOutcome.Invalid,
        StepOutcome.Invalid,
        StepOutcome.UnknownQuery,
        StepOutcome.UnknownSearch,
        StepOutcome.DeadlineExceeded,
        StepOutcome.Ok,
      ],
    );
    assert.match(answers[0].detail, /rotation_reach/);
    engine.closeStream(1);
    const after = await engine.evaluate(1, [step(7, null, ids())]);
    assert.equal(after.answers[0].outcome, StepOutcome.UnknownSearch);
  });

  it('names the probe and the field that is wrong', async () => {
    const wrong = randomIris();
    wrong.right.maskCodes[0] = 0x80;
    await assert.rejects(engine.prepareQueries(packProbes([randomIris(), wrong])), (error) => {
      return (
        nativeErrorCode(error) === 'INVALID_ARGUMENT' && String(error).includes('probes[1].right.mask_codes')
      );
    });
    assert.equal(engine.counters().queries, 0);
  });

  it('grows by segments up to the maximum, and then refuses before anything is written', async () => {
    await enrol(Array.from({ length: 64 }, randomIris));
    await enrol(Array.from({ length: 16 }, randomIris), 65);
    assert.equal(engine.placement(true).left.segments.length, 3);
    await assert.rejects(engine.reserve(1), (error) => nativeErrorCode(error) === 'CAPACITY_EXHAUSTED');
    engine.erase(1, 1);
    await engine.reserve(1);
    assert.ok(engine.readIris(80));
  });

  it('lets reservations that wait together share one growth', async () => {
    await enrol(Array.from({ length: 72 }, randomIris));
    assert.equal(engine.placement(false).left.segments.length, 2);
    await Promise.all(Array.from({ length: 8 }, () => engine.reserve(1)));
    assert.equal(engine.placement(false).left.segments.length, 3);
    assert.equal(engine.placement(false).right.capacity, 80);
    await assert.rejects(engine.reserve(1), (error) => nativeErrorCode(error) === 'CAPACITY_EXHAUSTED');
  });

  it('keeps what a failed reservation did not use', async () => {
    await engine.reserve(60);
    await assert.rejects(engine.reserve(21), (error) => nativeErrorCode(error) === 'CAPACITY_EXHAUSTED');
    await engine.reserve(20);
    engine.unreserve(80);
    await engine.reserve(80);
  });

  it('publishes into reserved slots only', async () => {
    const [handle] = await engine.prepareQueries(packProbes([randomIris()]));
    assert.throws(
      () => {
        engine.publish(1, 0, engine.recordOfQuery(handle));
      },
      (error) => nativeErrorCode(error) === 'CAPACITY_EXHAUSTED',
    );
    assert.equal(engine.readIris(1), null);
  });

  it('answers a step whose query is released and whose stream is closed while it runs', async () => {
    const [handle] = await enrol(Array.from({ length: 60 }, randomIris));
    const everything = ids(...Array.from({ length: 60 }, (_, index): [number, number] => [index + 1, 0]));
    const running = engine.evaluate(1, [step(1, openSearch(handle, 5), everything)]);
    engine.releaseQueries([handle]);
    engine.closeStream(1);
    assert.equal(engine.counters().openSearches, 0);
    const { answers } = await running;
    assert.equal(answers[0].matchCount, 1);
    assert.equal(engine.counters().openSearches, 0);
  });

  it('keeps a search opened under the id of one whose stream was closed', async () => {
    const [handle] = await enrol([randomIris()]);
    const first = engine.evaluate(1, [step(1, openSearch(handle, 5), ids([1, 0]), { close: true })]);
    engine.closeStream(1);
    const second = engine.evaluate(1, [step(1, openSearch(handle, 5), ids())]);
    await Promise.all([first, second]);
    assert.equal(engine.counters().openSearches, 1);
    const { answers } = await engine.evaluate(1, [step(1, null, ids([1, 0]))]);
    assert.equal(answers[0].outcome, StepOutcome.Ok);
  });

  it('takes one step of a search at a time', async () => {
    const [handle] = await enrol([randomIris()]);
    const { answers } = await engine.evaluate(1, [
      step(1, openSearch(handle, 5), ids([1, 0])),
      step(1, null, ids([1, 0])),
      step(1, openSearch(handle, 5), ids()),
    ]);
    assert.deepEqual(
      answers.map(({ outcome }) => outcome),
      [StepOutcome.Ok, StepOutcome.Invalid, StepOutcome.Invalid],
    );
    const after = await engine.evaluate(1, [step(1, null, ids([1, 0]))]);
    assert.equal(after.answers[0].neighbourhoodSize, 2);
  });

  it('cancels a scan by its token, which no other scan may use meanwhile', async () => {
    const [handle] = await enrol([randomIris()]);
    const scan = engine.scan([openSearch(handle, 5)], false, 7);
    await assert.rejects(
      engine.scan([openSearch(handle, 5)], false, 7),
      (error) => nativeErrorCode(error) === 'INVALID_ARGUMENT',
    );
    engine.cancelScan(8);
    engine.cancelScan(7);
    await assert.rejects(scan, (error) => nativeErrorCode(error) === 'CANCELLED');
    const [answer] = await engine.scan([openSearch(handle, 5)], false, 7);
    assert.equal(answer.matchCount, 1);
  });

  it('finds all that matches, and nothing else, when nobody waits', async () => {
    const irises = Array.from({ length: 60 }, randomIris);
    await enrol(irises);
    engine.erase(12, 1);
    const [near, gone] = await engine.prepareQueries(packProbes([irises[10], irises[11]]));
    const searches = [openSearch(near, 100), openSearch(near, 100, Side.Right), openSearch(gone, 100)];
    const answers = await engine.scanWhenIdle(searches, 1);
    assert.deepEqual(
      answers.map(({ nearest }) => pairs(nearest)),
      [[[11, 0]], [[11, 0]], []],
    );
    assert.deepEqual(
      answers.map(({ matchCount, compared }) => [matchCount, compared]),
      [
        [1, 59],
        [1, 59],
        [0, 59],
      ],
    );
    const { left, right } = engine.counters();
    assert.ok(left.idleWorkNanoseconds > 0 && right.idleWorkNanoseconds > 0);
  });

  it('cancels a scan that nobody waits for by its token, too', async () => {
    const [handle] = await enrol([randomIris()]);
    const scan = engine.scanWhenIdle([openSearch(handle, 5)], 7);
    await assert.rejects(
      engine.scan([openSearch(handle, 5)], false, 7),
      (error) => nativeErrorCode(error) === 'INVALID_ARGUMENT',
    );
    engine.cancelScan(7);
    await assert.rejects(scan, (error) => nativeErrorCode(error) === 'CANCELLED');
  });

  it('settles reservations that wait for growth when it closes', async () => {
    const large = startEngine(1, 20_000);
    const waiting = Promise.allSettled(Array.from({ length: 5 }, () => large.reserve(4_000)));
    await large.close();
    for (const outcome of await waiting) {
      assert.equal(outcome.status, 'rejected');
      assert.match(String(outcome.reason), /the engine is closed/);
    }
  });

  it('stops with work in flight', async () => {
    const [handle] = await enrol(Array.from({ length: 60 }, randomIris));
    const everything = ids(...Array.from({ length: 60 }, (_, index): [number, number] => [index + 1, 0]));
    const running = Array.from({ length: 50 }, (_, id) =>
      engine.evaluate(1, [step(id, openSearch(handle, 5), everything)]),
    );
    await engine.close();
    assert.equal((await Promise.all(running)).length, 50);
    assert.throws(() => engine.counters(), /closed/);
  });
});
