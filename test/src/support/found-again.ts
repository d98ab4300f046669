/** Whether nobody who was acknowledged is lost or doubled. */
import assert from 'node:assert/strict';
import { irisMessage } from '@irispair/common/iris/message';
import * as api from '@irispair/proto/public';
import type { Population } from 'irispair/generate/population';
import type { PairUnderTest } from './pair-under-test.js';

/**
 * Everybody acknowledged is found once, in a new capture, and the graph holds whom the store holds.
 * @param acknowledged serial ids by index of person
 */
export async function assertFoundAgain(
  test: Pick<PairUnderTest, 'client'>,
  population: Population,
  acknowledged: ReadonlyMap<number, number>,
): Promise<void> {
  assert.equal(new Set(acknowledged.values()).size, acknowledged.size);
  await Promise.all(
    Array.from(acknowledged, async ([person, serialId]) => {
      const again = population.again(population.person(person), 1);
      const { decision, matches } = await test.client.search({ iris: irisMessage(again), orList: [] });
      assert.equal(decision, api.Decision.DUPLICATE, `person ${person} is lost`);
      assert.deepEqual(
        matches.map((match) => match.serialId),
        [serialId],
        `person ${person}`,
      );
    }),
  );
  const { enrolled, highestSerialId, graph } = await test.client.status();
  assert.equal(graph?.nodes, enrolled);
  assert.equal(highestSerialId, enrolled);
}
