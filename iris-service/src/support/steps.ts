/** Steps and searches as messages of the hop: for tests. */
import { packVectorIds, serialId, unpackVectorIds, version } from '@irispair/common/ids/vector-id';
import { matchLimit } from '@irispair/common/matching/threshold';
import * as wire from '@irispair/proto/compute';
import { RUN_NAME_BYTES } from '@irispair/common/parties/run-name';

/** A serial id with its version. */
export type Id = readonly [serialId: number, version: number];

/** A search for a prepared query on the left side, over 11 rotations. */
export function searchFor(query: number, ef: number, more: Partial<wire.OpenSearch> = {}): wire.OpenSearch {
  return {
    query: { $case: 'queryHandle', value: query },
    side: wire.Side.LEFT,
    orientation: wire.Orientation.NORMAL,
    baseRotation: 0,
    rotationReach: 5,
    ef,
    matchLimit: matchLimit(0.375),
    ...more,
  };
}

/** A step of a search; it opens the search when there is something to open. */
export function step(
  searchId: number,
  open: wire.OpenSearch | undefined,
  candidates: Buffer,
  more: Partial<wire.SearchStep> = {},
): wire.SearchStep {
  return {
    searchId,
    open,
    candidates,
    close: false,
    withDistances: false,
    deadlineMicroseconds: 0,
    trace: undefined,
    ...more,
  };
}

export function ids(...pairs: readonly Id[]): Buffer {
  return packVectorIds(
    pairs.map(([serial, count]) => ({ serialId: serialId(serial), version: version(count) })),
  );
}

/** Serial ids of packed VectorIds. */
export function serials(packed: Uint8Array): number[] {
  return unpackVectorIds(packed).map((id) => id.serialId);
}

/** What entered: index into the candidates, rank. */
export function entered({ entered: packed }: wire.StepAnswer): [index: number, rank: number][] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  return Array.from({ length: packed.byteLength / 8 }, (_, place) => [
    view.getUint32(8 * place, true),
    view.getUint32(8 * place + 4, true),
  ]);
}

export function insert(query: number, serial: number): wire.Change['kind'] {
  return { $case: 'insert', value: { queryHandle: query, serialId: serial } };
}

export function update(query: number, [serial, count]: Id): wire.Change['kind'] {
  return { $case: 'update', value: { queryHandle: query, expected: { serialId: serial, version: count } } };
}

export function remove([serial, count]: Id): wire.Change['kind'] {
  return { $case: 'delete', value: { expected: { serialId: serial, version: count } } };
}

/** What the three parties call a run. */
export function runName(batch: number, run: number): Buffer {
  const name = Buffer.alloc(RUN_NAME_BYTES);
  name.writeBigUInt64LE(BigInt(batch), 0);
  name.writeBigUInt64LE(BigInt(run), 8);
  return name;
}
