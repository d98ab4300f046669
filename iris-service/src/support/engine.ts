/** A real engine of a few irises: for tests. */
import type { EngineOptions } from '@irispair/native/engine-types';

/** Room for 64 irises; it never grows. */
export const SMALL_ENGINE: EngineOptions = {
  left: { cpus: [0], node: null, pinned: false },
  right: { cpus: [0], node: null, pinned: false },
  arena: {
    policy: { kind: 'default' },
    fallbackNodes: [],
    hugepages: 'off',
    hugetlbfs: null,
    initialCapacity: 64,
    growBy: 64,
    maximumCapacity: 64,
    strict: false,
  },
  kernel: null,
};
