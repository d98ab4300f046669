/** Ids for tests, short to write. */
import { serialId, version, type VectorId } from '@irispair/common/ids/vector-id';

/** A VectorId of version 0 unless told. */
export function idOf(serial: number, ofVersion = 0): VectorId {
  return { serialId: serialId(serial), version: version(ofVersion) };
}

/** Serial ids from 1. */
export function serials(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
