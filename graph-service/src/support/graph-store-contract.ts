/** What every graph store must do, whatever keeps it. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import { serialId, version } from '@irispair/common/ids/vector-id';
import { SIDES } from '@irispair/common/iris/side';
import { NodeState } from '../graph/graph-node.js';
import type { GraphStore, GraphStoreHolder, StoredNode, StoredRow } from '../store/graph-store.js';

/** One place where a store may be, empty at first. */
export interface StorePlace {
  open(rowLimit: number, holder?: GraphStoreHolder): Promise<GraphStore>;
  remove(): Promise<void>;
}

const ROW_LIMIT = 20;
const HIGHEST = 0xffff_ffff;

const SERIAL = fc
  .oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: HIGHEST - 3, max: HIGHEST }))
  .map((serial) => serialId(serial));
const NODE: fc.Arbitrary<StoredNode> = fc.record(
  {
    serialId: SERIAL,
    state: fc.constantFrom(NodeState.Unknown, NodeState.Live, NodeState.Deleted),
    version: fc.integer({ min: 0, max: 0xffff }).map((value) => version(value)),
    layer: fc.integer({ min: 0, max: 15 }),
  },
  { noNullPrototype: true },
);
const ROW: fc.Arbitrary<StoredRow> = fc.record(
  {
    side: fc.constantFrom(...SIDES),
    layer: fc.integer({ min: 0, max: 15 }),
    serialId: SERIAL,
    neighbours: fc.uint32Array({ min: 1, maxLength: ROW_LIMIT }),
  },
  { noNullPrototype: true },
);
const SAVES = fc.array(fc.tuple(fc.array(NODE), fc.array(ROW)), { maxLength: 5 });

/** Nodes and rows by key: what a store holds, and what it should. */
class Contents {
  readonly nodes = new Map<number, StoredNode>();
  readonly rows = new Map<string, StoredRow>();

  static async of(store: GraphStore): Promise<Contents> {
    const contents = new Contents();
    contents.note(await collect(store.nodes()), await collect(store.rows()));
    return contents;
  }

  note(nodes: readonly StoredNode[], rows: readonly StoredRow[]): void {
    for (const node of nodes) this.nodes.set(node.serialId, node);
    for (const row of rows) this.rows.set(`${row.side}/${row.layer}/${row.serialId}`, row);
  }
}

