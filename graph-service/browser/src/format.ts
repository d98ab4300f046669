/** Figures for people. */

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const THREE_DIGITS = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

/** `1,234`. */
export function formatCount(figure: number): string {
  return WHOLE.format(figure);
}

/** Three digits, or all before the point: `0.25`, `12.3`, `1,234`. */
export function formatFigure(figure: number): string {
  return figure >= 100 ? WHOLE.format(figure) : THREE_DIGITS.format(figure);
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `232 MiB`. */
export function formatBytes(bytes: number): string {
  let figure = bytes;
  let unit = 0;
  while (figure >= 1_000 && unit < BYTE_UNITS.length - 1) {
    figure /= 1_024;
    unit += 1;
  }
  return `${formatFigure(figure)}\u00a0${BYTE_UNITS[unit]}`;
}

/** `87 µs`, `1.24 ms`, `2.5 s`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 1e-3) return `${formatFigure(seconds * 1e6)}\u00a0µs`;
  if (seconds < 1) return `${formatFigure(seconds * 1e3)}\u00a0ms`;
  return `${formatFigure(seconds)}\u00a0s`;
}

/** `12 s ago`, `3 min ago`. */
export function formatAge(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1e3);
  if (seconds < 1) return 'just now';
  return seconds < 60 ? `${seconds}\u00a0s ago` : `${Math.floor(seconds / 60)}\u00a0min ago`;
}

/** `95.2 %`, never rounded up to a limit that is missed. */
export function formatShare(share: number): string {
  return `${(Math.floor(share * 1_000) / 10).toFixed(1)}\u00a0%`;
}

/** Ascending ids as the kernel lists them: `0-3,8`. */
export function formatList(ids: readonly number[]): string {
  const ranges: string[] = [];
  let start = 0;
  while (start < ids.length) {
    let end = start;
    while (end + 1 < ids.length && ids[end + 1] === ids[end] + 1) end += 1;
    ranges.push(start === end ? String(ids[start]) : `${ids[start]}-${ids[end]}`);
    start = end + 1;
  }
  return ranges.join(',');
}

/** `1 thread`, `4 threads`. */
export function formatNumber(figure: number, one: string, many = `${one}s`): string {
  return `${formatCount(figure)} ${figure === 1 ? one : many}`;
}
