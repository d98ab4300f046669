/** What the three parties call a run of their iris services' protocols. */

/** Bytes of the number of the batch, u64 little-endian, with which a name begins. */
export const RUN_BATCH_BYTES = 8;

/** Bytes of a name: the number of the batch, and 8 bytes of the parties' choice. */
export const RUN_NAME_BYTES = 16;

/** Number of the batch that a run belongs to. @param name {@link RUN_NAME_BYTES} of them */
export function batchOfRun(name: Buffer): bigint {
  return name.readBigUInt64LE(0);
}
