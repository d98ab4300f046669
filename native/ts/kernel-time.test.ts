import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { it } from 'node:test';
import { Orientation, Side } from '@irispair/common/iris/side';
import { CODE_BYTES, type Iris } from '@irispair/common/iris/template';
import { matchLimit } from '@irispair/common/matching/threshold';
import { createEngine } from './engine.js';
import { packProbes } from './records.js';
import { readTopology } from './topology.js';

const IRISES = 512;
const SCANS = 256;
const WORKERS = 8;

function randomIris(): Iris {
  const template = () => ({ irisCodes: randomBytes(CODE_BYTES), maskCodes: Buffer.alloc(CODE_BYTES, 0xff) });
  return { left: template(), right: template() };
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
    const { left, right } = engine.counters();
    const { user, system } = process.cpuUsage();
    const kernelMicroseconds = (left.kernelNanoseconds + right.kernelNanoseconds) / 1_000;
    assert.ok(kernelMicroseconds > 0);
    assert.ok(
      kernelMicroseconds < user + system,
      `${kernelMicroseconds} us in kernels, ${user + system} us of CPU time`,
    );
  } finally {
    await engine.close();
  }
});
