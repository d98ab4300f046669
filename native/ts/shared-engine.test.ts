import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { Orientation, Side } from '@irispair/common/iris/side';
import type { Iris } from '@irispair/common/iris/template';
import { PARTIES, type OfEachParty } from '@irispair/common/parties/party';
import { nativeErrorCode } from './engine.js';
import {
  StepOutcome,
  type ComparisonWindow,
  type IrisEngine,
  type NativeErrorCode,
  type OpenSearch,
  type StepAnswer,
} from './engine-types.js';
import { packProbes } from './records.js';
import { createSharedEngine, openSharedEngine } from './shared-engine.js';
import {
  MAXIMUM_COMPARED_QUERIES,
  SHARED_IRIS_RECORD_BYTES,
  type RunKeys,
  type SharedEngine,
  type SharedEngineOptions,
} from './shared-engine-types.js';
import { engineOptions, enrol, ids, LIMIT, openSearch, startEngine, step } from './support/engines.js';
import {
  enrolShared,
  handRound,
  keysOfRun,
  mirrored,
  perParty,
  prepareShared,
  realisticIris,
  recaptured,
  sharesOf,
  startSharedEngines,
} from './support/shared-engines.js';

const NOTHING = Buffer.alloc(0);

/** A value of any type in the place of another. */
function wrong(value: unknown): never {
  return value as never;
}

function is(code: NativeErrorCode, word = ''): (error: unknown) => boolean {
  return (error) => nativeErrorCode(error) === code && String(error).includes(word);
}

/** What decides: everything but the distances. */
function decided({ entered, outcome, matchCount, neighbourhoodSize, stale }: StepAnswer) {
  return { entered: Buffer.from(entered), outcome, matchCount, neighbourhoodSize, stale };
}

