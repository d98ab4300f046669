import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CODE_BYTES } from '@irispair/common/iris/template';
import { binding } from './binding.js';
import { createEngine, nativeErrorCode } from './engine.js';
import {
  IRIS_RECORD_BYTES,
  PROBE_BYTES,
  StepOutcome,
  type EngineOptions,
  type IrisEngine,
  type OpenSearch,
  type SearchStep,
} from './engine-types.js';
import { encodeRecord, packProbes } from './records.js';
import {
  engineOptions,
  enrol,
  ids,
  openSearch,
  pairs,
  randomIris,
  randomTemplate,
  startEngine,
  step,
} from './support/engines.js';

/** What no integer argument takes, whatever its range. */
const NO_INTEGERS = [NaN, Infinity, -Infinity, 0.5, -1e300, 2 ** 53, '1', null, undefined, {}, [1], 1n, true];

/** What no byte argument takes. */
const NO_BYTES = [
  null,
  undefined,
  'bytes',
  7,
  [1, 2, 3],
  {},
  new ArrayBuffer(8),
  new DataView(new ArrayBuffer(8)),
  new Uint16Array(4),
  new Int8Array(8),
  new Uint8ClampedArray(8),
];

const NO_ARRAYS = [null, undefined, 1, 'ab', {}, { length: 1 }, new Uint8Array(2)];

const NO_OBJECTS = [null, undefined, 1, 'ab', true];

/** A value of any type in the place of another. */
function wrong(value: unknown): never {
  return value as never;
}

function names(field: string): (error: unknown) => boolean {
  return (error) => nativeErrorCode(error) === 'INVALID_ARGUMENT' && String(error).includes(field);
}

