/** What the kernel says about the threads of a process. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One thread, as it is now. */
export interface KernelThread {
  readonly threadId: number;
  /** At most 15 bytes. */
  readonly name: string;
  /** CPUs it may run on, as a kernel list such as `0-3,8`. */
  readonly allowedCpus: string;
  /** CPU it ran on last. */
  readonly lastCpu: number;
  /** Moves between CPUs since it was started; null where the kernel does not count them. */
  readonly cpuMigrations: number | null;
  readonly voluntarySwitches: number;
  readonly involuntarySwitches: number;
}

/** Where a thread ran last. */
export interface ThreadPlace {
  readonly threadId: number;
  /** When it was started, clock ticks since the machine was. Tells it from one that had its id before. */
  readonly startedAt: number;
  readonly lastCpu: number;
  /** CPU time since it was started, user and system, clock ticks. */
  readonly cpuTicks: number;
}

/** Every thread of a process; those that end meanwhile are left out. */
export function readThreads(directory = '/proc/self'): KernelThread[] {
  return eachTask(directory, (task, threadId) => {
    const status = readFileSync(join(task, 'status'), 'utf8');
    return {
      threadId,
      name: field(status, 'Name'),
      allowedCpus: field(status, 'Cpus_allowed_list'),
      lastCpu: readPlace(task, threadId).lastCpu,
      cpuMigrations: readMigrations(task),
      voluntarySwitches: Number(field(status, 'voluntary_ctxt_switches')),
      involuntarySwitches: Number(field(status, 'nonvoluntary_ctxt_switches')),
    };
  });
}

/** Where every thread of a process ran last: one short file a thread. */
export function readThreadPlaces(directory = '/proc/self'): ThreadPlace[] {
  return eachTask(directory, readPlace);
}

function readPlace(task: string, threadId: number): ThreadPlace {
  const stat = readFileSync(join(task, 'stat'), 'utf8');
  // The name in parentheses may hold blanks: fields are counted from behind it. utime is the 14th of all, stime
  // the 15th, starttime the 22nd, processor the 39th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    threadId,
    startedAt: Number(fields[19]),
    lastCpu: Number(fields[36]),
    cpuTicks: Number(fields[11]) + Number(fields[12]),
  };
}

/** Kernels without CONFIG_SCHED_DEBUG have no such file. */
function readMigrations(task: string): number | null {
  try {
    const counted = /^se\.nr_migrations\s*:\s*(\d+)/m.exec(readFileSync(join(task, 'sched'), 'utf8'))?.[1];
    return counted === undefined ? null : Number(counted);
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

function eachTask<Result>(directory: string, read: (task: string, threadId: number) => Result): Result[] {
  const tasks = join(directory, 'task');
  return readdirSync(tasks).flatMap((id) => {
    try {
      return read(join(tasks, id), Number(id));
    } catch (error) {
      if (isGone(error)) return [];
      throw error;
    }
  });
}

function field(status: string, name: string): string {
  return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH');
}
