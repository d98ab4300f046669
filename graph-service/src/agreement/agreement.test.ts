import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { status, type ServiceError } from '@grpc/grpc-js';
import { isServiceError } from '@irispair/common/grpc/status';
import { until } from '@irispair/common/support/until';
import {
  Decision,
  type DeleteResponse,
  type EnrollResponse,
  type GetIrisResponse,
  type ProcessRequest,
  type SearchResponse,
  type VerifyResponse,
} from '@irispair/proto/public';
import type { Places } from '../support/line-iris-service.js';
import { scattered } from '../support/number-line.js';
import { storedGraph } from '../support/stored-graph.js';
import { sharesOf, ThreeParties } from '../support/three-parties.js';

const leftOf = scattered(1);
const rightOf = scattered(2);
const ARRIVAL_MILLISECONDS = 2_000;
const PEOPLE = 60;
const AT_ONCE = 20;

/** A person by number. */
function person(number: number): Places {
  return { left: leftOf(number), right: rightOf(number) };
}

/** Holds answers back. */
class Gate {
  waiting = 0;
  private held: Promise<void> | undefined;
  private letGo: () => void = () => undefined;

  /** Resolves when answers may go out. */
  get open(): Promise<void> {
    if (this.held === undefined) return Promise.resolve();
    this.waiting += 1;
    return this.held;
  }

  hold(): void {
    this.waiting = 0;
    this.held = new Promise((resolve) => {
      this.letGo = resolve;
    });
  }

  release(): void {
    this.held = undefined;
    this.letGo();
  }
}

/** Pauses that differ from party to party and from answer to answer. */
function unsteady(seed: number): () => Promise<void> {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return sleep((state >>> 8) % 4);
  };
}

const OPTIONS = [1, 2, 3].map((seed) => ({
  delay: unsteady(seed),
  environment: {
    IRISPAIR_LOG_LEVEL: 'debug',
    IRISPAIR_ARRIVAL_MILLISECONDS: String(ARRIVAL_MILLISECONDS),
    IRISPAIR_BATCH_SIZE: '8',
    IRISPAIR_BATCH_MILLISECONDS: String(5 * seed),
  },
}));

function good<Answer>(answers: readonly (Answer | ServiceError)[]): Answer[] {
  return answers.map((answer) => {
    assert.ok(!isServiceError(answer), String(answer));
    return answer;
  });
}

function refused(answer: unknown, code: status, details: RegExp): void {
  assert.ok(isServiceError(answer), JSON.stringify(answer));
  assert.equal(status[answer.code], status[code], answer.details);
  assert.match(answer.details, details);
}

async function enroll(house: ThreeParties, number: number): Promise<(EnrollResponse | ServiceError)[]> {
  const shares = sharesOf(person(number));
  const requestId = randomUUID();
  return house.ask<EnrollResponse>('enroll', (party) => ({ share: shares[party], orList: [], requestId }));
}

