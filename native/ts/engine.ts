/** The engine of the iris service: arenas, pools, queries and searches. */
import { binding, type EngineClass } from './binding.js';
import type { EngineOptions, IrisEngine, KernelName, NativeErrorCode } from './engine-types.js';

/**
 * Maps the arenas and starts the pools.
 * @throws an error with a {@link NativeErrorCode}: HUGEPAGES_REQUIRED, BINDING_REFUSED, CAPACITY_EXHAUSTED or INVALID_ARGUMENT
 */
export function createEngine(options: EngineOptions): IrisEngine {
  return new (engineClass(options))(options);
}

/**
 * As {@link createEngine}, and others get their turn meanwhile: populating many gigabytes takes long.
 * @throws what {@link createEngine} throws
 */
export async function openEngine(options: EngineOptions): Promise<IrisEngine> {
  return engineClass(options).open(options);
}

/** Options that are none are left to the class, which names what is wrong. */
function engineClass(options: EngineOptions | null | undefined): EngineClass {
  return options?.columns === 256 ? binding.WideEngine : binding.Engine;
}

/** The kernels that this CPU runs, slowest first. */
export function availableKernels(): KernelName[] {
  return binding.availableKernels();
}

/** The code of an error thrown by the native layer, or undefined for any other error. */
export function nativeErrorCode(error: unknown): NativeErrorCode | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return CODES.find((code) => code === error.code);
}

const CODES: readonly NativeErrorCode[] = [
  'INVALID_ARGUMENT',
  'CAPACITY_EXHAUSTED',
  'HUGEPAGES_REQUIRED',
  'BINDING_REFUSED',
  'UNKNOWN_QUERY',
  'CANCELLED',
  'PARTY_FAILED',
  'SYSTEM',
];
