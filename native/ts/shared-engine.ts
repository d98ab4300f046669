/** The engine of the iris service in secret-shared mode. */
import { binding } from './binding.js';
import type { SharedEngine, SharedEngineOptions } from './shared-engine-types.js';

/**
 * Maps the arenas and starts the pools.
 * @throws an error with a NativeErrorCode: HUGEPAGES_REQUIRED, BINDING_REFUSED, CAPACITY_EXHAUSTED or INVALID_ARGUMENT
 */
export function createSharedEngine(options: SharedEngineOptions): SharedEngine {
  return new binding.SharedEngine(options);
}

/**
 * As {@link createSharedEngine}, and others get their turn meanwhile: populating many gigabytes takes long.
 * @throws what {@link createSharedEngine} throws
 */
export async function openSharedEngine(options: SharedEngineOptions): Promise<SharedEngine> {
  return binding.SharedEngine.open(options);
}