describe('three parties that agree', () => {
  let house: ThreeParties;
  before(async () => {
    house = await ThreeParties.start(OPTIONS);
    await house.serving();
  });
  after(() => house.stop());

  it('enrol, find and compare alike, whatever the timing', async () => {
    const answers: (EnrollResponse | ServiceError)[][] = [];
    for (let first = 1; first <= PEOPLE; first += AT_ONCE) {
      const numbers = Array.from({ length: AT_ONCE }, (_, index) => first + index);
      answers.push(...(await Promise.all(numbers.map((number) => enroll(house, number)))));
    }
    const serials = answers.map((three) => {
      const [first, ...others] = good(three);
      for (const other of others) assert.deepEqual(other, first);
      assert.equal(first.decision, Decision.UNIQUE);
      return first.serialId;
    });
    assert.deepEqual(
      [...serials].sort((a, b) => a - b),
      serials.map((_, index) => index + 1),
    );
    const shares = sharesOf(person(7));
    const serialId = serials[6];
    const found = good(
      await house.ask<SearchResponse>('search', (party) => ({
        share: shares[party],
        orList: [],
        requestId: 'who',
      })),
    );
    for (const { decision, matches } of found) {
      assert.equal(decision, Decision.DUPLICATE);
      assert.deepEqual(
        matches.map((match) => match.serialId),
        [serialId],
      );
    }
    for (const name of ['verify', 'reauthenticate'] as const) {
      const verified = good(
        await house.ask<VerifyResponse>(name, (party) => ({
          share: shares[party],
          requestId: name,
          serialId,
        })),
      );
      const version = name === 'verify' ? 0 : 1;
      for (const answer of verified)
        assert.deepEqual(answer, { matched: true, left: undefined, right: undefined, version });
    }
    const kept = good(await house.ask<GetIrisResponse>('getIris', () => ({ serialId })));
    kept.forEach(({ share, iris }, party) => {
      assert.deepEqual([share?.party, share?.left, iris], [party, shares[party].left, undefined]);
    });
    const deleted = good(await house.ask<DeleteResponse>('delete', () => ({ serialId, requestId: 'gone' })));
    for (const { version } of deleted) assert.equal(version, 2);
    for (const answer of await house.ask('delete', () => ({ serialId, requestId: 'gone' })))
      refused(answer, status.NOT_FOUND, /was deleted/);
    const statuses = await Promise.all(house.parties.map((one) => one.status()));
    assert.deepEqual(
      statuses.map((one) => [one?.party, one?.enrolled]),
      [
        [0, 59],
        [1, 59],
        [2, 59],
      ],
    );
  });

  it('name every run once, and all three alike', () => {
    const names = house.parties.map(({ iris }) => iris?.runNames ?? new Map<string, number>());
    assert.ok(names[0].size > 500, String(names[0].size));
    for (const [run, times] of names[0]) assert.equal(times, 1, run);
    for (const other of names.slice(1))
      assert.deepEqual([...other.keys()].sort(), [...names[0].keys()].sort());
  });

  it('refuse one id for different irises, at all three', async () => {
    const [one, other] = [sharesOf(person(101)), sharesOf(person(102))];
    const answers = await house.ask('enroll', (party) => ({
      share: party === 1 ? other[1] : one[party],
      orList: [],
      requestId: 'mixed',
    }));
    for (const answer of answers)
      refused(
        answer,
        status.INVALID_ARGUMENT,
        /^share: the parties hold shares of different irises.*party 1/,
      );
  });

  it('refuse a request that one of them was not sent, naming it', async () => {
    const shares = sharesOf(person(103));
    const askWithout = (missing: number) =>
      Promise.all(
        house.parties
          .filter(({ party }) => party !== missing)
          .map((one) =>
            one.call('enroll', { share: shares[one.party], orList: [], requestId: `without ${missing}` }),
          ),
      );
    const answers = await Promise.all([0, 1, 2].map(askWithout));
    answers.forEach((both, missing) => {
      const reason = `did not arrive at party ${missing} within ${ARRIVAL_MILLISECONDS} ms`;
      for (const answer of both) refused(answer, status.DEADLINE_EXCEEDED, new RegExp(reason));
    });
  });

  it('refuse an id that is in work already', async () => {
    const shares = sharesOf(person(104));
    for (const both of await Promise.all(
      house.parties.slice(0, 2).map((one) => {
        const request = { share: shares[one.party], orList: [], requestId: 'twice' };
        return Promise.all([one.call('search', request), one.call('search', request)]);
      }),
    )) {
      const isFirst = (answer: unknown) => isServiceError(answer) && answer.code === status.DEADLINE_EXCEEDED;
      const [second] = both.filter((answer) => !isFirst(answer));
      assert.equal(both.filter(isFirst).length, 1);
      refused(second, status.ALREADY_EXISTS, /"twice" is in work already/);
    }
  });

  it('answer requests of the bulk stream, each by the id of the stream', async () => {
    const shares = sharesOf(person(1));
    const requests = house.parties.map(({ party }): ProcessRequest[] => [
      {
        requestId: 'of the stream',
        request: {
          $case: 'search',
          value: { share: shares[party], orList: [], requestId: 'of the parties' },
        },
      },
      { requestId: 'without a name', request: { $case: 'delete', value: { serialId: 1 } } },
    ]);
    const answers = await Promise.all(house.parties.map((one) => one.bulk(requests[one.party])));
    for (const three of answers) {
      const found = three.find(({ requestId }) => requestId === 'of the stream')?.response;
      assert.ok(found?.$case === 'search', JSON.stringify(three));
      assert.equal(found.value.decision, Decision.DUPLICATE);
      const wrong = three.find(({ requestId }) => requestId === 'without a name')?.response;
      assert.ok(wrong?.$case === 'error');
      assert.match(wrong.value.message, /^request_id: missing/);
    }
  });

  it('refuse at all what the caller of the leader no longer waits for', async () => {
    const shares = sharesOf(person(105));
    const request = (party: number) => ({ share: shares[party], orList: [], requestId: 'impatient' });
    const others = house.parties.slice(1).map((one) => one.call('search', request(one.party)));
    const [leader] = house.parties;
    // So little that it is over when the leader has the request.
    refused(await leader.call('search', request(0), 1), status.DEADLINE_EXCEEDED, /./);
    const codes = (await Promise.all(others)).map((answer) => isServiceError(answer) && answer.code);
    assert.equal(codes[0], codes[1]);
    assert.ok(codes[0] === status.CANCELLED || codes[0] === status.DEADLINE_EXCEEDED, String(codes[0]));
  });

  it('do not measure recall', async () => {
    const call = house.parties[0].admin().measureRecall();
    call.on('data', () => undefined);
    call.write({ part: { $case: 'plan', value: { samples: 10, target: 0.99 } } });
    const [error] = (await once(call, 'error')) as [ServiceError];
    refused(error, status.FAILED_PRECONDITION, /recall is not measured in secret-shared mode/);
  });

  it('have equal graphs, in their stores too', async () => {
    await Promise.all(house.parties.map((one) => one.endGraph('SIGTERM')));
    const [first, ...others] = await Promise.all(house.parties.map(storedGraph));
    assert.ok(first.rows >= 2 * (PEOPLE - 1));
    for (const other of others) assert.deepEqual(other, first);
    await Promise.all(house.parties.map((one) => one.startGraph()));
    await house.serving();
  });
});

