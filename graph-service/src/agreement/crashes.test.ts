/** Services that die anywhere in a batch that changes something: all three parties end up with it, or all three without. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { status, type ServiceError } from '@grpc/grpc-js';
import { isServiceError } from '@irispair/common/grpc/status';
import { until } from '@irispair/common/support/until';
import { Decision, type SearchResponse } from '@irispair/proto/public';
import type { LinePoint, Places } from '../support/line-iris-service.js';
import { scattered } from '../support/number-line.js';
import { sharesOf, ThreeParties, type PartyUnderTest } from '../support/three-parties.js';

const leftOf = scattered(1);
const rightOf = scattered(2);
const CHANGES = ['insert', 'replace', 'delete'] as const;
const PEOPLE = 6;

type ChangeKind = (typeof CHANGES)[number];
/** What dies of a pair. */
type Victim = 'iris' | 'graph' | 'both';
type OfThree<Something> = readonly [Something, Something, Something];

/** Where each iris service is stopped, and what dies then. */
interface Crash {
  readonly change: ChangeKind;
  readonly stops: OfThree<LinePoint | undefined>;
  readonly victims: OfThree<Victim | undefined>;
}

/** Stops an iris service at a point of its work until it may go on. */
class Stop {
  isReached = false;
  private point: LinePoint | undefined;
  private held = Promise.resolve();
  private letGo: () => void = () => undefined;

  readonly pause = (point: LinePoint): Promise<void> => {
    if (point !== this.point) return Promise.resolve();
    this.isReached = true;
    return this.held;
  };

  at(point: LinePoint | undefined): void {
    this.point = point;
    this.isReached = false;
    this.held = new Promise((resolve) => {
      this.letGo = resolve;
    });
  }

  release(): void {
    this.point = undefined;
    this.letGo();
  }
}

function person(number: number): Places {
  return { left: leftOf(number), right: rightOf(number) };
}

function isPreparing(point: LinePoint | undefined): boolean {
  return point === 'prepare' || point === 'prepared';
}

