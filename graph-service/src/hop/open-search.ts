/** Searches in the hop's terms. */
import { Orientation, Side } from '@irispair/common/iris/side';
import * as wire from '@irispair/proto/compute';
import type { ComparisonTerms, Probe } from '../walk/order.js';

/** Side for a message. */
export function writeSide(side: Side): wire.Side {
  return side === Side.Left ? wire.Side.LEFT : wire.Side.RIGHT;
}

/**
 * The opening of a search.
 *
 * A stored probe builds the graph, and is compared at one rotation: rows ranked so find as much as rows ranked over the
 * whole window, for a fraction of the work (docs/decisions.md).
 * @param run what the parties call it, 16 bytes; undefined in plain mode
 */
export function openSearch(
  probe: Probe,
  side: Side,
  orientation: Orientation,
  ef: number,
  { rotationReach, matchLimit }: ComparisonTerms,
  run?: Uint8Array,
): wire.OpenSearch {
  return {
    query:
      'handle' in probe
        ? { $case: 'queryHandle', value: probe.handle }
        : { $case: 'stored', value: { serialId: probe.stored.serialId, version: probe.stored.version } },
    side: writeSide(side),
    orientation: orientation === Orientation.Normal ? wire.Orientation.NORMAL : wire.Orientation.MIRROR,
    baseRotation: 0,
    rotationReach: 'handle' in probe ? rotationReach : 0,
    ef,
    matchLimit,
    run: run === undefined ? undefined : Buffer.from(run),
  };
}
