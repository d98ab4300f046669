/** What a store holds, in short: for tests. */
import assert from 'node:assert/strict';
import { serialId, version } from '@irispair/common/ids/vector-id';
import type { IrisStore, StoreChange } from '../store/iris-store.js';
import { recordFormOf, type RecordForm } from '../store/record-form.js';

/** Serial id, version, and the byte that fills the record; null when deleted. */
export type Told = readonly [serialId: number, version: number, fill: number | null];

/** As a store of that form takes it. */
export function changeIn({ recordBytes }: RecordForm): (told: Told) => StoreChange {
  return ([serial, count, fill]) => ({
    serialId: serialId(serial),
    version: version(count),
    record: fill === null ? null : Buffer.alloc(recordBytes, fill),
  });
}

/** As a store of plain mode takes it. */
export const change = changeIn(recordFormOf({ mode: 'plain', columns: 200 }));

/** All that a store holds. */
export async function contents(store: IrisStore): Promise<Told[]> {
  const { recordBytes } = recordFormOf(store.identity);
  const told: Told[] = [];
  for await (const { id, record } of store.load()) {
    if (record !== null) {
      assert.deepEqual(Buffer.from(record), Buffer.alloc(recordBytes, record[0]), 'half a record');
    }
    told.push([id.serialId, id.version, record?.[0] ?? null]);
  }
  return told;
}
