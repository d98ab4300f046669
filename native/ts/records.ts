/** Stored records and uploaded probes to templates and back. */
import { codeBytes, type Columns } from '@irispair/common/iris/shape';
import type { Iris } from '@irispair/common/iris/template';
import { binding } from './binding.js';

const PLANES = 3;
const COLUMN_BYTES = 4;
const EYES = 2;

/** Bytes of the record of both eyes: 4,800 at 200 columns, 6,144 at 256. */
export function irisRecordBytes(columns: Columns): number {
  return EYES * PLANES * COLUMN_BYTES * columns;
}

/** The record of both eyes as arenas and stores hold it. */
export function encodeRecord({ left, right }: Iris, columns: Columns): Buffer {
  return binding.encodeRecord(columns, left.irisCodes, left.maskCodes, right.irisCodes, right.maskCodes);
}

/** The templates of a record, bit for bit as they were encoded. */
export function decodeRecord(record: Uint8Array, columns: Columns): Iris {
  const bytes = codeBytes(columns);
  const probe = binding.decodeRecord(columns, record);
  const part = (index: number) => probe.subarray(index * bytes, (index + 1) * bytes);
  return {
    left: { irisCodes: part(0), maskCodes: part(1) },
    right: { irisCodes: part(2), maskCodes: part(3) },
  };
}

/** Probes as the engine takes them: left code, left mask, right code, right mask each. */
export function packProbes(irises: readonly Iris[]): Buffer {
  return Buffer.concat(
    irises.flatMap(({ left, right }) => [left.irisCodes, left.maskCodes, right.irisCodes, right.maskCodes]),
  );
}
