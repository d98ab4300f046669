/** Changes an embedded store behind the back of its checksums: for tests. */
import { open, type Database } from 'lmdb';

/** The tables of a store. */
export interface StoreTables {
  readonly irises: Database<Buffer, number>;
  readonly heads: Database<unknown, string>;
}

/** Edits the tables of the store in a directory, which no service has open. */
export async function editStore(
  directory: string,
  edit: (tables: StoreTables) => Promise<void>,
): Promise<void> {
  const root = open({ path: directory, maxDbs: 3 });
  await edit({
    irises: root.openDB<Buffer, number>({ name: 'irises', encoding: 'binary', keyEncoding: 'uint32' }),
    heads: root.openDB({ name: 'head', encoding: 'json' }),
  });
  await root.close();
}

/** A value as versions before checksums wrote it. */
export function withoutChecksum(value: Buffer | undefined): Buffer {
  const whole = Buffer.from(value ?? []);
  return Buffer.concat([whole.subarray(0, 1), Buffer.alloc(1), whole.subarray(2, 4), whole.subarray(8)]);
}
