import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import type { NumaNode } from '@irispair/common/placement/topology';
import { pino } from 'pino';
import { capacityFor, memoryNeeds, provideMemory, type MemoryPlan } from './memory-need.js';

const MIB = 1 << 20;

function node(id: number, freeHugepages: number): NumaNode {
  return {
    id,
    cpus: [id],
    allCpus: [id],
    memoryAllowed: true,
    memoryBytes: 8 * 1024 * MIB,
    freeBytes: 8 * 1024 * MIB,
    hugepages2Mb: { total: freeHugepages, free: freeHugepages },
    distances: [10],
  };
}

/** 1,000 irises of 1 MiB, then 250 at a time. */
const PLAN: MemoryPlan = {
  arena: {
    policy: { kind: 'bind', nodes: [1] },
    fallbackNodes: [],
    hugepages: 'prefer',
    hugetlbfs: null,
    initialCapacity: 1_000,
    growBy: 250,
    maximumCapacity: 2_000,
    strict: false,
  },
  recordBytes: MIB,
  stored: 0,
  topology: {
    nodes: [node(0, 400), node(1, 0)],
    allowedCpus: [0, 1],
    allowedMemoryNodes: [0, 1],
  },
  residentBytes: 100 * MIB,
};

describe('the memory that the iris service needs', () => {
  it('is for whole segments, as many as the stored irises need', () => {
    const capacities = [0, 1_000, 1_001, 1_250, 1_251, 1_999].map((stored) =>
      capacityFor(PLAN.arena, stored),
    );
    assert.deepEqual(capacities, [1_000, 1_000, 1_250, 1_250, 1_500, 2_000]);
    assert.equal(capacityFor({ ...PLAN.arena, maximumCapacity: 1_100 }, 1_050), 1_100);
    assert.equal(capacityFor({ ...PLAN.arena, maximumCapacity: 500 }, 0), 500);
  });

  it("is irises, the kernel's tables of their pages, and the process", () => {
    assert.deepEqual(
      memoryNeeds({ ...PLAN, stored: 1_100 }).map(({ bytes }) => bytes),
      [1_250 * MIB, (1_250 * MIB) / 512, 100 * MIB],
    );
  });

  it('is less by the hugepages of the nodes that the arenas may use', () => {
    const irises = (plan: MemoryPlan) => memoryNeeds(plan)[0].bytes / MIB;
    assert.equal(irises(PLAN), 1_000);
    assert.equal(irises({ ...PLAN, arena: { ...PLAN.arena, fallbackNodes: [0, 1] } }), 200);
    assert.equal(irises({ ...PLAN, arena: { ...PLAN.arena, policy: { kind: 'default' } } }), 200);
    const off = { ...PLAN.arena, policy: { kind: 'default' }, hugepages: 'off' } as const;
    assert.equal(irises({ ...PLAN, arena: off }), 1_000);
  });

  it('is refused where only the arenas fit, and warned of where work may not', () => {
    const lines: string[] = [];
    const logger = pino({ base: null }, { write: (line: string) => void lines.push(line) });
    const within = (mebibytes: number) => {
      provideMemory(PLAN, { bytes: mebibytes * MIB, by: 'the control group /' }, logger);
    };
    assert.throws(
      () => {
        within(1_050);
      },
      new MisconfiguredError(
        "1102 MiB of memory are needed (place for 1000 irises 1000 MiB, the kernel's tables of pages 2 MiB, the process 100 MiB), " +
          'and the control group / has 1050 MiB: allow more, or choose a smaller IRIS_STORE_INITIAL_CAPACITY; the arenas grow as ' +
          'irises come',
      ),
    );
    within(1_150);
    within(4_096);
    const parts =
      "place for 1000 irises 1000 MiB, the kernel's tables of pages 2 MiB, the process 100 MiB, work 128 MiB";
    const said = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      said.map(({ level, msg, irisesWithinLimit }) => [level, irisesWithinLimit, msg]),
      [
        [40, 920, `memory may not do: ${parts}, and the control group / has 1150 MiB: allow more`],
        [30, 2_000, `memory: ${parts}`],
      ],
    );
  });
});
