import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { irisMessage } from '@irispair/common/iris/message';
import { until } from '@irispair/common/support/until';
import * as wire from '@irispair/proto/compute';
import { irisOf } from '../support/irises.js';
import { refusalOf } from '../support/refusal.js';
import { ServiceUnderTest } from '../support/service-under-test.js';
import { insert, remove, searchFor, serials, update } from '../support/steps.js';

const ENTRIES_A_MESSAGE = 8_192;
const MOST_CHANGES = 4_096;

describe('the calls beside the hop', () => {
  let test: ServiceUnderTest;
  let session: number;
  before(async () => {
    test = await ServiceUnderTest.start();
    session = (await test.join()).first.sessionId;
  });
  after(() => test.stop());

  /** Serial id, version and whether it is deleted, of every entry. */
  async function registered(from = 0): Promise<[number, number, boolean][]> {
    return (await test.registry(from)).flatMap(({ entries }) =>
      Array.from({ length: entries.byteLength / 8 }, (_, index): [number, number, boolean] => [
        entries.readUInt32LE(8 * index),
        entries.readUInt16LE(8 * index + 4),
        entries.readUInt16LE(8 * index + 6) === 1,
      ]),
    );
  }

  it('tell a session its limits, and free its queries when it is gone', async () => {
    const { call, first } = await test.join();
    assert.notEqual(first.sessionId, session);
    assert.deepEqual(
      [first.maximumRequestsInFlight, first.maximumCandidatesAStep, first.queryExpirySeconds],
      [64, 65_536, 300],
    );
    const held = (await test.placement()).queries;
    await test.prepare(first.sessionId, [irisOf('a'), irisOf('b')]);
    assert.equal((await test.placement()).queries, held + 2);
    call.cancel();
    await until('its queries are freed', async () => (await test.placement()).queries === held);
    const refused = await refusalOf(test.prepare(first.sessionId, [irisOf('a')]));
    assert.equal(refused.code, status.NOT_FOUND);
    assert.match(refused.details, /session \d+ is not open: join again/);
  });

  it('name the field of a probe that is wrong, and keep nothing of the others', async () => {
    const { left, right } = irisMessage(irisOf('a'));
    const short = Buffer.alloc(1_599);
    const wrong: [wire.Probe, RegExp][] = [
      [
        { left: { ...left, maskCodes: short }, right },
        /^probes\[1\]\.left\.mask_codes: 1599 bytes, expected 1600/,
      ],
      [
        { left, right: { ...right, irisCodes: Buffer.alloc(0) } },
        /^probes\[1\]\.right\.iris_codes: 0 bytes, expected 1600/,
      ],
      [{ left, right: undefined }, /^probes\[1\]\.right: missing/],
      [
        { left: { ...left, maskCodes: Buffer.alloc(1_600) }, right },
        /^probes\[1\]\.left\.mask_codes: fewer than 6400 of 12800 bits are usable/,
      ],
    ];
    const held = (await test.placement()).queries;
    for (const [probe, details] of wrong) {
      const refused = await refusalOf(test.prepareProbes(session, [{ left, right }, probe]));
      assert.equal(refused.code, status.INVALID_ARGUMENT);
      assert.match(refused.details, details);
    }
    const none = await refusalOf(test.prepare(session, []));
    assert.match(none.details, /^probes: 0 given, 1 to 1024 are allowed/);
    assert.equal((await test.placement()).queries, held);
  });

  it('refuse a commit whole, whatever is wrong with one change', async () => {
    const [query, released] = await test.prepare(session, [irisOf('first'), irisOf('released')]);
    await test.release([released]);
    const first = (await registered()).length + 1;
    const done = await test.commit([insert(query, first), insert(query, first + 1)]);
    await test.commit([remove([first + 1, 0])]);
    const before = await registered();
    const good = insert(query, first + 2);
    const wrong: [wire.Change['kind'], status, RegExp][] = [
      [insert(query, first + 9), status.FAILED_PRECONDITION, /the next serial id is \d+, not/],
      [update(query, [first, 3]), status.FAILED_PRECONDITION, /has version 0, not 3/],
      [insert(query, first + 2), status.INVALID_ARGUMENT, /^changes\[1\]: .* is changed twice/],
      [update(released, [first, 0]), status.NOT_FOUND, /^changes\[1\]\.query_handle: .*prepare it again/],
      [remove([first + 1, 1]), status.NOT_FOUND, /was deleted/],
      [undefined, status.INVALID_ARGUMENT, /^changes\[1\]: empty/],
      [
        { $case: 'delete', value: { expected: undefined } },
        status.INVALID_ARGUMENT,
        /^changes\[1\]\.delete\.expected: missing/,
      ],
      [remove([first, 65_536]), status.INVALID_ARGUMENT, /^changes\[1\]\.delete\.expected\.version/],
    ];
    for (const [change, code, details] of wrong) {
      const refused = await refusalOf(test.commit([good, change]));
      assert.deepEqual([refused.code, details.test(refused.details)], [code, true], refused.details);
    }
    assert.equal((await refusalOf(test.commit([]))).code, status.INVALID_ARGUMENT);
    assert.deepEqual(await registered(), before);
    assert.equal((await test.commit([good])).commitCount, done.commitCount + 2);
  });

  it('read back what is stored, and nothing of the deleted', async () => {
    const iris = irisOf('read back');
    const [query] = await test.prepare(session, [iris]);
    const serial = (await registered()).length + 1;
    await test.commit([insert(query, serial)]);
    assert.deepEqual(await test.fetch(serial), {
      vectorId: { serialId: serial, version: 0 },
      iris: irisMessage(iris),
    });
    await test.commit([remove([serial, 0])]);
    const deleted = await refusalOf(test.fetch(serial));
    assert.deepEqual([deleted.code, deleted.details], [status.NOT_FOUND, `serial id ${serial} was deleted`]);
    assert.equal((await refusalOf(test.fetch(serial + 1))).code, status.NOT_FOUND);
    assert.match((await refusalOf(test.fetch(0))).details, /^serial_id: 0 is not a serial id/);
  });

  it('compare queries with each other', async () => {
    const handles = await test.prepare(session, [irisOf('x'), irisOf('y'), irisOf('x')]);
    const { matchBits } = await test.compare(handles);
    assert.deepEqual([...matchBits], [0, 3, 0]);
    const alone = await refusalOf(test.compare([handles[0]]));
    assert.match(alone.details, /^query_handles: 1 given, 2 to 1024/);
    await test.release([handles[1]]);
    assert.equal((await refusalOf(test.compare(handles))).code, status.NOT_FOUND);
  });

  it('make captures up of those who are enrolled, which match them and nobody else', async () => {
    const handles = await test.prepare(session, [irisOf('m'), irisOf('n'), irisOf('o')]);
    const first = (await registered()).length + 1;
    await test.commit(handles.map((handle, index) => insert(handle, first + index)));
    await test.commit([remove([first + 1, 0])]);
    const held = (await test.placement()).queries;
    const made = await test.recaptures(session, [first, first + 1, first + 2, first + 99]);
    assert.deepEqual(
      made.map((handle) => handle > 0),
      [true, false, true, false],
    );
    assert.equal((await test.placement()).queries, held + 2);
    const searches = [searchFor(made[0], 9), searchFor(made[2], 9, { side: wire.Side.RIGHT })];
    const [one, two] = await test.scan(searches, wire.ScanManner.IDLE);
    assert.deepEqual([serials(one.nearest), serials(two.nearest)], [[first], [first + 2]]);
    assert.match((await refusalOf(test.recaptures(session, []))).details, /^serial_ids: 0 given, 1 to 1024/);
    assert.match((await refusalOf(test.recaptures(session, [1, 0]))).details, /^serial_ids\[1\]: 0 is not/);
    assert.equal((await refusalOf(test.recaptures(9_999, [first]))).code, status.NOT_FOUND);
    const many = Array.from({ length: 129 }, () => searches[0]);
    assert.match(
      (await refusalOf(test.scan(many, wire.ScanManner.IDLE))).details,
      /^searches: 129 given, 1 to 128 are allowed/,
    );
    await test.release(made.filter((handle) => handle > 0));
  });

  it('scan exactly, refuse what cannot be scanned, and stop when cancelled', async () => {
    const irises = Array.from({ length: 300 }, (_, index) => irisOf(`scanned ${index}`));
    const handles = await test.prepare(session, irises);
    const first = (await registered()).length + 1;
    await test.commit(handles.map((handle, index) => insert(handle, first + index)));
    const [one, two] = await test.scan([searchFor(handles[40], 3), searchFor(handles[7], 1)]);
    assert.deepEqual([serials(one.nearest)[0], one.matchCount], [first + 40, 1]);
    assert.deepEqual([serials(two.nearest), two.searchIndex], [[first + 7], 1]);
    assert.equal(serials(one.nearest).length, 3);

    const unset = await refusalOf(
      test.scan([searchFor(handles[0], 1), searchFor(handles[0], 1, { side: wire.Side.UNSPECIFIED })]),
    );
    assert.deepEqual(
      [unset.code, unset.details.split(':')[0]],
      [status.INVALID_ARGUMENT, 'searches[1].side'],
    );
    assert.equal((await refusalOf(test.scan([searchFor(4_000_000, 1)]))).code, status.NOT_FOUND);

    const before = test.engine.counters().distances;
    const searches = Array.from({ length: 4_096 }, () => searchFor(handles[0], 1, { rotationReach: 15 }));
    const call = test.client.scan({
      searches,
      withDistances: false,
      trace: undefined,
      manner: wire.ScanManner.AWAITED,
    });
    const ended = new Promise<{ code: status }>((resolve) => call.once('status', resolve));
    call.on('error', () => undefined);
    call.resume();
    await until('it scans', () => test.engine.counters().distances > before);
    call.cancel();
    assert.equal((await ended).code, status.CANCELLED);
    await until('its work is dropped', () => test.engine.counters().left.queued === 0);
    const compared = test.engine.counters().distances - before;
    assert.ok(compared < searches.length * irises.length, `${compared} distances for a cancelled scan`);
    assert.deepEqual(serials((await test.scan([searchFor(handles[3], 1)]))[0].nearest), [first + 3]);
  });

  it('say what is held and where', async () => {
    const { irises, queries, arenas, pools, kernel, report } = await test.placement();
    assert.equal(report?.placement, 'off');
    assert.equal(kernel, test.engine.kernel);
    assert.deepEqual(
      arenas.map(({ side, used }) => [side, used]),
      [wire.Side.LEFT, wire.Side.RIGHT].map((side) => [side, irises]),
    );
    assert.equal(queries, test.engine.counters().queries);
    assert.equal(pools.length, 2);
  });

  it('name every id in several messages, deleted ones marked, from any id on, also after a restart', async () => {
    const [query] = await test.prepare(session, [irisOf('many')]);
    for (let next = (await registered()).length + 1; next <= ENTRIES_A_MESSAGE; next += MOST_CHANGES) {
      await test.commit(Array.from({ length: MOST_CHANGES }, (_, index) => insert(query, next + index)));
    }
    await test.commit([remove([ENTRIES_A_MESSAGE + 1, 0])]);
    const messages = await test.registry();
    assert.equal(messages[0].entries.byteLength, ENTRIES_A_MESSAGE * 8);
    assert.equal(messages.length, 2);
    const all = await registered();
    assert.deepEqual(
      all.map(([serial]) => serial),
      all.map((_, index) => index + 1),
    );
    assert.deepEqual(all[ENTRIES_A_MESSAGE], [ENTRIES_A_MESSAGE + 1, 1, true]);
    assert.deepEqual(await registered(all.length - 4), all.slice(-5));
    assert.deepEqual(await registered(all.length + 1), []);
    await test.restart();
    assert.deepEqual(await registered(), all);
    assert.deepEqual(
      (await test.registry()).map(({ commitCount }) => commitCount),
      messages.map(({ commitCount }) => commitCount),
    );
  });
});
