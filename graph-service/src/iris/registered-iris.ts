/** What the iris service says about a serial id. */
import type { VectorId } from '@irispair/common/ids/vector-id';

/** The current id, and whether it was deleted. */
export interface RegisteredIris {
  readonly id: VectorId;
  readonly deleted: boolean;
}
