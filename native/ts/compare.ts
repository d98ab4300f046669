/** Offline comparison of two templates at every rotation. */
import { columnsOfBytes, DEFAULT_COLUMNS } from '@irispair/common/iris/shape';
import type { Template } from '@irispair/common/iris/template';
import { binding } from './binding.js';
import { unpackDistances, type Distance } from './distances.js';
import type { KernelName } from './engine-types.js';

/** What two templates of one side have in common. */
export interface Comparison {
  /** Rotations -15 to 15, ascending. */
  readonly byRotation: readonly Distance[];
  /** The same for the mirrored probe. */
  readonly mirroredByRotation: readonly Distance[];
}

/**
 * Compares a probe with a gallery template of the same shape, whether or not enough of their bits are usable.
 * @param kernel one of those available; the fastest by default
 */
export function compareTemplates(probe: Template, gallery: Template, kernel = fastestKernel()): Comparison {
  const columns = columnsOfBytes(probe.irisCodes.byteLength) ?? DEFAULT_COLUMNS;
  const distances = (mirror: boolean) =>
    unpackDistances(
      binding.compareEyes(
        columns,
        kernel,
        mirror,
        probe.irisCodes,
        probe.maskCodes,
        gallery.irisCodes,
        gallery.maskCodes,
      ),
    );
  return { byRotation: distances(false), mirroredByRotation: distances(true) };
}

/** The least distance over rotations -reach to reach, the lowest rotation on a tie; null when no bit is in common. */
export function leastDistance(byRotation: readonly Distance[], reach: number): Distance | null {
  let least: Distance | null = null;
  for (const distance of byRotation) {
    if (Math.abs(distance.rotation) > reach || distance.unmasked === 0) continue;
    if (least === null || distance.differing * least.unmasked < least.differing * distance.unmasked)
      least = distance;
  }
  return least;
}

function fastestKernel(): KernelName {
  return binding.availableKernels().at(-1) ?? 'scalar';
}
