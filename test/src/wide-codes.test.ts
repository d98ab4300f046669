/** A pair that holds what public Open IRIS makes: 256 columns, parts masked apart. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { combinedMask } from '@irispair/common/iris/masks';
import { irisMessage } from '@irispair/common/iris/message';
import type { Iris } from '@irispair/common/iris/template';
import * as api from '@irispair/proto/public';
import { mirrored } from 'irispair/generate/mirror';
import { Population } from 'irispair/generate/population';
import { PairUnderTest } from './support/pair-under-test.js';

const PEOPLE = 40;
const population = new Population('wide codes', 256);

function enrolment(index: number): Iris {
  return population.enrolment(population.person(index));
}

/** The same capture with the imaginary part of every eighth pixel of a byte masked. */
function maskedApart({ left, right }: Iris): Iris {
  const apart = (mask: Uint8Array) => mask.map((byte, index) => (index % 4 === 0 ? byte & 0xbf : byte));
  return {
    left: { ...left, maskCodes: apart(left.maskCodes) },
    right: { ...right, maskCodes: apart(right.maskCodes) },
  };
}

describe('a pair of 256 columns', () => {
  let test: PairUnderTest;
  before(async () => {
    test = await PairUnderTest.start({ IRISPAIR_COLUMNS: '256' });
  });
  after(() => test.stop());

  async function decisionOf(iris: Iris): Promise<api.SearchResponse> {
    return test.client.search({ iris: irisMessage(iris), orList: [] });
  }

  it('enrols, finds, tells mirrored captures and strangers, and says its shape', async () => {
    assert.equal((await test.client.status()).columns, 256);
    for (let index = 0; index < PEOPLE; index++) {
      const { decision } = await test.client.enroll({ iris: irisMessage(enrolment(index)), orList: [] });
      assert.equal(decision, api.Decision.UNIQUE);
    }
    for (let index = 0; index < PEOPLE; index += 4) {
      const again = population.again(population.person(index), 1);
      const found = await decisionOf(again);
      assert.equal(found.decision, api.Decision.DUPLICATE);
      assert.deepEqual(
        found.matches.map(({ serialId }) => serialId),
        [index + 1],
      );
      const mirror = await decisionOf(mirrored(again));
      assert.equal(mirror.decision, api.Decision.MIRROR_ATTACK);
    }
    assert.equal((await decisionOf(enrolment(PEOPLE))).decision, api.Decision.UNIQUE);
  });

  it('counts pixels of which both parts are usable, and gives back what it counts', async () => {
    const apart = maskedApart(enrolment(PEOPLE + 1));
    const { serialId } = await test.client.enroll({ iris: irisMessage(apart), orList: [] });
    const { iris } = await test.client.getIris(serialId);
    assert.deepEqual(
      Buffer.from(iris?.left?.maskCodes ?? []),
      Buffer.from(combinedMask(apart.left.maskCodes)),
    );
    assert.equal((await decisionOf(enrolment(PEOPLE + 1))).decision, api.Decision.DUPLICATE);
  });

  it('refuses codes of 200 columns, and names what to set', async () => {
    const narrow = new Population('wide codes', 200);
    const iris = irisMessage(narrow.enrolment(narrow.person(0)));
    await assert.rejects(
      test.client.search({ iris, orList: [] }),
      (error: { code: number; details: string }) => {
        assert.equal(error.code, status.INVALID_ARGUMENT);
        assert.match(
          error.details,
          /iris\.left\.iris_codes: 1600 bytes, expected 2048: this population has codes of 256 columns, and this code has 200: set n_cols: 256 /,
        );
        return true;
      },
    );
  });

  it('is as it was after a restart, and people deleted are gone', async () => {
    await test.client.delete(1);
    await test.restart();
    assert.equal((await test.client.status()).columns, 256);
    assert.equal((await decisionOf(enrolment(0))).decision, api.Decision.UNIQUE);
    assert.equal((await decisionOf(enrolment(1))).decision, api.Decision.DUPLICATE);
  });
});