describe('three shared engines', () => {
  let engines: OfEachParty<SharedEngine>;
  let plain: IrisEngine;
  let people: Iris[];

  before(async () => {
    engines = startSharedEngines(64, 96);
    plain = startEngine(64, 96);
    people = Array.from({ length: 40 }, realisticIris);
    // Captures of the first few people at several distances and rotations.
    people.push(...[3, 4, 5, 8, 20].map((oneIn, index) => recaptured(people[index], oneIn, index - 2)));
    await Promise.all([enrol(plain, people), enrolShared(engines, people)]);
    for (const engine of [plain, ...engines]) engine.erase(7, 1);
  });
  after(async () => {
    await Promise.all([plain.close(), ...engines.map((engine) => engine.close())]);
  });

  /** The same step at all of them; the answers must be alike. */
  async function stepAlike(
    searchId: number,
    open: OfEachParty<OpenSearch | null>,
    openPlain: OpenSearch | null,
    candidates: Uint8Array,
    close = false,
  ): Promise<number> {
    const more = { close, withDistances: false };
    const { answers } = await plain.evaluate(1, [step(searchId, openPlain, candidates, more)]);
    const keys = keysOfRun();
    const [first, second, third] = await Promise.all(
      engines.map((engine, party) =>
        engine.beginStep(1, step(searchId, open[party], candidates, more), keys[party]),
      ),
    );
    const round = await handRound([first, second, third]);
    for (const answer of round.answers) assert.deepEqual(decided(answer), decided(answers[0]));
    return round.rounds;
  }

  function someone(count: number): Buffer {
    return ids(
      ...Array.from({ length: count }, (): [number, number] => {
        const [person, version] = randomBytes(2);
        return [1 + (person % 48), version % 16 === 0 ? 1 : 0];
      }),
    );
  }

  for (const side of [Side.Left, Side.Right]) {
    for (const orientation of [Orientation.Normal, Orientation.Mirror]) {
      it(`rank as the plain engine does: side ${side}, orientation ${orientation}`, async () => {
        const probe = recaptured(people[2], 6, 1);
        const iris = orientation === Orientation.Normal ? probe : mirrored(probe);
        const handles = await prepareShared(engines, [iris]);
        const [handle] = await plain.prepareQueries(packProbes([iris]));
        for (const [searchId, ef] of [1, 8, 60].entries()) {
          const terms = { side, orientation, ef };
          const opened = perParty((party) => ({ ...openSearch(handles[party][0], ef), ...terms }));
          await stepAlike(searchId, opened, { ...openSearch(handle, ef), ...terms }, ids([3, 0]));
          const again = perParty(() => null);
          await stepAlike(searchId, again, null, someone(200));
          await stepAlike(searchId, again, null, ids([7, 0], [7, 1]));
          await stepAlike(searchId, again, null, someone(33), true);
        }
        for (const engine of engines) assert.equal(engine.counters().openSearches, 0);
        plain.releaseQueries([handle]);
        engines.forEach((engine, party) => {
          engine.releaseQueries(handles[party]);
        });
      });
    }
  }

  it('find the person among strangers', async () => {
    const handles = await prepareShared(engines, [recaptured(people[4], 6, -3)]);
    const keys = keysOfRun();
    const everybody = ids(...people.map((_, index): [number, number] => [index + 1, 0]));
    const [first, second, third] = await Promise.all(
      engines.map((engine, party) =>
        engine.beginStep(
          2,
          step(1, openSearch(handles[party][0], 5), everybody, { close: true, withDistances: false }),
          keys[party],
        ),
      ),
    );
    const { answers } = await handRound([first, second, third]);
    for (const answer of answers) {
      assert.equal(answer.outcome, StepOutcome.Ok);
      assert.equal(Buffer.from(answer.entered).readUInt32LE(0), 4);
      assert.ok(answer.matchCount >= 1);
      assert.equal(answer.stale, 1);
      assert.equal(answer.distances.length, 0);
    }
  });

  it('search from stored irises, of their current version only', async () => {
    const stored = (storedSerialId: number, storedVersion: number): OpenSearch => ({
      ...openSearch(1, 6),
      query: { storedSerialId, storedVersion },
      rotationReach: 0,
    });
    const current = stored(5, 0);
    assert.ok(
      (await stepAlike(
        1,
        perParty(() => current),
        current,
        someone(50),
        true,
      )) > 0,
    );
    for (const old of [stored(5, 1), stored(7, 0), stored(99, 0)]) {
      assert.equal(
        await stepAlike(
          1,
          perParty(() => old),
          old,
          ids([1, 0]),
        ),
        0,
      );
    }
    for (const engine of engines) assert.equal(engine.counters().openSearches, 0);
  });

  it('compare the queries of one batch as the plain engine does', async () => {
    const [person, other] = people;
    const batch: Iris[] = [
      person,
      recaptured(person, 8, 3),
      other,
      { left: recaptured(person, 8, 0).left, right: realisticIris().right },
      mirrored(person),
      recaptured(person, 20, 9),
    ];
    const window: ComparisonWindow = { baseRotation: 0, rotationReach: 5, matchLimit: LIMIT };
    const expected = await plain.compareQueries(await plain.prepareQueries(packProbes(batch)), window);
    const handles = await prepareShared(engines, batch);
    const keys = keysOfRun();
    const [first, second, third] = await Promise.all(
      engines.map((engine, party) => engine.beginComparison(handles[party], window, keys[party])),
    );
    const { answers } = await handRound([first, second, third]);
    for (const answer of answers) assert.deepEqual(Buffer.from(answer), Buffer.from(expected));
    assert.equal(expected[0], 3);
  });

  it('work on many runs at once', async () => {
    const handles = await prepareShared(engines, people.slice(0, 6));
    const found = await Promise.all(
      Array.from({ length: 24 }, async (_, search) => {
        const side = search % 2 === 0 ? Side.Left : Side.Right;
        const person = search % 6;
        const keys = keysOfRun();
        const candidates = ids([person + 1, 0], [20, 0], [person + 1, 0], [30, 0]);
        const [first, second, third] = await Promise.all(
          engines.map((engine, party) =>
            engine.beginStep(
              3,
              step(search, openSearch(handles[party][person], 3, side), candidates, {
                close: true,
                withDistances: false,
              }),
              keys[party],
            ),
          ),
        );
        const { answers } = await handRound([first, second, third]);
        return answers.map(({ matchCount }) => matchCount);
      }),
    );
    assert.deepEqual(found, Array(24).fill([2, 2, 2]));
    for (const engine of engines) assert.equal(engine.counters().openSearches, 0);
  });

  it('fail a run in which one of them holds something else, each with a clear word', async () => {
    const handles = await prepareShared(engines, [people[0]]);
    const keys = keysOfRun();
    const begun = await Promise.all(
      engines.map((engine, party) => {
        const candidates = party === 1 ? ids([1, 0], [2, 0]) : ids([1, 0], [3, 0]);
        return engine.beginStep(
          4,
          step(1, openSearch(handles[party][0], 3), candidates, { withDistances: false }),
          keys[party],
        );
      }),
    );
    const progress = await Promise.all(begun.map((run) => run.advance(NOTHING)));
    const [first, second] = progress.map((each) => ('message' in each ? each.message : NOTHING));
    await assert.rejects(begun[1].advance(first), is('PARTY_FAILED', 'compares something else'));
    await assert.rejects(begun[2].advance(second), is('PARTY_FAILED', 'compares something else'));
    await assert.rejects(begun[2].advance(second), is('INVALID_ARGUMENT', 'failed'));
    begun[0].abandon();
    for (const engine of engines) assert.equal(engine.counters().openSearches, 0);
  });
});