describe('the border of the engine', () => {
  let engine: IrisEngine;
  let handle: number;

  before(async () => {
    engine = startEngine(16, 16);
    [handle] = await enrol(engine, [randomIris()]);
  });
  after(async () => {
    await engine.close();
  });

  it('refuses serial ids and versions out of range', () => {
    const record = encodeRecord(randomIris(), 200);
    for (const serialId of [...NO_INTEGERS, 0, -1, 2 ** 32]) {
      const refused = names('serial_id');
      assert.throws(() => {
        engine.loadIris(wrong(serialId), 0, record);
      }, refused);
      assert.throws(() => {
        engine.loadDeleted(wrong(serialId), 0);
      }, refused);
      assert.throws(() => {
        engine.publish(wrong(serialId), 0, record);
      }, refused);
      assert.throws(() => {
        engine.erase(wrong(serialId), 0);
      }, refused);
      assert.throws(() => engine.readIris(wrong(serialId)), refused);
    }
    for (const version of [...NO_INTEGERS, -1, 2 ** 16]) {
      const refused = names('version');
      assert.throws(() => {
        engine.loadIris(2, wrong(version), record);
      }, refused);
      assert.throws(() => {
        engine.loadDeleted(2, wrong(version));
      }, refused);
      assert.throws(() => {
        engine.publish(2, wrong(version), record);
      }, refused);
      assert.throws(() => {
        engine.erase(1, wrong(version));
      }, refused);
    }
    assert.equal(engine.readIris(2), null);
    assert.equal(engine.readIris(1)?.version, 0);
  });

  it('refuses bytes that are no copy of a table, and forgets them', () => {
    for (const chunk of NO_BYTES) {
      assert.throws(() => engine.loadCopyChunk(1, wrong(chunk)), names('chunk'));
    }
    for (const copy of [...NO_INTEGERS, -1]) {
      assert.throws(() => engine.loadCopyChunk(wrong(copy), Buffer.alloc(0)), names('copy'));
      assert.throws(() => {
        engine.closeCopy(wrong(copy));
      }, names('copy'));
    }
    const header = Buffer.alloc(19);
    header.write('PGCOPY\n\xff\r\n\0', 'latin1');
    const end = Buffer.from([0xff, 0xff]);
    assert.throws(() => engine.loadCopyChunk(2, Buffer.alloc(19)), names('copy: not a binary COPY'));
    engine.closeCopy(2);
    assert.equal(engine.loadCopyChunk(2, header).ended, false);
    assert.equal(engine.loadCopyChunk(2, end).ended, true);
    assert.throws(() => engine.loadCopyChunk(2, end), names('after the end'));
    engine.closeCopy(2);
    engine.closeCopy(99);
  });

  it('takes the lowest and the highest id', async () => {
    const record = encodeRecord(randomIris(), 200);
    const other = startEngine(4, 4);
    try {
      other.loadIris(1, 0, record);
      other.loadIris(2 ** 32 - 1, 2 ** 16 - 1, record);
      assert.deepEqual(other.readIris(2 ** 32 - 1), { version: 2 ** 16 - 1, record });
      const [query] = await other.prepareQueries(packProbes([randomIris()]));
      const [scan] = await other.scan([openSearch(query, 5)], false, 1);
      assert.deepEqual(pairs(scan.nearest), [
        [1, 0],
        [2 ** 32 - 1, 2 ** 16 - 1],
      ]);
    } finally {
      await other.close();
    }
  });

  it('refuses records and probes of another length or kind', async () => {
    for (const length of [0, 1, IRIS_RECORD_BYTES - 1, IRIS_RECORD_BYTES + 1, 2 * IRIS_RECORD_BYTES]) {
      assert.throws(() => {
        engine.loadIris(2, 0, Buffer.alloc(length));
      }, names('record'));
      assert.throws(() => {
        engine.publish(2, 0, Buffer.alloc(length));
      }, names('record'));
    }
    for (const length of [0, 1, PROBE_BYTES - 1, PROBE_BYTES + 1]) {
      await assert.rejects(engine.prepareQueries(Buffer.alloc(length)), names('probes'));
    }
    for (const bytes of NO_BYTES) {
      assert.throws(() => {
        engine.loadIris(2, 0, wrong(bytes));
      }, names('record'));
      await assert.rejects(engine.prepareQueries(wrong(bytes)), names('probes'));
    }
    assert.equal(engine.readIris(2), null);
    assert.equal(engine.placement(false).left.used, 1);
  });

  it('reads views into larger buffers at any offset', async () => {
    const iris = randomIris();
    const shifted = (bytes: Uint8Array) => Buffer.concat([Buffer.alloc(3, 0xee), bytes]).subarray(3);
    engine.loadIris(9, 0, shifted(encodeRecord(iris, 200)));
    assert.deepEqual(engine.readIris(9)?.record, encodeRecord(iris, 200));
    const [query] = await engine.prepareQueries(shifted(packProbes([iris])));
    const { answers } = await engine.evaluate(1, [
      step(1, openSearch(query, 2), shifted(ids([1, 0], [9, 0])), { close: true }),
    ]);
    assert.deepEqual(pairs(answers[0].entered), [
      [1, 0],
      [0, 1],
    ]);
    assert.equal(answers[0].matchCount, 1);
  });

  it('refuses counts and handles that are none, all of a list or none of it', async () => {
    for (const count of [...NO_INTEGERS, -1]) {
      await assert.rejects(engine.reserve(wrong(count)), names('count'));
      assert.throws(() => {
        engine.unreserve(wrong(count));
      }, names('count'));
    }
    const queries = engine.counters().queries;
    for (const none of [...NO_INTEGERS, 0, -1]) {
      const refused = names('query_handle');
      assert.throws(() => engine.recordOfQuery(wrong(none)), refused);
      assert.throws(() => {
        engine.releaseQueries([handle, wrong(none)]);
      }, refused);
      const window = { baseRotation: 0, rotationReach: 5, matchLimit: 0 };
      await assert.rejects(engine.compareQueries([handle, wrong(none)], window), refused);
    }
    assert.equal(engine.counters().queries, queries);
    for (const none of NO_ARRAYS) {
      assert.throws(() => {
        engine.releaseQueries(wrong(none));
      }, names('query_handles'));
    }
    engine.releaseQueries([2 ** 53 - 1]);
    assert.throws(
      () => engine.recordOfQuery(999),
      (error) => nativeErrorCode(error) === 'UNKNOWN_QUERY',
    );
  });

  const wrongSearches: [field: string, values: unknown[]][] = [
    ['side', [...NO_INTEGERS, -1, 2]],
    ['orientation', [...NO_INTEGERS, -1, 2]],
    ['baseRotation', [...NO_INTEGERS, -16, 16, 11, -11]],
    ['rotationReach', [...NO_INTEGERS, -1, 16]],
    ['ef', [...NO_INTEGERS, 0, -1, 2 ** 16]],
    ['matchLimit', [...NO_INTEGERS, -1, 65_537]],
    ['query', [...NO_OBJECTS, {}, { handle: 0 }, { handle: '1' }, { storedSerialId: 0, storedVersion: 0 }]],
    ['query', [{ storedSerialId: 1, storedVersion: 65_536 }, { storedSerialId: 1 }]],
  ];

  function wrongOpenings(): { field: string; open: OpenSearch }[] {
    return wrongSearches.flatMap(([field, values]) =>
      values.map((value) => ({ field, open: { ...openSearch(handle, 5), [field]: value } })),
    );
  }

  it('opens no search of which one term is wrong, and says which', async () => {
    for (const { field, open } of wrongOpenings()) {
      const { answers } = await engine.evaluate(2, [step(1, open, ids([1, 0]))]);
      assert.equal(answers[0].outcome, StepOutcome.Invalid, field);
      assert.notEqual(answers[0].detail, '');
      await assert.rejects(engine.scan([openSearch(handle, 5), open], false, 1), names(''));
    }
    for (const open of [undefined, 1, 'x', false]) {
      const { answers } = await engine.evaluate(2, [step(1, wrong(open), ids())]);
      assert.equal(answers[0].outcome, StepOutcome.Invalid);
      assert.match(answers[0].detail, /open/);
    }
    assert.equal(engine.counters().openSearches, 0);
  });

  it('refuses a mirrored search from a stored iris', async () => {
    const open = { ...openSearch(1, 5), query: { storedSerialId: 1, storedVersion: 0 }, orientation: 1 };
    const { answers } = await engine.evaluate(2, [step(1, wrong(open), ids())]);
    assert.equal(answers[0].outcome, StepOutcome.Invalid);
    assert.match(answers[0].detail, /orientation/);
  });

  it('refuses a step with one wrong field and leaves its search as it was', async () => {
    const wrongFields: [field: keyof SearchStep, word: RegExp, values: unknown[]][] = [
      ['candidates', /candidates/, [...NO_BYTES, Buffer.alloc(1), Buffer.alloc(7), Buffer.alloc(17)]],
      ['close', /close/, [1, 'true', null, undefined]],
      ['withDistances', /with_distances/, [0, 'false', null, undefined]],
      ['deadlineMicroseconds', /deadline_microseconds/, [NaN, Infinity, -1, '5', null, undefined, 5n]],
    ];
    await engine.evaluate(3, [step(1, openSearch(handle, 5), ids([1, 0]))]);
    for (const [field, word, values] of wrongFields) {
      for (const value of values) {
        const { answers } = await engine.evaluate(3, [
          { ...step(1, null, ids()), [field]: value },
          { ...step(2, openSearch(handle, 5), ids()), [field]: value },
        ]);
        for (const { outcome, detail } of answers) {
          assert.equal(outcome, StepOutcome.Invalid);
          assert.match(detail, word);
        }
      }
    }
    for (const searchId of [...NO_INTEGERS, -1]) {
      const { answers } = await engine.evaluate(3, [step(wrong(searchId), openSearch(handle, 5), ids())]);
      assert.equal(answers[0].outcome, StepOutcome.Invalid);
      assert.match(answers[0].detail, /search_id/);
    }
    const { answers } = await engine.evaluate(3, [
      step(1, null, ids([1, 0])),
      ...NO_OBJECTS.map((value): SearchStep => wrong(value)),
    ]);
    assert.equal(answers[0].neighbourhoodSize, 2);
    assert.deepEqual(
      answers.slice(1).map(({ outcome }) => outcome),
      NO_OBJECTS.map(() => StepOutcome.Invalid),
    );
    assert.equal(engine.counters().openSearches, 1);
    engine.closeStream(3);
  });

  it('rejects a message, a comparison or a scan that cannot be read at all', async () => {
    for (const none of NO_ARRAYS) {
      await assert.rejects(engine.evaluate(1, wrong(none)), names('steps'));
      await assert.rejects(engine.scan(wrong(none), false, 1), names('searches'));
      await assert.rejects(engine.scanWhenIdle(wrong(none), 1), names('searches'));
      await assert.rejects(
        engine.compareQueries(wrong(none), { baseRotation: 0, rotationReach: 5, matchLimit: 0 }),
        names('query_handles'),
      );
    }
    for (const key of [...NO_INTEGERS, -1]) {
      await assert.rejects(engine.evaluate(wrong(key), []), names('stream'));
      assert.throws(() => {
        engine.closeStream(wrong(key));
      }, names('stream'));
      await assert.rejects(engine.scan([], false, wrong(key)), names('token'));
      await assert.rejects(engine.scanWhenIdle([], wrong(key)), names('token'));
      assert.throws(() => {
        engine.cancelScan(wrong(key));
      }, names('token'));
    }
    for (const none of NO_OBJECTS) {
      await assert.rejects(engine.compareQueries([handle, handle], wrong(none)), names('window'));
      await assert.rejects(engine.scan([wrong(none)], false, 1), names('open'));
    }
    const window = { baseRotation: 0, rotationReach: 5, matchLimit: 0 };
    await assert.rejects(engine.compareQueries([handle], window), names('query_handles'));
    await assert.rejects(
      engine.compareQueries([handle, handle], { ...window, rotationReach: 16 }),
      names('rotation_reach'),
    );
    await assert.rejects(
      engine.compareQueries([handle, handle], { ...window, matchLimit: -1 }),
      names('match_limit'),
    );
    await assert.rejects(
      engine.compareQueries([handle, 999], window),
      (error) => nativeErrorCode(error) === 'UNKNOWN_QUERY',
    );
    await assert.rejects(engine.scan([], wrong(1), 1), names('with_distances'));
    assert.throws(() => engine.placement(wrong(undefined)), names('count_pages'));
    assert.deepEqual((await engine.evaluate(1, [])).answers, []);
    assert.deepEqual(await engine.scan([], false, 1), []);
  });

  it('is not built from options that are wrong', () => {
    const options = engineOptions(4, 4);
    const { arena, left } = options;
    const cases: [field: string, options: unknown][] = [
      ...NO_OBJECTS.map((value): [string, unknown] => ['options', value]),
      ...[201, 0, 1_600, '256', null, NaN].map((columns): [string, unknown] => [
        'columns',
        { ...options, columns },
      ]),
      ['kernel', { ...options, kernel: 5 }],
      ['kernel', { ...options, kernel: 'abacus' }],
      ['left', { ...options, left: undefined }],
      ['right', { ...options, right: 3 }],
      ['arena', { ...options, arena: null }],
      ['cpus', { ...options, left: { ...left, cpus: [] } }],
      ['cpus', { ...options, left: { ...left, cpus: [-1] } }],
      ['cpus', { ...options, left: { ...left, cpus: new Int32Array(1) } }],
      ['node', { ...options, left: { ...left, node: 1024 } }],
      ['pinned', { ...options, left: { ...left, pinned: 'yes' } }],
      ['policy.kind', { ...options, arena: { ...arena, policy: { kind: 'nearby' } } }],
      ['policy.nodes', { ...options, arena: { ...arena, policy: { kind: 'bind' } } }],
      ['policy.node', { ...options, arena: { ...arena, policy: { kind: 'preferred', node: -1 } } }],
      ['policy', { ...options, arena: { ...arena, policy: 'bind' } }],
      ['fallbackNodes', { ...options, arena: { ...arena, fallbackNodes: [0.5] } }],
      ['hugepages', { ...options, arena: { ...arena, hugepages: 'some' } }],
      ['hugetlbfs', { ...options, arena: { ...arena, hugetlbfs: 2 } }],
      ['strict', { ...options, arena: { ...arena, strict: 1 } }],
      ['initialCapacity', { ...options, arena: { ...arena, initialCapacity: 0 } }],
      ['growBy', { ...options, arena: { ...arena, growBy: 1.5 } }],
      ['maximumCapacity', { ...options, arena: { ...arena, maximumCapacity: 2 ** 32 - 1 } }],
    ];
    for (const [field, given] of cases) {
      assert.throws(() => createEngine(given as EngineOptions), names(field), field);
    }
  });

  it('refuses everything once it is closed, and closes twice', async () => {
    const closed = startEngine(4, 4);
    const [query] = await enrol(closed, [randomIris()]);
    await closed.close();
    const record = encodeRecord(randomIris(), 200);
    const refused = (error: unknown) =>
      nativeErrorCode(error) === 'SYSTEM' && String(error).includes('the engine is closed');
    const calls: (() => unknown)[] = [
      () => {
        closed.loadIris(1, 0, record);
      },
      () => {
        closed.loadDeleted(1, 0);
      },
      () => {
        closed.unreserve(1);
      },
      () => {
        closed.publish(1, 0, record);
      },
      () => {
        closed.erase(1, 0);
      },
      () => closed.recordOfQuery(query),
      () => {
        closed.releaseQueries([query]);
      },
      () => closed.readIris(1),
      () => {
        closed.closeStream(1);
      },
      () => {
        closed.cancelScan(1);
      },
      () => closed.counters(),
      () => closed.placement(true),
    ];
    for (const call of calls) assert.throws(call, refused, String(call));
    const promises = [
      closed.reserve(1),
      closed.prepareQueries(packProbes([randomIris()])),
      closed.evaluate(1, []),
      closed.compareQueries([query, query], { baseRotation: 0, rotationReach: 5, matchLimit: 0 }),
      closed.scan([], false, 1),
      closed.scanWhenIdle([], 1),
    ];
    for (const promise of promises) await assert.rejects(promise, refused);
    assert.equal(closed.kernel, '');
    await closed.close();
  });
});