async function collect<Item>(items: Iterable<Item> | AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const NODE_ONE: StoredNode = {
  serialId: serialId(1),
  state: NodeState.Live,
  version: version(3),
  layer: 2,
};
const IRISES = { storeId: '6f1d0e0c-0000-4000-8000-000000000001', commitCount: 7 };
const ROW_OF_ONE: StoredRow = {
  side: SIDES[0],
  layer: 2,
  serialId: serialId(1),
  neighbours: Uint32Array.of(5, 4, 3),
};

/** Declares the tests of one kind of store. */
export function graphStoreContract(kind: string, makePlace: () => Promise<StorePlace>): void {
  void describe(`a graph store in ${kind}`, () => {
    let place: StorePlace;
    beforeEach(async () => {
      place = await makePlace();
    });
    afterEach(() => place.remove());

    void it('holds what was saved last, before and after it is opened again', async () => {
      await fc.assert(
        fc.asyncProperty(SAVES, async (saves) => {
          const own = await makePlace();
          try {
            const store = await own.open(ROW_LIMIT);
            const expected = new Contents();
            for (const [nodes, rows] of saves) {
              await store.save(nodes, rows);
              expected.note(nodes, rows);
              assert.deepEqual(await Contents.of(store), expected);
            }
            await store.close();
            const again = await own.open(ROW_LIMIT);
            assert.deepEqual(await Contents.of(again), expected);
            await again.close();
          } finally {
            await own.remove();
          }
        }),
        { numRuns: 15 },
      );
    });

    void it('saves a part of an array as that part', async () => {
      const store = await place.open(ROW_LIMIT);
      const all = Uint32Array.of(9, 8, 7, 6);
      await store.save([], [{ ...ROW_OF_ONE, neighbours: all.subarray(1, 3) }]);
      assert.deepEqual(await collect(store.rows()), [{ ...ROW_OF_ONE, neighbours: Uint32Array.of(8, 7) }]);
      await store.close();
    });

    void it('holds nothing of a save that failed halfway', async () => {
      const store = await place.open(ROW_LIMIT);
      await store.save([NODE_ONE], [ROW_OF_ONE]);
      const before = await Contents.of(store);
      const torn: StoredRow = {
        ...ROW_OF_ONE,
        layer: 1,
        get neighbours(): Uint32Array {
          throw new Error('torn');
        },
      };
      const node = { ...NODE_ONE, version: version(4) };
      const row = { ...ROW_OF_ONE, neighbours: Uint32Array.of(1) };
      await assert.rejects(store.save([node], [row, torn]), /torn/);
      assert.deepEqual(await Contents.of(store), before);
      await store.save([], [{ ...ROW_OF_ONE, layer: 0 }]);
      await store.close();
      const again = await place.open(ROW_LIMIT);
      before.note([], [{ ...ROW_OF_ONE, layer: 0 }]);
      assert.deepEqual(await Contents.of(again), before);
      await again.close();
    });

    void it('keeps its identity, which another store does not share', async () => {
      const store = await place.open(ROW_LIMIT);
      const { identity } = store;
      assert.deepEqual([identity.mode, identity.rowLimit], ['plain', ROW_LIMIT]);
      assert.equal(Buffer.from(identity.layerKey, 'base64').byteLength, 32);
      await store.close();
      const again = await place.open(ROW_LIMIT);
      assert.deepEqual(again.identity, identity);
      await again.close();
      const other = await makePlace();
      const stranger = await other.open(ROW_LIMIT);
      assert.notEqual(stranger.identity.layerKey, identity.layerKey);
      await stranger.close();
      await other.remove();
    });

    void it('remembers the irises that it was saved with last, and none before', async () => {
      const store = await place.open(ROW_LIMIT);
      assert.equal(store.identity.irises, undefined);
      await store.save([NODE_ONE], [ROW_OF_ONE], IRISES);
      assert.deepEqual(store.identity.irises, IRISES);
      await store.save([], [], { ...IRISES, commitCount: 8 });
      await store.save([], []);
      await store.close();
      const again = await place.open(ROW_LIMIT);
      assert.deepEqual(again.identity.irises, { ...IRISES, commitCount: 8 });
      assert.deepEqual(await collect(again.nodes()), [NODE_ONE]);
      await again.close();
    });

    void it('that is cleared holds nothing, of the irises that it is given, and keeps its layer key', async () => {
      const store = await place.open(ROW_LIMIT);
      const { layerKey } = store.identity;
      await store.save([NODE_ONE], [ROW_OF_ONE], IRISES);
      const other = { storeId: '6f1d0e0c-0000-4000-8000-000000000002', commitCount: 3 };
      await store.clear(other);
      assert.deepEqual(await Contents.of(store), new Contents());
      await store.close();
      const again = await place.open(ROW_LIMIT);
      assert.deepEqual(await Contents.of(again), new Contents());
      assert.deepEqual([again.identity.irises, again.identity.layerKey], [other, layerKey]);
      await again.save([NODE_ONE], [], other);
      assert.deepEqual(await collect(again.nodes()), [NODE_ONE]);
      await again.close();
    });

    void it('keeps the layer key that it took last', async () => {
      const store = await place.open(ROW_LIMIT);
      const layerKey = Buffer.alloc(32, 7).toString('base64');
      await store.takeLayerKey(layerKey);
      assert.equal(store.identity.layerKey, layerKey);
      await store.close();
      const again = await place.open(ROW_LIMIT);
      assert.equal(again.identity.layerKey, layerKey);
      await again.close();
    });

    void it('is refused to a party in secret-shared mode', async () => {
      await (await place.open(ROW_LIMIT)).close();
      await assert.rejects(place.open(ROW_LIMIT, { mode: 'shared', party: 1 }), (error) => {
        assert.ok(error instanceof MisconfiguredError);
        assert.match(error.message, /holds mode plain.*configured for mode shared of party 1/);
        return true;
      });
    });

    void it('keeps whose it is', async () => {
      const holder = { mode: 'shared', party: 2 } as const;
      await (await place.open(ROW_LIMIT, holder)).close();
      const again = await place.open(ROW_LIMIT, holder);
      assert.deepEqual([again.identity.mode, again.identity.party], ['shared', 2]);
      await again.close();
      await assert.rejects(
        place.open(ROW_LIMIT, { mode: 'shared', party: 0 }),
        /holds mode shared of party 2/,
      );
    });

    void it('keeps its rows as they were laid out when longer ones are asked for', async () => {
      await (await place.open(ROW_LIMIT)).close();
      const again = await place.open(2 * ROW_LIMIT);
      assert.equal(again.identity.rowLimit, ROW_LIMIT);
      await again.close();
    });

    void it('is refused where its rows are longer than this service would lay out, saying so', async () => {
      await (await place.open(ROW_LIMIT)).close();
      await assert.rejects(place.open(ROW_LIMIT - 1), (error) => {
        assert.ok(error instanceof MisconfiguredError);
        assert.match(error.message, /rows of 20 neighbours/);
        assert.match(error.message, /rows of 19 neighbours/);
        return true;
      });
      // The refusal holds nothing back.
      await (await place.open(ROW_LIMIT)).close();
    });

    void it('has one owner at a time', async () => {
      const store = await place.open(ROW_LIMIT);
      await assert.rejects(place.open(ROW_LIMIT), (error) => {
        assert.ok(error instanceof MisconfiguredError);
        assert.match(error.message, /in use by another service/);
        return true;
      });
      await store.save([NODE_ONE], []);
      await store.close();
      const next = await place.open(ROW_LIMIT);
      assert.deepEqual(await collect(next.nodes()), [NODE_ONE]);
      await next.close();
    });
  });
}
