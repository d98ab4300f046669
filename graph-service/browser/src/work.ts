/** The service's work in a few figures. */
import type { Snapshot } from '@irispair/graph-service/page/snapshot';
import { make, setText } from './dom.js';
import { formatCount, formatFigure } from './format.js';

const TILES = [
  'people enrolled',
  'requests a second',
  'requests a batch',
  'requests waiting',
  'requests since the start',
  'threads that walk',
  'searched by',
] as const;

const WINDOW_MILLISECONDS = 5_000;

interface Sample {
  readonly startedAt: number;
  readonly clock: number;
  readonly requests: number;
  readonly batches: number;
}

/** The figures. */
export class WorkView {
  private readonly values = new Map<string, HTMLElement>();
  private samples: Sample[] = [];

  constructor(list: HTMLElement) {
    for (const name of TILES) {
      const value = make('dd');
      this.values.set(name, value);
      list.append(make('div', {}, make('dt', { text: name }), value));
    }
  }

  show({ work, startedAt, clockMilliseconds }: Snapshot): void {
    if (work === null) {
      for (const value of this.values.values()) setText(value, '–');
      return;
    }
    const { requests, batches } = work;
    const now = { startedAt, clock: clockMilliseconds, requests, batches };
    this.samples = this.samples.filter(
      (sample) => sample.startedAt === startedAt && now.clock - sample.clock <= WINDOW_MILLISECONDS,
    );
    this.samples.push(now);
    const [first] = this.samples;
    const seconds = (now.clock - first.clock) / 1e3;
    const decided = now.batches - first.batches;
    const figures: Record<(typeof TILES)[number], string> = {
      'people enrolled': formatCount(work.enrolled),
      'requests a second':
        seconds === 0 ? '–' : formatFigure(Math.round(((now.requests - first.requests) / seconds) * 10) / 10),
      'requests a batch':
        decided === 0 ? '–' : formatFigure(Math.round(((now.requests - first.requests) / decided) * 10) / 10),
      'requests waiting': formatCount(work.waitingRequests),
      'requests since the start': formatCount(requests),
      'threads that walk': formatCount(work.walkers),
      'searched by': work.method === 'walk' ? 'walks' : 'scans',
    };
    for (const name of TILES) {
      const value = this.values.get(name);
      if (value !== undefined) setText(value, figures[name]);
    }
  }
}
