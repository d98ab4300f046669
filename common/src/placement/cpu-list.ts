/** The kernel's list notation for CPUs and nodes, such as `0-3,8`. */

/** Writes ascending ids as a kernel list; the empty list is the empty string. */
export function formatCpuList(ids: readonly number[]): string {
  const ranges: string[] = [];
  for (let start = 0; start < ids.length;) {
    let end = start;
    while (end + 1 < ids.length && ids[end + 1] === ids[end] + 1) end += 1;
    ranges.push(start === end ? String(ids[start]) : `${ids[start]}-${ids[end]}`);
    start = end + 1;
  }
  return ranges.join(',');
}