describe('a shared engine', () => {
  let engine: SharedEngine;
  let handle: number;
  const [KEYS] = keysOfRun();

  beforeEach(async () => {
    engine = createSharedEngine({ ...engineOptions(8, 16), kernel: null, party: PARTIES[1] });
    const [first, second] = [realisticIris(), realisticIris()].map((iris) => sharesOf(iris)[1]);
    [handle] = await engine.prepareQueries(first);
    await engine.reserve(2);
    engine.publish(1, 0, first);
    engine.publish(2, 3, second);
  });
  afterEach(async () => {
    await engine.close();
  });

  function begin(searchId: number, open: OpenSearch | null, candidates = ids([1, 0], [2, 3])) {
    return engine.beginStep(1, step(searchId, open, candidates, { withDistances: false }), KEYS);
  }

  /** What a step that is refused at this party answers. */
  async function refusal(run: ReturnType<typeof begin>): Promise<StepAnswer> {
    const progress = await (await run).advance(NOTHING);
    assert.ok('answer' in progress);
    return progress.answer;
  }

  it('opens beside the event loop, and has a kernel of its name', async () => {
    const opened = await openSharedEngine({ ...engineOptions(8, 8), kernel: 'scalar', party: PARTIES[0] });
    try {
      assert.equal(opened.kernel, 'scalar');
    } finally {
      await opened.close();
    }
    assert.equal(opened.kernel, '');
    assert.notEqual(engine.kernel, '');
  });

  it('gives back records bit for bit, and grows by them', async () => {
    const records = Array.from({ length: 14 }, () => randomBytes(SHARED_IRIS_RECORD_BYTES));
    await engine.reserve(14);
    records.forEach((record, index) => {
      engine.publish(index + 3, 0, record);
    });
    assert.deepEqual(engine.readIris(16), { version: 0, record: records[13] });
    const [query] = await engine.prepareQueries(Buffer.concat([records[4], records[5]]));
    assert.deepEqual(engine.recordOfQuery(query), records[4]);
    assert.deepEqual(engine.recordOfQuery(query + 1), records[5]);
    await assert.rejects(engine.reserve(1), is('CAPACITY_EXHAUSTED'));
    engine.erase(16, 1);
    assert.equal(engine.readIris(16), null);
    await engine.reserve(1);
    const { left, right } = engine.placement(true);
    assert.equal(left.strideBytes, SHARED_IRIS_RECORD_BYTES / 2);
    assert.equal(right.used, 15);
    assert.ok(left.segments.length > 1);
  });

  it('loads rows of a table of shares as they are', () => {
    const record = randomBytes(SHARED_IRIS_RECORD_BYTES);
    const lengths = [25_600, 12_800, 25_600, 12_800];
    const column = (bytes: Uint8Array) => {
      const length = Buffer.alloc(4);
      length.writeInt32BE(bytes.length);
      return Buffer.concat([length, bytes]);
    };
    const row = (id: number, parts: readonly Uint8Array[]) => {
      const serialId = Buffer.alloc(8);
      serialId.writeBigInt64BE(BigInt(id));
      return Buffer.concat([
        Buffer.from([0, 6]),
        column(serialId),
        column(Buffer.from([0, 9])),
        ...parts.map(column),
      ]);
    };
    let offset = 0;
    const parts = lengths.map((length) => record.subarray(offset, (offset += length)));
    const header = Buffer.alloc(19);
    header.write('PGCOPY\n\xff\r\n\0', 'latin1');
    const stream = Buffer.concat([
      header,
      row(5, parts),
      row(6, [parts[0].subarray(2), ...parts.slice(1)]),
      row(7, [NOTHING, NOTHING, NOTHING, NOTHING]),
      Buffer.from([0xff, 0xff]),
    ]);
    const read = [stream.subarray(0, 50_000), stream.subarray(50_000)].map((chunk) =>
      engine.loadCopyChunk(1, chunk),
    );
    engine.closeCopy(1);
    assert.equal(read[1].ended, true);
    assert.deepEqual(read[1].faults, [{ serialId: 6, problem: 'left_code has 25598 bytes, expected 25600' }]);
    assert.deepEqual(engine.readIris(5), { version: 9, record });
    assert.equal(engine.readIris(7), null);
    engine.loadIris(8, 0, record);
    engine.loadDeleted(8, 1);
    assert.equal(engine.readIris(8), null);
  });

  it('refuses records and probes of another length', async () => {
    for (const length of [0, 1, 4_800, 6_400, SHARED_IRIS_RECORD_BYTES - 1, SHARED_IRIS_RECORD_BYTES + 1]) {
      assert.throws(
        () => {
          engine.publish(2, 4, Buffer.alloc(length));
        },
        is('INVALID_ARGUMENT', 'record'),
      );
      await assert.rejects(engine.prepareQueries(Buffer.alloc(length)), is('INVALID_ARGUMENT', 'probes'));
    }
    assert.equal(engine.readIris(2)?.version, 3);
  });

  it('refuses keys that are none, and opens no search then', async () => {
    const { withNext } = KEYS;
    const bad: [word: string, keys: unknown][] = [
      ['keys', undefined],
      ['keys', 1],
      ['keys.with_next', {}],
      ['keys.with_next', { withNext: 'x', withPrevious: withNext }],
      ['keys.with_next', { withNext: Buffer.alloc(15), withPrevious: withNext }],
      ['keys.with_previous', { withNext, withPrevious: Buffer.alloc(17) }],
      ['keys.with_previous', { withNext }],
    ];
    const window = { baseRotation: 0, rotationReach: 5, matchLimit: LIMIT };
    for (const [word, keys] of bad) {
      const refused = is('INVALID_ARGUMENT', word);
      await assert.rejects(engine.beginStep(1, step(1, openSearch(handle, 3), ids()), wrong(keys)), refused);
      await assert.rejects(engine.beginComparison([handle, handle], window, wrong(keys)), refused);
    }
    await assert.rejects(
      engine.beginStep(wrong(-1), step(1, openSearch(handle, 3), ids()), KEYS),
      is('INVALID_ARGUMENT', 'stream'),
    );
    assert.equal(engine.counters().openSearches, 0);
  });

  it('answers at once, without a message, a step that it refuses', async () => {
    const open = openSearch(handle, 3);
    const cases: [outcome: StepOutcome, word: string, open: unknown, candidates?: unknown][] = [
      [StepOutcome.Invalid, 'ef', { ...open, ef: 0 }],
      [StepOutcome.Invalid, 'rotation_reach', { ...open, rotationReach: 16 }],
      [StepOutcome.Invalid, 'candidates', open, Buffer.alloc(7)],
      [StepOutcome.Invalid, 'open', undefined],
      [StepOutcome.UnknownQuery, 'query 99', openSearch(99, 3)],
      [StepOutcome.UnknownSearch, 'search_id', null],
    ];
    for (const [outcome, word, opened, candidates = ids([1, 0])] of cases) {
      const answer = await refusal(begin(1, wrong(opened), wrong(candidates)));
      assert.equal(answer.outcome, outcome);
      assert.ok(answer.detail.includes(word), answer.detail);
    }
    const asked = await refusal(engine.beginStep(1, step(1, open, ids([1, 0])), KEYS));
    assert.equal(asked.outcome, StepOutcome.Invalid);
    assert.match(asked.detail, /with_distances: secret-shared mode opens no distances/);
    assert.equal(engine.counters().openSearches, 0);
  });

  it('answers the state of a search to a step without candidates, whatever its deadline', async () => {
    const run = await engine.beginStep(
      1,
      step(1, openSearch(handle, 3), ids(), { withDistances: false, deadlineMicroseconds: 1 }),
      KEYS,
    );
    const progress = await run.advance(NOTHING);
    assert.ok('answer' in progress);
    assert.equal(progress.answer.outcome, StepOutcome.Ok);
    assert.equal(progress.answer.neighbourhoodSize, 0);
    assert.equal(engine.counters().openSearches, 1);
  });

  it('takes one step of a search at a time', async () => {
    const run = await begin(1, openSearch(handle, 3));
    assert.match((await refusal(begin(1, null))).detail, /not answered yet/);
    assert.ok('message' in (await run.advance(NOTHING)));
    run.abandon();
    assert.equal((await refusal(begin(1, null))).outcome, StepOutcome.UnknownSearch);
  });

  it('fails a run at a message of another length, and closes its search', async () => {
    for (const length of [0, 1, 8, 100_000]) {
      const run = await begin(1, openSearch(handle, 3));
      await run.advance(NOTHING);
      await assert.rejects(run.advance(Buffer.alloc(length)), is('PARTY_FAILED', `${length} bytes`));
      await assert.rejects(run.advance(NOTHING), is('INVALID_ARGUMENT'));
      assert.equal(engine.counters().openSearches, 0);
      run.abandon();
    }
  });

  it('goes on with a run that was called out of turn or with what are no bytes', async () => {
    const run = await begin(1, openSearch(handle, 3));
    await assert.rejects(run.advance(wrong('x')), is('INVALID_ARGUMENT', 'received'));
    const first = run.advance(NOTHING);
    await assert.rejects(run.advance(NOTHING), is('INVALID_ARGUMENT', 'still worked on'));
    assert.ok('message' in (await first));
    run.abandon();
  });

  it('ends a run that is abandoned, before, between and within its calls', async () => {
    const before = await begin(1, openSearch(handle, 3));
    before.abandon();
    await assert.rejects(before.advance(NOTHING), is('CANCELLED'));
    const between = await begin(1, openSearch(handle, 3));
    await between.advance(NOTHING);
    between.abandon();
    between.abandon();
    await assert.rejects(between.advance(NOTHING), is('CANCELLED'));
    const within = await begin(1, openSearch(handle, 3));
    const working = assert.rejects(within.advance(NOTHING), is('CANCELLED'));
    within.abandon();
    await working;
    const comparison = await engine.beginComparison(
      [handle, handle],
      { baseRotation: 0, rotationReach: 5, matchLimit: LIMIT },
      KEYS,
    );
    comparison.abandon();
    await assert.rejects(comparison.advance(NOTHING), is('CANCELLED'));
    assert.equal(engine.counters().openSearches, 0);
  });

  it('leaves alone a search that was opened under the id of one whose stream was closed', async () => {
    const old = await begin(1, openSearch(handle, 3));
    await old.advance(NOTHING);
    engine.closeStream(1);
    assert.equal(engine.counters().openSearches, 0);
    const young = await begin(1, openSearch(handle, 3));
    assert.equal(engine.counters().openSearches, 1);
    old.abandon();
    assert.equal(engine.counters().openSearches, 1);
    assert.ok('message' in (await young.advance(NOTHING)));
    engine.closeSearch(1, 1);
    young.abandon();
    assert.equal(engine.counters().openSearches, 0);
  });

  it('refuses comparisons that are none', async () => {
    const window = { baseRotation: 0, rotationReach: 5, matchLimit: LIMIT };
    for (const count of [0, 1, MAXIMUM_COMPARED_QUERIES + 1]) {
      await assert.rejects(
        engine.beginComparison(Array(count).fill(handle), window, KEYS),
        is('INVALID_ARGUMENT', `query_handles: ${count}`),
      );
    }
    await assert.rejects(engine.beginComparison([handle, 99], window, KEYS), is('UNKNOWN_QUERY'));
    await assert.rejects(
      engine.beginComparison([handle, handle], { ...window, rotationReach: 16 }, KEYS),
      is('INVALID_ARGUMENT', 'rotation_reach'),
    );
  });

  it('is not built from options that are wrong', () => {
    const options: SharedEngineOptions = { ...engineOptions(4, 4), kernel: null, party: PARTIES[0] };
    const cases: [word: string, options: unknown][] = [
      ...[undefined, null, -1, 3, 0.5, '1'].map((party): [string, unknown] => [
        'party',
        { ...options, party },
      ]),
      ['kernel', { ...options, kernel: 'abacus' }],
      ['options', undefined],
      ['left', { ...options, left: 1 }],
    ];
    for (const [word, given] of cases) {
      assert.throws(() => createSharedEngine(wrong(given)), is('INVALID_ARGUMENT', word), word);
    }
  });

  it('is closed while runs are open and at work: they end, and all that follows is refused', async () => {
    const other = createSharedEngine({ ...engineOptions(8, 8), kernel: null, party: PARTIES[2] });
    const record = randomBytes(SHARED_IRIS_RECORD_BYTES);
    const [query] = await other.prepareQueries(record);
    await other.reserve(1);
    other.publish(1, 0, record);
    const keys: RunKeys = { withNext: randomBytes(16), withPrevious: randomBytes(16) };
    const [waiting, working, unstarted] = await Promise.all(
      [1, 2, 3].map((searchId) =>
        other.beginStep(1, step(searchId, openSearch(query, 2), ids([1, 0]), { withDistances: false }), keys),
      ),
    );
    await waiting.advance(NOTHING);
    const refused = is('SYSTEM', 'the engine is closed');
    const ended = assert.rejects(working.advance(NOTHING), refused);
    const closed = other.close();
    await assert.rejects(waiting.advance(NOTHING), refused);
    await assert.rejects(unstarted.advance(NOTHING), refused);
    waiting.abandon();
    await ended;
    await closed;
    await assert.rejects(
      other.beginStep(1, step(1, openSearch(query, 2), ids(), { withDistances: false }), keys),
      refused,
    );
    assert.throws(() => other.counters(), refused);
    await other.close();
  });
});