describe('three parties, one of which goes away', () => {
  let house: ThreeParties;
  const gate = new Gate();
  before(async () => {
    house = await ThreeParties.start(
      OPTIONS.map(({ environment }) => ({ environment, delay: () => gate.open })),
    );
    await house.serving();
    for (const three of await Promise.all([1, 2, 3, 4, 5].map((number) => enroll(house, number))))
      good(three);
  });
  after(async () => {
    gate.release();
    await house.stop();
  });

  for (const killed of [2, 0]) {
    it(`fail the batch at all when party ${killed} is killed in it, and go on once it is back`, async () => {
      gate.hold();
      const waiting = enroll(house, 20 + killed);
      await until('the batch', () => gate.waiting > 0);
      await house.parties[killed].endGraph('SIGKILL');
      const answers = await waiting;
      answers.forEach((answer, party) => {
        const reason = party === killed ? /./ : new RegExp(`party ${killed}`);
        refused(answer, status.UNAVAILABLE, reason);
      });
      gate.release();
      for (const one of house.parties.filter(({ party }) => party !== killed)) {
        await until('it to say so', async () => {
          const told = await one.status();
          return told?.ready === false && told.irisAway.includes(`party ${killed}`);
        });
      }
      await house.parties[killed].startGraph();
      await house.serving();
      for (const { store } of house.parties) assert.equal(store.irises.length, 6 + (killed === 0 ? 1 : 0));
      const [{ serialId }] = good(await enroll(house, 20 + killed));
      assert.equal(serialId, killed === 0 ? 7 : 6);
    });
  }

  it('serve again after the iris service of one was away', async () => {
    const [, one] = house.parties;
    one.iris?.stop();
    await until('it to be missed', async () => {
      const told = await Promise.all(house.parties.map((each) => each.status()));
      return told.every((each) => each?.ready === false);
    });
    refused((await enroll(house, 30))[0], status.UNAVAILABLE, /party 1/);
    await one.startIris();
    await house.serving();
    good(await enroll(house, 30));
  });

  it('take no requests while one holds other irises, saying what each holds, and go on once it does not', async () => {
    const [, , one] = house.parties;
    const last = one.store.irises.pop();
    one.iris?.stop();
    await one.startIris();
    for (const each of house.parties) {
      await until('it to say so', async () => {
        const told = await each.status();
        return (
          told?.ready === false &&
          /irises differ.*party 0 8 people up to serial id 8.*party 2 7 people/.test(told.irisAway)
        );
      });
    }
    for (const answer of await enroll(house, 31)) refused(answer, status.UNAVAILABLE, /irises differ/);
    one.store.irises.push(last);
    one.iris?.stop();
    await one.startIris();
    await house.serving();
  });

  it("take the leader's graph where a follower's was lost", async () => {
    const [, one] = house.parties;
    await one.endGraph('SIGKILL');
    await rm(one.graphStore, { recursive: true });
    await one.startGraph();
    await house.serving();
    assert.match(one.log, /taking the leader's/);
    good(await enroll(house, 32));
    await Promise.all(house.parties.map((each) => each.endGraph('SIGTERM')));
    const [first, ...others] = await Promise.all(house.parties.map(storedGraph));
    for (const other of others) assert.deepEqual([other.sum, other.key], [first.sum, first.key]);
    await Promise.all(house.parties.map((each) => each.startGraph()));
    await house.serving();
  });

  it('answer nothing when a graph differs after a batch, name it, and go on with that of the leader', async () => {
    const [, , one] = house.parties;
    if (one.iris !== undefined) one.iris.misranks = true;
    for (const answer of await enroll(house, 34))
      refused(answer, status.UNAVAILABLE, /\(stored\), other than party 0's: the graph of party 2$/);
    await house.serving();
    assert.match(one.log, /the graph differs from the leader's: taking the leader's/);
    // All three held the iris, and so does the graph.
    for (const { decision } of good(await enroll(house, 34))) assert.equal(decision, Decision.DUPLICATE);
    await Promise.all(house.parties.map((each) => each.endGraph('SIGTERM')));
    const [first, ...others] = await Promise.all(house.parties.map(storedGraph));
    for (const other of others) assert.deepEqual([other.sum, other.key], [first.sum, first.key]);
    await Promise.all(house.parties.map((each) => each.startGraph()));
    await house.serving();
  });

  it('stop when a commit fails at one, and go on with it at all once its store takes it', async () => {
    const [, one] = house.parties;
    if (one.iris !== undefined) one.iris.refuseCommits = true;
    for (const answer of await enroll(house, 33))
      refused(answer, status.UNAVAILABLE, /party 1: the store is full/);
    await until(
      'it to say so',
      async () => (await one.status())?.irisAway.includes('the store is full') === true,
    );
    for (const each of house.parties) assert.equal((await each.status())?.ready, false);
    if (one.iris !== undefined) one.iris.refuseCommits = false;
    await house.serving();
    const [first, ...others] = house.parties.map(({ store }) => store.irises.length);
    assert.deepEqual(others, [first, first]);
    const [{ decision, serialId }] = good(await enroll(house, 33));
    assert.deepEqual([decision, serialId], [Decision.DUPLICATE, 0]);
  });
});

describe('three parties with irises and no graph', () => {
  it('build it together, and go on where they were interrupted', async () => {
    const people = 200;
    const house = await ThreeParties.prepare(OPTIONS.map(({ environment }) => ({ environment })));
    const shares = Array.from({ length: people }, (_, index) => sharesOf(person(index + 1)));
    house.parties.forEach(({ store, party }) => {
      for (const three of shares) store.enrol(three[party]);
    });
    await house.startAll();
    const [, , one] = house.parties;
    await until('some to be done', () => one.log.includes('catching the graph up'));
    await one.endGraph('SIGKILL');
    await one.startGraph();
    await house.serving();
    const asked = sharesOf(person(people));
    for (const { matches } of good(
      await house.ask<SearchResponse>('search', (party) => ({
        share: asked[party],
        orList: [],
        requestId: 'last',
      })),
    )) {
      assert.equal(matches[0].serialId, people);
    }
    await Promise.all(house.parties.map((each) => each.endGraph('SIGTERM')));
    const [first, ...others] = await Promise.all(house.parties.map(storedGraph));
    assert.ok(first.rows >= 2 * people);
    for (const other of others) assert.deepEqual(other, first);
    await house.stop();
  });
});
