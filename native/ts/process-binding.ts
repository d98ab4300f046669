/**
 * Binds this process to CPUs and a memory policy, by starting it again.
 *
 * A memory policy belongs to a thread, and Node has started threads before the first line of JavaScript runs. So the
 * main thread restricts itself and executes the same program anew: every thread that it starts from then on, those of
 * V8 and libuv included, inherits both. The restarted process sees only what it was left, so the decision that was made
 * with the whole machine in sight goes along.
 */
import type { PlacementDecision } from '@irispair/common/placement/decide';
import { binding } from './binding.js';
import { readTopology } from './topology.js';

/** What became of the binding. Empty strings mean that nothing was refused. */
export interface BindingOutcome {
  /** Why the CPUs could not be restricted. */
  readonly cpusRefused: string;
  /** Why the memory policy could not be set. */
  readonly memoryRefused: string;
}

/** A process that runs where it was decided. */
export interface BoundProcess extends BindingOutcome {
  readonly decision: PlacementDecision;
}

/**
 * Restarts this process under the service's part of the decision; returns in the restarted process, or at once when that
 * part restricts nothing.
 * @param decide called once, before the restart
 */
export function restartBound(service: 'graph' | 'iris', decide: () => PlacementDecision): BoundProcess {
  const { IRISPAIR_BOUND: told } = process.env;
  if (told !== undefined) {
    delete process.env.IRISPAIR_BOUND;
    return JSON.parse(told) as BoundProcess;
  }
  const decision = decide();
  const plan = decision[service];
  if (plan.node === null && plan.memory.kind === 'default') {
    return { decision, cpusRefused: '', memoryRefused: '' };
  }
  // Asking for what the cgroup gives would be refused where nothing may be bound.
  const policy = plan.memory.kind === 'given' ? null : plan.memory;
  const refused = binding.restrictThread(plan.cpus, policy);
  const bound: BoundProcess = { decision, cpusRefused: refused.cpus, memoryRefused: refused.memory };
  const environment = Object.entries({ ...process.env, IRISPAIR_BOUND: JSON.stringify(bound) });
  return binding.execute(
    process.execPath,
    [process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    environment.map(([name, value]) => `${name}=${value}`),
  );
}

/**
 * Has the kernel send this process SIGUSR2 when its parent dies, maybe several times: once for each of the parent's
 * threads. False when the parent is dead already.
 */
export function exitWithParent(parent: number): boolean {
  return binding.exitWithParent(parent);
}

/** Whether this thread may set its CPUs and memory policy: sets them to what they are. */
export function probeBinding(): BindingOutcome {
  const refused = binding.restrictThread(readTopology().allowedCpus, { kind: 'default' });
  return { cpusRefused: refused.cpus, memoryRefused: refused.memory };
}
