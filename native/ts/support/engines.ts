/** What the engine's tests share: small engines, random irises, packed ids. */
import { randomBytes } from 'node:crypto';
import { Orientation, Side } from '@irispair/common/iris/side';
import { CODE_BYTES, type Iris, type Template } from '@irispair/common/iris/template';
import { matchLimit } from '@irispair/common/matching/threshold';
import { createEngine } from '../engine.js';
import type { EngineOptions, IrisEngine, OpenSearch, SearchStep } from '../engine-types.js';
import { packProbes } from '../records.js';

export const LIMIT = matchLimit(0.375);

export function randomTemplate(): Template {
  return { irisCodes: randomBytes(CODE_BYTES), maskCodes: Buffer.alloc(CODE_BYTES, 0xff) };
}

export function randomIris(): Iris {
  return { left: randomTemplate(), right: randomTemplate() };
}

/** Packs VectorIds. */
export function ids(...pairs: [serialId: number, version: number][]): Buffer {
  return Buffer.from(Uint32Array.from(pairs.flat()).buffer);
}

/** Unpacks pairs of u32. */
export function pairs(packed: Uint8Array): [number, number][] {
  const words = new Uint32Array(Uint8Array.from(packed).buffer);
  return Array.from({ length: words.length / 2 }, (_, index) => [words[2 * index], words[2 * index + 1]]);
}

export function openSearch(handle: number, ef: number, side = Side.Left): OpenSearch {
  return {
    query: { handle },
    side,
    orientation: Orientation.Normal,
    baseRotation: 0,
    rotationReach: 5,
    ef,
    matchLimit: LIMIT,
  };
}

export function step(
  searchId: number,
  open: OpenSearch | null,
  candidates: Uint8Array,
  more: Partial<SearchStep> = {},
): SearchStep {
  return { searchId, open, candidates, close: false, withDistances: true, deadlineMicroseconds: 0, ...more };
}

export function engineOptions(initialCapacity: number, maximumCapacity: number): EngineOptions {
  return {
    left: { cpus: [0], node: null, pinned: false },
    right: { cpus: [0], node: null, pinned: false },
    arena: {
      policy: { kind: 'default' },
      fallbackNodes: [],
      hugepages: 'prefer',
      hugetlbfs: null,
      initialCapacity,
      growBy: 8,
      maximumCapacity,
      strict: false,
    },
    kernel: null,
  };
}

export function startEngine(initialCapacity: number, maximumCapacity: number): IrisEngine {
  return createEngine(engineOptions(initialCapacity, maximumCapacity));
}

/** Enrols irises under serial ids that follow each other, version 0; resolves with their queries. */
export async function enrol(
  engine: IrisEngine,
  irises: readonly Iris[],
  firstSerialId = 1,
): Promise<number[]> {
  await engine.reserve(irises.length);
  const handles = await engine.prepareQueries(packProbes(irises));
  handles.forEach((handle, index) => {
    engine.publish(firstSerialId + index, 0, engine.recordOfQuery(handle));
  });
  return handles;
}
