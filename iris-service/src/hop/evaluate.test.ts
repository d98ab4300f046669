import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { credentials, status } from '@grpc/grpc-js';
import { monotonicMicroseconds } from '@irispair/common/clock/monotonic';
import { socketTarget } from '@irispair/common/grpc/local-socket';
import { until } from '@irispair/common/support/until';
import * as wire from '@irispair/proto/compute';
import { disturbed, irisOf } from '../support/irises.js';
import { HopUnderTest } from '../support/hop-client.js';
import { ServiceUnderTest } from '../support/service-under-test.js';
import { entered, ids, insert, remove, searchFor, step, update, type Id } from '../support/steps.js';
import { MAXIMUM_CANDIDATES_A_STEP } from '../comparing/comparing.js';
import { MAXIMUM_REQUESTS_IN_FLIGHT } from './evaluate.js';

const { StepStatus } = wire;
const PEOPLE = 200;
/** Nearest first: serial id n is n * 4 bytes of code away, so that 1 to 149 match. */
const BYTES_APART = 4;

describe('a hop stream', () => {
  let test: ServiceUnderTest;
  let session: number;
  let query: number;

  before(async () => {
    test = await ServiceUnderTest.start();
    session = (await test.join()).first.sessionId;
    const person = irisOf('somebody');
    const people = Array.from({ length: PEOPLE }, (_, index) => disturbed(person, (index + 1) * BYTES_APART));
    const handles = await test.prepare(session, people);
    await test.commit(handles.map((handle, index) => insert(handle, index + 1)));
    await test.release(handles);
    [query] = await test.prepare(session, [person]);
  });
  after(() => test.stop());

  const hops: HopUnderTest[] = [];
  function openHop(client = test.client): HopUnderTest {
    const hop = new HopUnderTest(client);
    hops.push(hop);
    return hop;
  }
  afterEach(async () => {
    for (const hop of hops.splice(0)) hop.cancel();
    await until('the searches of all streams are gone', () => test.engine.counters().openSearches === 0);
  });

  it('ranks candidates nearest first over several steps, and counts matches', async () => {
    const hop = openHop();
    const [first] = await hop.evaluate(step(1, searchFor(query, 3), ids([170, 0], [7, 0], [9, 0], [160, 0])));
    assert.deepEqual(entered(first), [
      [1, 0],
      [2, 1],
      [3, 2],
    ]);
    assert.deepEqual([first.status, first.matchCount, first.neighbourhoodSize], [StepStatus.OK, 2, 3]);
    const [second] = await hop.evaluate(
      step(1, undefined, ids([180, 0], [8, 0]), { close: true, withDistances: true }),
    );
    assert.deepEqual(entered(second), [[1, 1]]);
    assert.deepEqual([second.matchCount, second.neighbourhoodSize], [3, 3]);
    assert.deepEqual([...new Uint16Array(Uint8Array.from(second.distances).buffer)], [8 * 32, 12_800, 0, 0]);
  });

  it('ranks candidates last that are deleted, unknown or of another version', async () => {
    const [other] = await test.prepare(session, [irisOf('replacement')]);
    await test.commit([remove([150, 0]), update(other, [151, 0])]);
    const hop = openHop();
    const candidates = ids([150, 1], [151, 0], [4_000, 0], [151, 1], [2, 1], [3, 0]);
    const [answer] = await hop.evaluate(step(1, searchFor(query, 6), candidates, { close: true }));
    assert.deepEqual(entered(answer).slice(0, 2), [
      [5, 0],
      [3, 1],
    ]);
    assert.deepEqual([answer.stale, answer.matchCount, answer.neighbourhoodSize], [4, 1, 6]);
  });

  it('answers each step on its own: the good ones are evaluated, the others say what is wrong', async () => {
    const hop = openHop();
    const open = searchFor(query, 1);
    const one = ids([1, 0]);
    const answers = await hop.evaluate(
      step(1, { ...open, side: wire.Side.UNSPECIFIED }, one),
      step(2, open, one),
      step(3, { ...open, orientation: wire.Orientation.UNSPECIFIED }, one),
      step(4, { ...open, query: undefined }, one),
      step(5, { ...open, ef: 0 }, one),
      step(6, { ...open, baseRotation: 11 }, one),
      step(7, { ...open, matchLimit: 65_537 }, one),
      step(8, open, Buffer.alloc(7)),
      step(9, open, Buffer.alloc((MAXIMUM_CANDIDATES_A_STEP + 1) * 8)),
      step(10, searchFor(4_000_000, 1), one),
      step(11, undefined, one),
      step(12, open, one, { deadlineMicroseconds: monotonicMicroseconds() - 1 }),
      step(13, open, one, { deadlineMicroseconds: monotonicMicroseconds() + 60e6 }),
    );
    assert.deepEqual(
      answers.map((answer) => [answer.searchId, answer.status]),
      [
        [1, StepStatus.INVALID],
        [2, StepStatus.OK],
        [3, StepStatus.INVALID],
        [4, StepStatus.INVALID],
        [5, StepStatus.INVALID],
        [6, StepStatus.INVALID],
        [7, StepStatus.INVALID],
        [8, StepStatus.INVALID],
        [9, StepStatus.INVALID],
        [10, StepStatus.UNKNOWN_QUERY],
        [11, StepStatus.UNKNOWN_SEARCH],
        [12, StepStatus.DEADLINE_EXCEEDED],
        [13, StepStatus.OK],
      ],
    );
    const details = [
      /^open\.side: not set/,
      /^$/,
      /^open\.orientation: not set/,
      /^open\.query: not set/,
      /ef/,
      /base_rotation|rotation_reach/,
      /match_limit/,
      /^candidates: 7 bytes/,
      /^candidates: more than 65536 in one step/,
      /released, has expired or was never prepared/,
      /not open on this stream/,
      /deadline had passed/,
      /^$/,
    ];
    answers.forEach(({ detail }, index) => {
      assert.match(detail, details[index]);
    });
    assert.deepEqual(entered(answers[1]), [[0, 0]]);
    // Only the good ones are open.
    assert.equal(test.engine.counters().openSearches, 2);
  });

  it('takes as many candidates in a step as it says', async () => {
    const hop = openHop();
    const candidates = ids(
      ...Array.from({ length: MAXIMUM_CANDIDATES_A_STEP }, (_, index): Id => [index + 1, 0]),
    );
    const [answer] = await hop.evaluate(step(1, searchFor(query, 1), candidates));
    assert.deepEqual([answer.status, entered(answer)], [StepStatus.OK, [[0, 0]]]);
  });

  it('closes a search whose step it refused or dropped', async () => {
    const hop = openHop();
    const wrong: Partial<wire.SearchStep>[] = [
      { candidates: Buffer.alloc(9) },
      { candidates: Buffer.alloc((MAXIMUM_CANDIDATES_A_STEP + 1) * 8) },
      { deadlineMicroseconds: 1 },
      { open: searchFor(query, 1) },
    ];
    for (const [index, fault] of wrong.entries()) {
      const searchId = index + 1;
      const [opened] = await hop.evaluate(step(searchId, searchFor(query, 2), ids([1, 0])));
      assert.equal(opened.status, StepStatus.OK);
      const [refused] = await hop.evaluate({ ...step(searchId, undefined, ids([2, 0])), ...fault });
      assert.notEqual(refused.status, StepStatus.OK);
      const [gone] = await hop.evaluate(step(searchId, undefined, ids([3, 0])));
      assert.equal(gone.status, StepStatus.UNKNOWN_SEARCH, refused.detail);
    }
  });

  it('refuses two steps of one search at a time', async () => {
    const hop = openHop();
    const [first, second] = await hop.evaluate(
      step(1, searchFor(query, 1), ids([1, 0])),
      step(1, undefined, ids([2, 0])),
    );
    assert.deepEqual([first.status, second.status], [StepStatus.OK, StepStatus.INVALID]);
    assert.match(second.detail, /not answered yet/);
  });

  it('keeps searches of streams apart, and frees them with their stream', async () => {
    const [one, other] = [openHop(), openHop()];
    await one.evaluate(step(1, searchFor(query, 1), ids([1, 0])), step(2, searchFor(query, 1), ids([1, 0])));
    const [foreign] = await other.evaluate(step(1, undefined, ids([1, 0])));
    assert.equal(foreign.status, StepStatus.UNKNOWN_SEARCH);
    await other.evaluate(step(1, searchFor(query, 1), ids([1, 0])));
    assert.equal(test.engine.counters().openSearches, 3);
    one.cancel();
    await until("the cancelled stream's are gone", () => test.engine.counters().openSearches === 1);
    other.end();
    assert.equal((await other.ended).code, status.OK);
    await until("the ended stream's are gone", () => test.engine.counters().openSearches === 0);
  });

  it('answers what was asked before it was ended', async () => {
    const hop = openHop();
    const answers = Array.from({ length: 20 }, (_, index) =>
      hop.evaluate(step(index, searchFor(query, 1), ids([1, 0]))),
    );
    hop.end();
    for (const [answer] of await Promise.all(answers)) assert.equal(answer.status, StepStatus.OK);
    assert.equal((await hop.ended).code, status.OK);
  });

  it('answers a message without steps, and says when it worked', async () => {
    const hop = openHop();
    const sent = monotonicMicroseconds();
    assert.deepEqual((await hop.send([])).answers, []);
    const response = await hop.send([step(1, searchFor(query, 1), ids([1, 0]))]);
    const times = [
      sent,
      response.receivedMicroseconds,
      response.startedMicroseconds,
      response.finishedMicroseconds,
      monotonicMicroseconds(),
    ];
    assert.deepEqual(
      times,
      [...times].sort((a, b) => a - b),
    );
  });

  it('ends with RESOURCE_EXHAUSTED when too many messages are unanswered; the service goes on', async () => {
    const hop = openHop();
    // The first message keeps the workers busy for long: those behind it wait.
    const longStep = ids(
      ...Array.from({ length: MAXIMUM_CANDIDATES_A_STEP }, (_, index): Id => [(index % PEOPLE) + 1, 0]),
    );
    const long = searchFor(query, 1, { rotationReach: 15 });
    const sent = [hop.send(Array.from({ length: 8 }, (_, index) => step(index, long, longStep)))];
    for (let message = 0; message < MAXIMUM_REQUESTS_IN_FLIGHT; message++) {
      sent.push(hop.send([step(100 + message, searchFor(query, 1), ids([1, 0]))]));
    }
    await assert.rejects(Promise.all(sent), /RESOURCE_EXHAUSTED/);
    const { code, details } = await hop.ended;
    assert.equal(code, status.RESOURCE_EXHAUSTED);
    assert.match(details, /64 requests of this stream are unanswered/);
    await until('its searches are gone', () => test.engine.counters().openSearches === 0);
    const next = openHop();
    const [answer] = await next.evaluate(step(1, searchFor(query, 1), ids([1, 0])));
    assert.equal(answer.status, StepStatus.OK);
  });

  it('refuses an oversized message; the service goes on', async () => {
    const unbounded = new wire.IrisComputeClient(socketTarget(test.socket), credentials.createInsecure(), {
      'grpc.max_send_message_length': -1,
      'grpc.default_authority': 'localhost',
    });
    const hop = openHop(unbounded);
    const oversized = hop.send([step(1, searchFor(query, 1), Buffer.alloc((8 << 20) + 8))]);
    await assert.rejects(oversized, /RESOURCE_EXHAUSTED/);
    const next = openHop(unbounded);
    const [answer] = await next.evaluate(step(1, searchFor(query, 1), ids([1, 0])));
    assert.equal(answer.status, StepStatus.OK);
    unbounded.close();
  });
});
