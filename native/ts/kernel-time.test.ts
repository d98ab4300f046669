import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { it } from 'node:test';
import { Orientation, Side } from '@irispair/common/iris/side';
import { CODE_BYTES, type Iris } from '@irispair/common/iris/template';
import { matchLimit } from '@irispair/common/matching/threshold';
import { until } from '@irispair/common/support/until';
import { createEngine } from './engine.js';
import type { IrisEngine } from './engine-types.js';
import { packProbes } from './records.js';
import { readTopology } from './topology.js';

const IRISES = 512;
const SCANS = 256;
const WORKERS = 8;

function randomIris(): Iris {
  const template = () => ({ irisCodes: randomBytes(CODE_BYTES), maskCodes: Buffer.alloc(CODE_BYTES, 0xff) });
  return { left: template(), right: template() };
}

/** Both sides, as counted so far. */
function kernelNanoseconds(engine: IrisEngine): number {
  const { left, right } = engine.counters();
  return left.kernelNanoseconds + right.kernelNanoseconds;
}

it("kernels' time is part of the process's CPU time, however many workers share a CPU", async () => {
  const [cpu] = readTopology().allowedCpus;
  const pool = { cpus: Array.from({ length: WORKERS }, () => cpu), node: null, pinned: true };
  const engine = createEngine({
    left: pool,
    right: pool,
    arena: {
      policy: { kind: 'default' },
      fallbackNodes: [],
      hugepages: 'prefer',
      hugetlbfs: null,
      initialCapacity: IRISES,
      growBy: 8,
      maximumCapacity: IRISES,
      strict: false,
    },
    kernel: null,
  });
  try {
    await engine.reserve(IRISES);
    const handles = await engine.prepareQueries(packProbes(Array.from({ length: IRISES }, randomIris)));
    handles.forEach((handle, index) => {
      engine.publish(index + 1, 0, engine.recordOfQuery(handle));
    });
    const scan = {
      query: { handle: handles[0] },
      side: Side.Left,
      orientation: Orientation.Normal,
      baseRotation: 0,
      rotationReach: 15,
      ef: 1,
      matchLimit: matchLimit(0.375),
    };
    await Promise.all(Array.from({ length: SCANS }, (_, index) => engine.scan([scan], false, index + 1)));
    // A task counts once it has ended, which may be after its answer.
    await until('the scans are counted', () => kernelNanoseconds(engine) > 0);
    const kernelMicroseconds = kernelNanoseconds(engine) / 1_000;
    const { user, system } = process.cpuUsage();
    assert.ok(
      kernelMicroseconds < user + system,
      `${kernelMicroseconds} us in kernels, ${user + system} us of CPU time`,
    );
  } finally {
    await engine.close();
  }
});
