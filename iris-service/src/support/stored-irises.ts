/** What a store holds, in short: for tests. */
import assert from 'node:assert/strict';
import { serialId, version } from '@irispair/common/ids/vector-id';
import { IRIS_RECORD_BYTES } from '@irispair/native/engine-types';
import type { IrisStore, StoreChange } from '../store/iris-store.js';

/** Serial id, version, and the byte that fills the record; null when deleted. */
export type Told = readonly [serialId: number, version: number, fill: number | null];

/** As the store takes it. */
export function change([serial, count, fill]: Told): StoreChange {
  return {
    serialId: serialId(serial),
    version: version(count),
    record: fill === null ? null : Buffer.alloc(IRIS_RECORD_BYTES, fill),
  };
}

/** All that a store holds. */
export async function contents(store: IrisStore): Promise<Told[]> {
  const told: Told[] = [];
  for await (const { id, record } of store.load()) {
    if (record !== null) {
      assert.deepEqual(Buffer.from(record), Buffer.alloc(IRIS_RECORD_BYTES, record[0]), 'half a record');
    }
    told.push([id.serialId, id.version, record?.[0] ?? null]);
  }
  return told;
}
