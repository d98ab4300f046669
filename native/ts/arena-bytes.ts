/** How much memory the arenas take, before there are any. The native layer decides it; a test holds this against it. */

/** Bytes of the pages that arenas lie on. */
export const HUGEPAGE_BYTES = 2 << 20;

const CACHE_LINE_BYTES = 64;

/**
 * Hugepages that the first segments of both arenas take.
 * @param recordBytes of both eyes, as arenas hold them
 * @param irises initial capacity, at least 1
 */
export function arenaHugepages(recordBytes: number, irises: number): number {
  const eyeBytes = recordBytes / 2;
  const strideBytes = Math.ceil(eyeBytes / CACHE_LINE_BYTES) * CACHE_LINE_BYTES;
  return 2 * Math.ceil((irises * strideBytes) / HUGEPAGE_BYTES);
}
