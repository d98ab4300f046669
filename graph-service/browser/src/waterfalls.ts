/** Slow requests as waterfalls: when each stage began and how long it took. */
import type { SlowRequest } from '@irispair/graph-service/page/snapshot';
import { Bar, KeyedList, make, setText } from './dom.js';
import { formatAge, formatNumber, formatSeconds } from './format.js';

/** What is shorter is not drawn. */
const LEAST_MILLISECONDS = 0.005;

/** What runs beside the searches: seen in the waterfall, and not in the overview. */
const BESIDE: ReadonlySet<string> = new Set(['search', 'batch-mates']);

/** One line of a waterfall. */
interface Line {
  readonly name: string;
  readonly style: string;
  readonly startMilliseconds: number;
  readonly milliseconds: number;
  readonly says: string;
}

/** The list. */
export class WaterfallsView {
  private readonly list: KeyedList<SlowRequest, WaterfallView>;

  constructor(
    parent: HTMLElement,
    private readonly none: HTMLElement,
  ) {
    this.list = new KeyedList(
      parent,
      ({ number }) => String(number),
      (request) => new WaterfallView(request),
      (view, request) => {
        view.show(request);
      },
    );
  }

  show(requests: readonly SlowRequest[]): void {
    this.none.hidden = requests.length > 0;
    this.list.show(requests);
  }
}

class WaterfallView {
  readonly element: HTMLElement;
  private readonly age = make('span', { class: 'age' });

  constructor(request: SlowRequest) {
    const lines = linesOf(request);
    const overview = new Bar('overview');
    overview.show(
      lines
        .filter(({ style }) => !BESIDE.has(style))
        .map(({ style, startMilliseconds, milliseconds }) => ({
          style,
          start: startMilliseconds / request.milliseconds,
          share: milliseconds / request.milliseconds,
        })),
    );
    const kind = request.ended === 'failed' ? `${request.kind}, failed` : request.kind;
    const summary = make(
      'summary',
      {},
      make('span', { class: 'kind', text: kind }),
      make('span', { class: 'took', text: formatSeconds(request.milliseconds / 1e3) }),
      overview.element,
      this.age,
    );
    const table = make(
      'table',
      { class: 'waterfall' },
      make('caption', {
        text: `In a batch of ${formatNumber(request.batchRequests, 'request')}; the axis is ${formatSeconds(request.milliseconds / 1e3)} long`,
      }),
      make('tbody', {}, ...lines.map((line) => rowOf(line, request.milliseconds))),
    );
    this.element = make('li', {}, make('details', {}, summary, table));
  }

  show({ endedAgoMilliseconds }: SlowRequest): void {
    setText(this.age, formatAge(endedAgoMilliseconds));
  }
}

function rowOf(line: Line, whole: number): HTMLElement {
  const { name, style, startMilliseconds, milliseconds, says } = line;
  const bar = new Bar('track');
  bar.show([{ style, start: startMilliseconds / whole, share: milliseconds / whole }]);
  const heading = make('th', { class: style, attributes: { scope: 'row' } }, make('span', { text: name }));
  if (says !== '') heading.append(make('span', { class: 'small', text: says }));
  return make(
    'tr',
    {},
    heading,
    make('td', { class: 'line' }, bar.element),
    make('td', { class: 'took', text: formatSeconds(milliseconds / 1e3) }),
  );
}

function linesOf({ waitingMilliseconds, stages, searches }: SlowRequest): Line[] {
  const waiting: Line = {
    name: 'waiting for the batch',
    style: 'waiting',
    startMilliseconds: 0,
    milliseconds: waitingMilliseconds,
    says: '',
  };
  const rest = stages.flatMap(({ stage, ...interval }): Line[] => {
    const line: Line = { name: stage, style: stage.replaceAll(' ', '-'), ...interval, says: '' };
    return stage === 'searches' ? [line, ...searches.map(lineOfSearch)] : [line];
  });
  return [waiting, ...rest].filter(({ milliseconds }) => milliseconds >= LEAST_MILLISECONDS);
}

function lineOfSearch(search: SlowRequest['searches'][number]): Line {
  const { side, orientation, hops, candidates, onHopMilliseconds, startMilliseconds, milliseconds } = search;
  return {
    name: `${side}, ${orientation}`,
    style: 'search',
    startMilliseconds,
    milliseconds,
    says: `${formatNumber(hops, 'hop')} took ${formatSeconds(onHopMilliseconds / 1e3)}, ${formatNumber(candidates, 'candidate')}`,
  };
}
