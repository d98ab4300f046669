/**
 * Three pairs in secret-shared mode, of which services are killed between the first party's commit and the last's, or before
 * the first: all three end up with the change, or all three without, and the shares fit together.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { irisMessage } from '@irispair/common/iris/message';
import type { Iris } from '@irispair/common/iris/template';
import { PARTIES, type PartyIndex } from '@irispair/common/parties/party';
import { until } from '@irispair/common/support/until';
import * as api from '@irispair/proto/public';
import { Population } from 'irispair/generate/population';
import type { ServiceName } from 'irispair/pair/pair';
import { HopTap } from './support/hop-tap.js';
import { ThreePartiesUnderTest } from './support/three-parties.js';

const population = new Population('three parties that crash');
const STRANGER = 9_000;
const CHANGES = ['enroll', 'reauthenticate', 'delete'] as const;

/** A service that dies. */
type Victim = readonly [party: PartyIndex, service: ServiceName];

function enrolment(index: number): Iris {
  return population.enrolment(population.person(index));
}

function again(index: number): Iris {
  return population.again(population.person(index), 1);
}

/** Code bits under the mask are not shared. */
function unmasked({ left, right }: Iris): api.Iris {
  const eye = ({ irisCodes, maskCodes }: Iris['left']) => ({
    irisCodes: irisCodes.map((byte, index) => byte & maskCodes[index]),
    maskCodes,
  });
  return irisMessage({ left: eye(left), right: eye(right) });
}

describe('three pairs of which services are killed', () => {
  const [P0, P1, P2] = PARTIES;
  let test: ThreePartiesUnderTest;
  let people = 0;

  before(async () => {
    test = await ThreePartiesUnderTest.start();
  });
  after(() => test.stop());

  async function enroll(): Promise<number> {
    people += 1;
    const answer = await test.client.enroll({ iris: irisMessage(enrolment(people)), orList: [] });
    assert.equal(answer.decision, api.Decision.UNIQUE);
    return answer.serialId;
  }

  /** Has all graph services speak to their iris services through a tap each. */
  async function insertTaps(): Promise<HopTap[]> {
    const taps = await Promise.all(PARTIES.map((party) => HopTap.insert(test.parties.pairs[party].socket)));
    await Promise.all(PARTIES.map((party) => test.parties.pairs[party].kill('graph', 'SIGKILL')));
    for (const party of PARTIES) test.parties.pairs[party].startService('graph');
    await test.decideAgain(enrolment(STRANGER));
    return taps;
  }

  async function kill(victims: readonly Victim[]): Promise<void> {
    await Promise.all(victims.map(([party, service]) => test.parties.pairs[party].kill(service, 'SIGKILL')));
  }

  /** Takes the taps away and starts what was killed; resolves when the parties decide again. */
  async function recover(taps: readonly HopTap[], victims: readonly Victim[]): Promise<void> {
    await Promise.all(
      PARTIES.map((party) => taps[party].remove(test.parties.pairs[party].pid('iris') !== undefined)),
    );
    for (const [party, service] of victims) test.parties.pairs[party].startService(service);
    await test.decideAgain(enrolment(STRANGER));
  }

  async function notFound(call: Promise<unknown>): Promise<boolean> {
    return call.then(
      () => false,
      (error: unknown) => error instanceof Error && 'code' in error && error.code === status.NOT_FOUND,
    );
  }

  /**
   * Changes somebody, and kills services in between.
   * @param slow parties that have not applied it then
   * @returns whether all three have it
   */
  async function crash(
    change: (typeof CHANGES)[number],
    slow: readonly PartyIndex[],
    victims: readonly Victim[],
  ): Promise<boolean> {
    const serialId = change === 'enroll' ? 0 : await enroll();
    const highest = (await test.held())[0][1];
    if (change === 'enroll') people += 1;
    const person = people;
    const taps = await insertTaps();
    for (const party of slow) taps[party].hold('commitPrepared');
    const asked =
      change === 'delete'
        ? test.client.delete(serialId)
        : change === 'enroll'
          ? test.client.enroll({ iris: irisMessage(enrolment(person)), orList: [] })
          : test.client.reauthenticate({ serialId, iris: irisMessage(again(person)) });
    const failed = asked.then(
      () => undefined,
      (error: unknown) => error,
    );
    await until('the slow ones are to commit', () => slow.every((party) => taps[party].held > 0));
    for (const party of PARTIES.filter((one) => !slow.includes(one))) {
      await until('another has committed', () => taps[party].answered('commitPrepared') > 0);
    }
    await kill(victims);
    await recover(taps, victims);
    assert.ok(await failed, 'it was acknowledged');

    const held = await test.held();
    assert.deepEqual(held, Array(3).fill(held[0]));
    const of = change === 'enroll' ? highest + 1 : serialId;
    const isGone = await notFound(test.client.getIris(of));
    const now = isGone ? undefined : await test.client.getIris(of);
    const { decision } = await test.client.search({ iris: irisMessage(again(person)), orList: [] });
    assert.equal(decision, isGone ? api.Decision.UNIQUE : api.Decision.DUPLICATE);
    // The parties' shares are of one capture: the one that was there, or the one that was to come.
    const isReplaced = now?.version === 1;
    if (now !== undefined) {
      assert.deepEqual(now.iris, unmasked(isReplaced ? again(person) : enrolment(person)));
    }
    return change === 'enroll' ? !isGone : change === 'delete' ? isGone : isReplaced;
  }

  for (const change of CHANGES) {
    it(`${change}: all have it when it was killed between two commits, an iris and a graph service, the leader's too`, async () => {
      const victims: Victim[] = [
        [P0, 'graph'],
        [P1, 'iris'],
      ];
      assert.equal(await crash(change, [P0, P1], victims), true);
    });

    it(`${change}: none has it when they were killed after all had prepared it and before any commit`, async () => {
      const victims: Victim[] = [
        [P0, 'iris'],
        [P1, 'graph'],
        [P2, 'iris'],
        [P2, 'graph'],
      ];
      assert.equal(await crash(change, PARTIES, victims), false);
    });
  }
});
