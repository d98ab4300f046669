/** How much memory a running process has. */
import { readFileSync } from 'node:fs';

/** Resident memory, bytes. */
export function readResidentBytes(pid: number | 'self' = 'self'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  // Pages of hugetlbfs are not part of VmRSS.
  return ['VmRSS', 'HugetlbPages'].reduce(
    (sum, field) => sum + Number(new RegExp(`^${field}:\\s*(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024,
    0,
  );
}