describe('the border of the other native functions', () => {
  it('refuses templates and records of another length or kind', () => {
    const { irisCodes, maskCodes } = randomTemplate();
    const bad = [
      ...NO_BYTES,
      ...[0, 1, CODE_BYTES - 1, CODE_BYTES + 1].map((length) => Buffer.alloc(length)),
    ];
    for (const bytes of bad) {
      for (let place = 0; place < 4; place++) {
        const parts = [irisCodes, maskCodes, irisCodes, maskCodes];
        parts[place] = wrong(bytes);
        const [a, b, c, d] = parts;
        assert.throws(() => binding.encodeRecord(200, a, b, c, d), names(''));
        assert.throws(() => binding.compareEyes(200, 'scalar', false, a, b, c, d), names(''));
      }
    }
    for (const bytes of [
      ...NO_BYTES,
      Buffer.alloc(IRIS_RECORD_BYTES - 1),
      Buffer.alloc(IRIS_RECORD_BYTES + 1),
    ]) {
      assert.throws(() => binding.decodeRecord(200, wrong(bytes)), names('record'));
    }
    for (const kernel of ['abacus', '', 5, null, Symbol('scalar')]) {
      assert.throws(
        () => binding.compareEyes(200, wrong(kernel), false, irisCodes, maskCodes, irisCodes, maskCodes),
        names('kernel'),
      );
    }
    assert.throws(
      () => binding.compareEyes(200, 'scalar', wrong(1), irisCodes, maskCodes, irisCodes, maskCodes),
      names('mirror'),
    );
  });

  it('changes nothing about the process when an argument is wrong', () => {
    assert.throws(() => binding.restrictThread(wrong('0'), { kind: 'default' }), names('cpus'));
    assert.throws(() => binding.restrictThread([0], wrong({ kind: 'nearby' })), names('policy.kind'));
    assert.throws(() => binding.execute(wrong(1), [], []), names('file'));
    assert.throws(() => binding.execute('/nowhere', wrong('x'), []), names('arguments'));
    assert.throws(() => binding.execute('/nowhere', [], [wrong(1)]), names('environment'));
    for (const parent of [...NO_INTEGERS, 0, -1, 2 ** 31]) {
      assert.throws(() => binding.exitWithParent(wrong(parent)), names('parent'));
    }
  });

  it('says what could not be executed', () => {
    assert.throws(
      () => binding.execute('/nowhere/at-all', ['at-all'], []),
      (error) => nativeErrorCode(error) === 'SYSTEM' && String(error).includes('execve /nowhere/at-all'),
    );
  });
});
