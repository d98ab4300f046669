/**
 * Plots as SVG, drawn for a narrow column: 360 units wide, which is a phone's width and a third of a screen's. Colours and
 * fonts come from the page's style sheet.
 */
import { element, escape, pixels } from './html-text.js';

const WIDTH = 360;
const LEFT = 110;
const RIGHT = 24;
const ROW = 26;
const TOP = 8;
const AXIS = 24;
const PLOT_HEIGHT = 150;
const TICKS = 4;

/** One line of a plot of intervals. */
export interface IntervalRow {
  readonly label: string;
  /** Style: which placement, or which effect. */
  readonly style: string;
  readonly mean: number;
  /** Null with a single round. */
  readonly low: number | null;
  readonly high: number | null;
  /** The value in words. */
  readonly says: string;
}

/** Means with their intervals, one below the other, on an axis that begins at zero or holds it. */
export function plotIntervals(
  title: string,
  rows: readonly IntervalRow[],
  format: (value: number) => string,
): string {
  const ends = rows.flatMap(({ mean, low, high }) => [mean, low ?? mean, high ?? mean]);
  const scale = new Scale(Math.min(0, ...ends), Math.max(0, ...ends), LEFT, WIDTH - RIGHT);
  const height = TOP + rows.length * ROW + AXIS;
  const marks = rows.map((row, index) => drawInterval(row, TOP + index * ROW + ROW / 2, scale));
  return svg(title, height, [axis(scale, height - AXIS, format), ...marks]);
}

function drawInterval({ label, style, mean, low, high, says }: IntervalRow, y: number, scale: Scale): string {
  const zero = scale.at(0);
  const middle = scale.at(mean);
  const bar = element('rect', {
    class: `bar ${style}`,
    x: pixels(Math.min(zero, middle)),
    y: pixels(y - 6),
    width: pixels(Math.max(0.5, Math.abs(middle - zero))),
    height: 12,
  });
  const interval =
    low === null || high === null
      ? ''
      : element('path', {
          class: 'interval',
          d: `M${scale.at(low)} ${y - 5}v10M${scale.at(low)} ${y}H${scale.at(high)}M${scale.at(high)} ${y - 5}v10`,
        });
  return element(
    'g',
    {},
    element('title', {}, escape(`${label}: ${says}`)),
    text(label, 0, y + 4, 'label'),
    bar,
    interval,
  );
}

/** One series of points over time. */
export interface Series {
  readonly label: string;
  readonly style: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** Lines over time, from zero. */
export function plotLines(
  title: string,
  series: readonly Series[],
  formatX: (value: number) => string,
  formatY: (value: number) => string,
): string {
  return plotPoints(title, series, formatX, formatY, ({ points }, x, y) =>
    points.map(([at, value], index) => `${index === 0 ? 'M' : 'L'}${x.at(at)} ${y.at(value)}`).join(''),
  );
}

/** A cloud of points, from zero. */
export function plotScatter(
  title: string,
  series: readonly Series[],
  formatX: (value: number) => string,
  formatY: (value: number) => string,
): string {
  // A line of no length with round ends is a dot.
  return plotPoints(title, series, formatX, formatY, ({ points }, x, y) =>
    points.map(([at, value]) => `M${x.at(at)} ${y.at(value)}h0`).join(''),
  );
}

function plotPoints(
  title: string,
  series: readonly Series[],
  formatX: (value: number) => string,
  formatY: (value: number) => string,
  path: (series: Series, x: Scale, y: Scale) => string,
): string {
  const all = series.flatMap(({ points }) => points);
  const left = 46;
  const x = new Scale(0, Math.max(0, ...all.map(([at]) => at)), left, WIDTH - RIGHT);
  const y = new Scale(0, Math.max(0, ...all.map(([, value]) => value)), TOP + PLOT_HEIGHT, TOP);
  const bottom = TOP + PLOT_HEIGHT;
  const rows = y
    .ticks()
    .map((value) =>
      [
        element('path', { class: 'grid', d: `M${left} ${y.at(value)}H${WIDTH - RIGHT}` }),
        text(formatY(value), left - 6, y.at(value) + 4, 'tick end'),
      ].join(''),
    );
  const drawn = series.map((one) =>
    one.points.length === 0 ? '' : element('path', { class: `line ${one.style}`, d: path(one, x, y) }),
  );
  return svg(title, bottom + AXIS, [...rows, axis(x, bottom, formatX), ...drawn]);
}

/** What the colours mean. */
export function legend(entries: readonly { readonly label: string; readonly style: string }[]): string {
  const items = entries.map(({ label, style }) =>
    element('span', { class: 'key' }, element('i', { class: style }, ' '), escape(label)),
  );
  return element('p', { class: 'legend' }, ...items);
}

function axis(scale: Scale, y: number, format: (value: number) => string): string {
  const marks = scale
    .ticks()
    .map((value) =>
      [
        element('path', { class: 'grid', d: `M${scale.at(value)} ${TOP}V${y}` }),
        text(format(value), scale.at(value), y + 16, 'tick middle'),
      ].join(''),
    );
  return marks.join('');
}

function svg(title: string, height: number, parts: readonly string[]): string {
  return element(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${height}`, role: 'img', 'aria-label': title },
    element('title', {}, escape(title)),
    ...parts,
  );
}

function text(says: string, x: number, y: number, style: string): string {
  return element('text', { class: style, x: pixels(x), y: pixels(y) }, escape(says));
}

/** A linear scale with round ticks. */
class Scale {
  private readonly least: number;
  private readonly most: number;
  private readonly step: number;

  constructor(
    least: number,
    most: number,
    private readonly from: number,
    private readonly to: number,
  ) {
    const span = most - least || 1;
    this.step = roundStep(span / TICKS);
    this.least = Math.floor(least / this.step) * this.step;
    this.most = Math.max(this.least + this.step, Math.ceil(most / this.step) * this.step);
  }

  at(value: number): number {
    return pixels(this.from + ((value - this.least) / (this.most - this.least)) * (this.to - this.from));
  }

  ticks(): number[] {
    const count = Math.round((this.most - this.least) / this.step);
    return Array.from({ length: count + 1 }, (_, index) => this.least + index * this.step);
  }
}

/** 1, 2 or 5 times a power of ten, not below what is given. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5].find((factor) => factor * power >= least) ?? 10) * power;
}
