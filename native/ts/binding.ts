/** Loads the addon. The one place that knows where it lies and what it exports. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Columns } from '@irispair/common/iris/shape';
import type { MemoryPolicy } from '@irispair/common/placement/memory-policy';
import type { EngineOptions, IrisEngine, KernelName, PageCount } from './engine-types.js';
import type { SharedEngine, SharedEngineOptions } from './shared-engine-types.js';

/** An engine of one shape: what it compares is compiled for its columns. */
export interface EngineClass {
  new (options: EngineOptions): IrisEngine;
  open(options: EngineOptions): Promise<IrisEngine>;
}

/** What the addon exports. */
export interface NativeBinding {
  /** Of codes of 200 columns. */
  readonly Engine: EngineClass;
  /** Of codes of 256 columns. */
  readonly WideEngine: EngineClass;
  readonly SharedEngine: {
    new (options: SharedEngineOptions): SharedEngine;
    open(options: SharedEngineOptions): Promise<SharedEngine>;
  };
  /** Restricts the calling thread and all that it starts; each reason is empty when it was done. */
  restrictThread(cpus: readonly number[], policy: MemoryPolicy | null): { cpus: string; memory: string };
  /** Replaces this process; returns only by throwing. */
  execute(file: string, args: readonly string[], environment: readonly string[]): never;
  /** False when the parent is dead already. */
  exitWithParent(parent: number): boolean;
  keepOutOfDumps(): void;
  /** Names an open store in the last line of a process that a fault ends; what `forgetStore` takes. */
  noteStore(directory: string): number;
  forgetStore(place: number): void;
  nameThread(name: string): void;
  /** Takes the lock of a file, made when missing; null when it is held already. */
  lockFile(path: string): number | null;
  unlockFile(lock: number): void;
  /** The pages that hold some of the arrays, each counted once. */
  countPages(arrays: readonly Uint8Array[]): { pageBytes: number; pages: PageCount };
  /** The id of a group; null when this machine knows none of that name. */
  groupId(name: string): number | null;
  /** Distances of all rotations -15..15, 8 bytes each: differing u16, unmasked u16, rotation i16, zero u16. */
  compareEyes(
    columns: Columns,
    kernel: KernelName,
    mirrorProbe: boolean,
    probeCode: Uint8Array,
    probeMask: Uint8Array,
    galleryCode: Uint8Array,
    galleryMask: Uint8Array,
  ): Buffer;
  availableKernels(): KernelName[];
  encodeRecord(
    columns: Columns,
    leftCode: Uint8Array,
    leftMask: Uint8Array,
    rightCode: Uint8Array,
    rightMask: Uint8Array,
  ): Buffer;
  decodeRecord(columns: Columns, record: Uint8Array): Buffer;
  /** Three parties' shares of an eye, one after the other; `randomness` is as long as one of them. */
  shareEye(code: Uint8Array, mask: Uint8Array, randomness: Uint8Array): Buffer;
  /** Code and mask, one after the other; null when the shares are of different eyes. */
  recombineEye(firstParty: number, first: Uint8Array, secondParty: number, second: Uint8Array): Buffer | null;
}

const ADDON = fileURLToPath(new URL('../build/irispair_native.node', import.meta.url));

function load(): NativeBinding {
  if (!existsSync(ADDON)) {
    throw new Error(`the native addon is not built: run \`npm run setup\` (expected ${ADDON})`);
  }
  return createRequire(import.meta.url)(ADDON) as NativeBinding;
}

/** The addon. */
export const binding: NativeBinding = load();
