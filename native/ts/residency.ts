/** What the kernel says about a running process: its threads, its memory, its CPU time. */
import { readdirSync, readFileSync } from 'node:fs';

/** One thread. */
export interface ThreadResidency {
  readonly threadId: number;
  /** At most 15 bytes. */
  readonly name: string;
  /** CPUs it may run on, as a kernel list such as `0-3,8`. */
  readonly allowedCpus: string;
  /** CPU it ran on last. */
  readonly lastCpu: number;
}

/** Every thread of a process. Threads that end meanwhile are left out. */
export function readThreads(pid: number | 'self' = 'self'): ThreadResidency[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    try {
      const status = readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8');
      const stat = readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8');
      // The name in parentheses may hold blanks: fields are counted from behind it; processor is the 39th of all.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return {
        threadId: Number(task),
        name: /^Name:\s*(.*)$/m.exec(status)?.[1] ?? '',
        allowedCpus: /^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1] ?? '',
        lastCpu: Number(fields[36]),
      };
    } catch (error) {
      if (isGone(error)) return [];
      throw error;
    }
  });
}

/** Resident memory, bytes. */
export function readResidentBytes(pid: number | 'self' = 'self'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  // Pages of hugetlbfs are not part of VmRSS.
  return ['VmRSS', 'HugetlbPages'].reduce(
    (sum, field) => sum + Number(new RegExp(`^${field}:\\s*(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024,
    0,
  );
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH');
}
