import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serialId, version } from '@irispair/common/ids/vector-id';
import { SIDES } from '@irispair/common/iris/side';
import { NodeState } from '../graph/graph-node.js';
import { rowLimitFor } from '../index/graph-index.js';
import { LmdbGraphStore } from '../store/lmdb-graph-store.js';
import { storedGraph } from '../support/stored-graph.js';
import { sharesOf, ThreeParties } from '../support/three-parties.js';

const PEOPLE = 2_000;
const NEIGHBOURS = 900;
const CAPACITY = 2_000;

describe("the leader's graph", () => {
  it('arrives whole at both followers when it is many messages long', async () => {
    const house = await ThreeParties.prepare(
      Array(3).fill({
        environment: {
          IRIS_STORE_INITIAL_CAPACITY: String(CAPACITY),
          IRISPAIR_M_MAX: String(NEIGHBOURS),
        },
      }),
    );
    try {
      // Nobody compares them: all may have the same eyes.
      const shares = sharesOf({ left: 1, right: 2 });
      for (const { store, party } of house.parties) {
        for (let person = 0; person < PEOPLE; person++) store.enrol(shares[party]);
      }
      const [leader, ...followers] = house.parties;
      await makeGraph(leader.graphStore);
      await house.startAll();
      await house.serving();
      for (const { log } of followers) assert.match(log, /taking the leader's/);
      await Promise.all(house.parties.map((one) => one.endGraph('SIGTERM')));
      const [first, ...others] = await Promise.all(house.parties.map(storedGraph));
      assert.equal(first.rows, SIDES.length * PEOPLE);
      for (const other of others) assert.deepEqual(other, first);
    } finally {
      await house.stop();
    }
  });
});

/** A graph of 14 MB that nobody built: everybody's neighbours are those that follow. */
async function makeGraph(directory: string): Promise<void> {
  const rowLimit = rowLimitFor(CAPACITY, { mMax: NEIGHBOURS });
  const store = await LmdbGraphStore.open(directory, rowLimit, { mode: 'shared', party: 0 });
  const serials = Array.from({ length: PEOPLE }, (_, index) => serialId(index + 1));
  await store.save(
    serials.map((serial) => ({ serialId: serial, state: NodeState.Live, version: version(0), layer: 0 })),
    serials.flatMap((serial) => {
      const neighbours = Uint32Array.from(
        { length: NEIGHBOURS },
        (_, place) => ((serial + place) % PEOPLE) + 1,
      );
      return SIDES.map((side) => ({ side, layer: 0, serialId: serial, neighbours }));
    }),
  );
  await store.close();
}
