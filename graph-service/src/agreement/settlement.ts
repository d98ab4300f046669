/**
 * What becomes of batches that an earlier term left prepared.
 *
 * A party is told to store only once all three have the batch prepared. So if any has applied it, those that still hold it
 * prepared can, and do; if none has, nobody was told that it is stored, and it is dropped.
 */
import { InvalidInputError } from '@irispair/common/errors/errors';
import { readBatchName, type BatchName } from '@irispair/common/parties/batch-name';
import { Fate, type Settle, type Standing } from '@irispair/proto/agreement';

/** What a standing says of the journal. */
export type JournalStanding = Pick<Standing, 'appliedBatch' | 'preparedBatch'>;

/** What each party is to do before registries are compared, in the order of the standings; undefined where it holds nothing. */
export function settlements(standings: readonly JournalStanding[]): (Settle | undefined)[] {
  return standings.map(({ preparedBatch: batch }) => {
    if (batch.byteLength === 0) return undefined;
    const isApplied = standings.some(({ appliedBatch }) => appliedBatch.equals(batch));
    return { batch, fate: isApplied ? Fate.APPLY : Fate.DROP };
  });
}

/** What a message settles. @throws InvalidInputError when it does not say */
export function readSettlement({ batch, fate }: Settle): { batch: BatchName; isApplied: boolean } {
  if (fate === Fate.UNSPECIFIED) throw new InvalidInputError('settle.fate', 'not set');
  return { batch: readBatchName(batch, 'settle.batch'), isApplied: fate === Fate.APPLY };
}
