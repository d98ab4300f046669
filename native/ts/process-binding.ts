/**
 * Binds this process to CPUs and a memory policy, by starting it again.
 *
 * A memory policy belongs to a thread, and Node has started threads before the first line of JavaScript runs. So the
 * main thread restricts itself and executes the same program anew: every thread that it starts from then on, those of
 * V8 and libuv included, inherits both.
 */
import type { ServicePlan } from '@irispair/common/placement/decide';
import { binding } from './binding.js';
import { readTopology } from './topology.js';

/** Tells the restarted program that it is bound already, and what was refused. */
const MARKER = 'IRISPAIR_BOUND';

/** What became of the binding. Empty strings mean that nothing was refused. */
export interface BindingOutcome {
  /** Why the CPUs could not be restricted. */
  readonly cpusRefused: string;
  /** Why the memory policy could not be set. */
  readonly memoryRefused: string;
}

/**
 * Restarts this process under the plan; returns in the restarted process, or at once when the plan restricts nothing.
 */
export function restartBound(plan: ServicePlan): BindingOutcome {
  const marked = process.env[MARKER];
  if (marked !== undefined) {
    const [cpusRefused = '', memoryRefused = ''] = marked.split('|');
    return { cpusRefused, memoryRefused };
  }
  if (plan.node === null && plan.memory.kind === 'default') return { cpusRefused: '', memoryRefused: '' };
  const refused = binding.restrictThread(plan.cpus, plan.memory);
  const environment = Object.entries({ ...process.env, [MARKER]: `${refused.cpus}|${refused.memory}` });
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
