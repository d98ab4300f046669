/** Stored records and uploaded probes to templates and back. */
import { CODE_BYTES, type Iris } from '@irispair/common/iris/template';
import { binding } from './binding.js';

/** The record of both eyes as arenas and stores hold it. */
export function encodeRecord({ left, right }: Iris): Buffer {
  return binding.encodeRecord(left.irisCodes, left.maskCodes, right.irisCodes, right.maskCodes);
}

/** The templates of a record, bit for bit as they were encoded. */
export function decodeRecord(record: Uint8Array): Iris {
  const probe = binding.decodeRecord(record);
  const part = (index: number) => probe.subarray(index * CODE_BYTES, (index + 1) * CODE_BYTES);
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