describe('three parties whose services die in a batch', () => {
  const stops = [new Stop(), new Stop(), new Stop()];
  let house: ThreeParties;
  let people = 0;

  before(async () => {
    const environment = { IRISPAIR_BATCH_MILLISECONDS: '5', IRISPAIR_ARRIVAL_MILLISECONDS: '1000' };
    house = await ThreeParties.start(stops.map(({ pause }) => ({ environment, pause })));
    await house.serving();
    while (people < PEOPLE)
      assert.ok((await changed('insert', 0)).every((answer) => !isServiceError(answer)));
  });
  after(async () => {
    for (const stop of stops) stop.release();
    await house.stop();
  });

  /** Asks all three. @param serialId of whom; a new person is inserted */
  async function changed(change: ChangeKind, serialId: number): Promise<(object | ServiceError)[]> {
    const requestId = randomUUID();
    if (change === 'delete') return house.ask<object>('delete', () => ({ serialId, requestId }));
    if (change === 'insert') people += 1;
    const shares = sharesOf(person(change === 'insert' ? people : numberOf(serialId)));
    const name = change === 'insert' ? 'enroll' : 'reauthenticate';
    return house.ask<object>(name, (party) => ({ share: shares[party], orList: [], serialId, requestId }));
  }

  /** Which person has the serial id. */
  function numberOf(serialId: number): number {
    const left = house.parties[0].store.placeOf(serialId).left;
    const found = Array.from({ length: people }, (_, index) => index + 1).find(
      (number) => person(number).left === left,
    );
    assert.ok(found);
    return found;
  }

  /** Somebody to change: enrolled and not deleted. */
  function somebody(): number {
    const { irises } = house.parties[0].store;
    const serial = irises.findIndex((stored) => stored?.deleted === false);
    assert.ok(serial > 0);
    return serial;
  }

  /** What a party holds, shares aside, which differ. */
  function held({ store }: PartyUnderTest): (readonly [number, boolean, Places])[] {
    assert.equal(store.prepared, undefined);
    return store.irises
      .slice(1)
      .map((stored, index) => [stored?.version ?? -1, stored?.deleted ?? false, store.placeOf(index + 1)]);
  }

  async function end(one: PartyUnderTest, victim: Victim | undefined): Promise<void> {
    if (victim === 'iris' || victim === 'both') one.iris?.stop();
    if (victim === 'graph' || victim === 'both') await one.endGraph('SIGKILL');
  }

  async function startAgain(one: PartyUnderTest, victim: Victim | undefined): Promise<void> {
    if (victim === 'iris' || victim === 'both') await one.startIris();
    if (victim === 'graph' || victim === 'both') await one.startGraph();
  }

  /** Asks whether somebody is enrolled, until the parties answer. */
  async function isEnrolled(number: number): Promise<boolean> {
    let answers: (SearchResponse | ServiceError)[] = [];
    await until('the parties to decide again', async () => {
      const shares = sharesOf(person(number));
      const requestId = randomUUID();
      answers = await house.ask<SearchResponse>('search', (party) => ({
        share: shares[party],
        orList: [],
        requestId,
      }));
      return answers.every((answer) => !isServiceError(answer));
    });
    const decisions = answers.map((answer) => ('decision' in answer ? answer.decision : undefined));
    assert.deepEqual(decisions, Array(3).fill(decisions[0]));
    return decisions[0] === Decision.DUPLICATE;
  }

  /** Waits until nothing more happens before somebody dies. */
  async function standstill(crash: Crash, before: readonly string[]): Promise<void> {
    const preparing = crash.stops.some(isPreparing);
    await until('the parties to stand still', () =>
      house.parties.every(({ party, store }) => {
        const point = crash.stops[party];
        if (point !== undefined && isPreparing(point) === preparing) return stops[party].isReached;
        return preparing ? store.prepared !== undefined : store.applied !== before[party];
      }),
    );
  }

  /** @param again stops services once more while the parties settle what the crash left; resolves when they are dead */
  async function crashed(
    crash: Crash,
    again: () => Promise<void> = () => Promise.resolve(),
  ): Promise<boolean> {
    const before = house.parties.map(held);
    const appliedBefore = house.parties.map(({ store }) => store.applied);
    const serialId = crash.change === 'insert' ? house.parties[0].store.irises.length : somebody();
    const of = crash.change === 'insert' ? people + 1 : numberOf(serialId);
    crash.stops.forEach((point, party) => {
      stops[party].at(point);
    });
    const answers = changed(crash.change, serialId);
    await standstill(crash, appliedBefore);
    await Promise.all(house.parties.map((one) => end(one, crash.victims[one.party])));
    for (const stop of stops) stop.release();
    await again();
    await Promise.all(house.parties.map((one) => startAgain(one, crash.victims[one.party])));
    const isFound = await isEnrolled(of);

    const now = house.parties.map(held);
    for (const other of now.slice(1)) assert.deepEqual(other, now[0]);
    const isDone = JSON.stringify(now[0]) !== JSON.stringify(before[0]);
    const others = (all: readonly unknown[]) => all.toSpliced(serialId - 1, 1);
    assert.deepEqual(others(now[0]), others(before[0]));
    assert.equal(isFound, crash.change === 'insert' ? isDone : crash.change === 'replace' || !isDone);
    for (const answer of await answers) {
      if (isServiceError(answer)) assert.equal(answer.code, status.UNAVAILABLE, answer.details);
      else assert.ok(isDone, 'it was acknowledged');
    }
    if (crash.change === 'insert' && !isDone) people -= 1;
    return isDone;
  }

  for (const change of CHANGES) {
    it(`have no ${change} that one of them had not written down when its iris service died`, async () => {
      const stopped = ['prepared', 'prepare', undefined] as const;
      assert.equal(await crashed({ change, stops: stopped, victims: [undefined, 'iris', undefined] }), false);
    });

    it(`have no ${change} that none had applied when the leader died, whole`, async () => {
      const stopped = ['commit', 'commit', 'commit'] as const;
      assert.equal(await crashed({ change, stops: stopped, victims: ['both', 'iris', 'iris'] }), false);
    });

    it(`have the ${change} that one could not apply before its iris service died`, async () => {
      const stopped = [undefined, undefined, 'commit'] as const;
      assert.equal(await crashed({ change, stops: stopped, victims: [undefined, undefined, 'iris'] }), true);
    });

    it(`have the ${change} that only one had applied when the others died, the leader among them`, async () => {
      const stopped = ['commit', undefined, 'commit'] as const;
      assert.equal(await crashed({ change, stops: stopped, victims: ['both', 'graph', 'both'] }), true);
    });

    it(`have the ${change} that all had applied when their graph services died`, async () => {
      const stopped = ['committed', 'committed', 'committed'] as const;
      assert.equal(await crashed({ change, stops: stopped, victims: ['graph', 'graph', 'graph'] }), true);
    });
  }

  it('settle it though another dies while they do', async () => {
    for (const [point, isDone] of [
      ['commit', true],
      ['drop', false],
    ] as const) {
      const first: Crash = {
        change: 'insert',
        stops: isDone ? [undefined, 'commit', 'commit'] : ['prepared', undefined, undefined],
        victims: isDone ? [undefined, 'iris', 'iris'] : ['graph', undefined, undefined],
      };
      const done = await crashed(first, async () => {
        stops[1].at(point);
        await Promise.all(house.parties.map((one) => startAgain(one, first.victims[one.party])));
        await until('it to settle', () => stops[1].isReached);
        await end(house.parties[1], 'both');
        stops[1].release();
        await startAgain(house.parties[1], 'both');
        await Promise.all(house.parties.map((one) => end(one, first.victims[one.party])));
      });
      assert.equal(done, isDone);
    }
  });

  it('end up equal wherever services are stopped and whichever die', async () => {
    const ofThree = <Something>(one: fc.Arbitrary<Something>) => fc.tuple(one, one, one);
    const maybe = <Something>(...some: Something[]) => fc.constantFrom(undefined, undefined, ...some);
    const crash = fc.record({
      change: fc.constantFrom(...CHANGES),
      stops: ofThree(maybe<LinePoint>('prepare', 'prepared', 'commit', 'committed')),
      victims: ofThree(maybe<Victim>('iris', 'graph', 'both')),
    });
    const property = fc.asyncProperty(crash, async (one) => {
      await crashed(one);
    });
    await fc.assert(property, { numRuns: 12, endOnFailure: true });
  });
});
