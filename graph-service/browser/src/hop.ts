/** The hop between both services: how much goes over it, and how long each stage of a message takes. */
import type { Snapshot } from '@irispair/graph-service/page/snapshot';
import { Bar, draw, make, setAttribute, setText } from './dom.js';
import { formatBytes, formatCount, formatFigure, formatNumber, formatSeconds } from './format.js';
import { HopHistory, type HopSpan, type HopStage } from './rates.js';

const STAGES = [
  ['transit_out', 'transit out'],
  ['queue', 'queue'],
  ['compute', 'compute'],
  ['transit_back', 'transit back'],
] as const satisfies readonly (readonly [HopStage, string])[];

const ROWS = [...STAGES, ['round_trip', 'round trip']] as const;

const CURVE_SECONDS = 60;
const CURVE_WIDTH = 300;
const CURVE_HEIGHT = 48;

/** The card of the hop. */
export class HopView {
  readonly element: HTMLElement;
  private readonly history = new HopHistory();
  private readonly rate = make('strong', { class: 'rate', attributes: { id: 'hop-rate' } });
  private readonly more = make('p', { class: 'small' });
  private readonly line = draw('polyline', { class: 'curve-line', points: '' });
  private readonly area = draw('polygon', { class: 'curve-area', points: '' });
  private readonly curve = draw(
    'svg',
    {
      class: 'curve',
      viewBox: `0 0 ${CURVE_WIDTH} ${CURVE_HEIGHT}`,
      preserveAspectRatio: 'none',
      role: 'img',
      'aria-label': '',
    },
    this.area,
    this.line,
  );
  private readonly curveSays = make('p', { class: 'small' });
  private readonly stagesBar = new Bar('stages');
  private readonly over = make('caption');
  private readonly cells = new Map<HopStage, { mean: HTMLElement; p99: HTMLElement }>();
  private readonly total = make('p', { class: 'small' });

  constructor() {
    const body = make('tbody');
    for (const [stage, name] of ROWS) {
      const [mean, p99] = [make('td'), make('td')];
      this.cells.set(stage, { mean, p99 });
      const heading = make('th', { attributes: { scope: 'row' } });
      if (stage !== 'round_trip') heading.append(make('span', { class: `swatch ${stage}` }));
      heading.append(name);
      body.append(make('tr', { class: stage }, heading, mean, p99));
    }
    const head = ['stage', 'mean', '99 % under'].map((text) =>
      make('th', { text, attributes: { scope: 'col' } }),
    );
    this.element = make(
      'article',
      { class: 'card hop', attributes: { 'data-flow': 'still' } },
      make('h2', { text: 'The hop' }),
      make(
        'div',
        { class: 'lanes', attributes: { 'aria-hidden': 'true' } },
        lane('out', 'candidates'),
        lane('back', 'ranks, match bits'),
      ),
      make('p', { class: 'rate-line' }, this.rate, ' messages a second'),
      this.more,
      this.curve,
      this.curveSays,
      make('h3', { text: 'Where the time goes' }),
      this.stagesBar.element,
      make('table', { class: 'stage-table' }, this.over, make('thead', {}, make('tr', {}, ...head)), body),
      this.total,
    );
  }

  show(snapshot: Snapshot): void {
    this.history.add(snapshot);
    const recent = this.history.recent();
    this.showRate(recent);
    this.showCurve();
    this.showStages(recent);
    const { hop } = snapshot;
    setText(
      this.total,
      hop === null
        ? 'the graph is being loaded'
        : `Since the start ${formatNumber(hop.hops, 'message')} with ${formatNumber(hop.steps, 'step')} of searches, ` +
            `${formatCount(hop.candidates)} candidates, ${formatBytes(hop.bytes)}; ${formatNumber(hop.disconnects, 'stream')} lost`,
    );
  }

  private showRate(recent: HopSpan | undefined): void {
    const rate = recent === undefined ? 0 : recent.hops / recent.seconds;
    setText(this.rate, recent === undefined ? '–' : formatFigure(Math.round(rate * 10) / 10));
    setAttribute(this.rate, 'data-rate', String(rate));
    setAttribute(this.element, 'data-flow', rate > 0 ? 'flowing' : 'still');
    setText(
      this.more,
      recent === undefined
        ? 'measuring'
        : `${formatFigure(Math.round(recent.candidates / recent.seconds))} candidates and ${formatBytes(recent.bytes / recent.seconds)} a second`,
    );
  }

  private showCurve(): void {
    const curve = this.history.curve();
    const highest = Math.max(1, ...curve.map(({ rate }) => rate));
    const points = curve.map(({ secondsAgo, rate }) => {
      const x = CURVE_WIDTH * (1 - secondsAgo / CURVE_SECONDS);
      return [x.toFixed(1), (CURVE_HEIGHT - 2 - (rate / highest) * (CURVE_HEIGHT - 6)).toFixed(1)];
    });
    const line = points.map((point) => point.join(',')).join(' ');
    setAttribute(this.line, 'points', line);
    const [first] = points;
    const ground =
      points.length === 0 ? '' : `${first[0]},${CURVE_HEIGHT} ${line} ${CURVE_WIDTH},${CURVE_HEIGHT}`;
    setAttribute(this.area, 'points', ground);
    const says = `Last minute, at most ${formatFigure(Math.round(highest * 10) / 10)} messages a second`;
    setAttribute(this.curve, 'aria-label', says);
    setText(this.curveSays, points.length === 0 ? '' : says);
  }

  private showStages(recent: HopSpan | undefined): void {
    const isBusy = recent !== undefined && recent.hops > 0;
    const span = isBusy ? recent : this.history.sinceStart();
    setText(this.over, isBusy ? `over the last ${Math.round(recent.seconds)} s` : 'since the start');
    for (const [stage, { mean, p99 }] of this.cells) {
      const times = span?.stages[stage];
      setText(mean, timeOf(times?.mean));
      setText(p99, timeOf(times?.p99));
    }
    const means = STAGES.map(([stage]) => [stage, span?.stages[stage].mean ?? 0] as const);
    const all = means.reduce((sum, [, mean]) => sum + mean, 0);
    this.stagesBar.show(means.map(([style, mean]) => ({ style, share: all === 0 ? 0 : mean / all })));
  }
}

function timeOf(seconds: number | null | undefined): string {
  return seconds === null || seconds === undefined ? '–' : formatSeconds(seconds);
}

function lane(direction: 'out' | 'back', text: string): HTMLElement {
  return make(
    'div',
    { class: `lane ${direction}` },
    make('span', { class: 'lane-label', text }),
    make('span', { class: 'wire' }),
  );
}
