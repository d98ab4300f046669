import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PlacementDecision, ServicePlan } from '@irispair/common/placement/decide';
import { Script } from '@irispair/common/support/script';
import { readTopology } from './topology.js';

interface Told {
  readonly pid: number;
  readonly decided: boolean;
  readonly decision: PlacementDecision;
  readonly cpusRefused: string;
  /** Of every thread, as kernel lists. */
  readonly allowedCpus: readonly string[];
  readonly marker: string | null;
}

/** Runs a program that binds itself and tells what became of it. */
async function bound(plan: ServicePlan): Promise<{ pid: number; told: Told[] }> {
  const decision: PlacementDecision = {
    placement: 'split',
    reason: 'a decision | of "this" test',
    graph: plan,
    iris: { node: 7, cpus: [999], memory: { kind: 'preferred', node: 7 } },
    arenas: { policy: { kind: 'bind', nodes: [7] }, fallbackNodes: [0, 7] },
  };
  const script = new Script(`
    import { restartBound } from ${JSON.stringify(import.meta.resolve('./process-binding.js'))};
    import { readThreads } from ${JSON.stringify(import.meta.resolve('./threads.js'))};
    let decided = false;
    const bound = restartBound('graph', () => {
      decided = true;
      return ${JSON.stringify(decision)};
    });
    console.log(JSON.stringify({
      pid: process.pid,
      decided,
      ...bound,
      allowedCpus: readThreads().map((thread) => thread.allowedCpus),
      marker: process.env.IRISPAIR_BOUND ?? null,
    }));`);
  const { pid } = script;
  assert.equal(await script.end(), 0, script.complaint);
  const told = script.lines.map((line) => JSON.parse(line) as Told);
  for (const { decision: kept } of told) assert.deepEqual(kept, decision);
  return { pid, told };
}

describe('binding a process', () => {
  it('restarts it on the CPUs of its plan, all threads, with what was decided before it saw less', async () => {
    const [cpu] = readTopology().allowedCpus;
    const { pid, told } = await bound({ node: 7, cpus: [cpu], memory: { kind: 'default' } });
    assert.equal(told.length, 1);
    assert.deepEqual([told[0].pid, told[0].decided, told[0].cpusRefused], [pid, false, '']);
    assert.deepEqual(new Set(told[0].allowedCpus), new Set([String(cpu)]));
    assert.equal(told[0].marker, null);
  });

  it('says why the CPUs were refused and goes on with what was decided', async () => {
    const { told } = await bound({ node: 7, cpus: [1_000_000], memory: { kind: 'default' } });
    assert.match(told[0].cpusRefused, /Invalid argument/);
  });

  it('leaves it alone where nothing is restricted', async () => {
    const { told } = await bound({ node: null, cpus: [], memory: { kind: 'default' } });
    assert.deepEqual([told.length, told[0].decided], [1, true]);
  });
});
