/**
 * What was measured, as one page: nothing is loaded from elsewhere. It is XML, so that tests parse it; dark and light follow
 * the reader's setting.
 */
import type { Placement } from '@irispair/common/placement/decide';
import { COLUMNS, effectOf, ROWS, type Row } from './decision.js';
import { element, escape } from './html-text.js';
import { legend, plotIntervals, plotLines, plotScatter, type IntervalRow, type Series } from './plots.js';
import type { AdviseReport, FigureComparison, Run, SignalPlace, Summary, Window } from './report.js';
import { PLACEMENTS, SCENARIOS, type Scenario } from './scenarios.js';
import { FIGURES, type Figure } from './summary.js';
import {
  COLUMN_TITLE,
  describeSetting,
  estimateIn,
  formatCorrelation,
  formatEffect,
  formatEstimate,
  MARK,
  percent,
  rangeOf,
  ROW_ADVICE,
  SCENARIO_TITLE,
  titleOf,
} from './words.js';

const STYLE = `
:root { color-scheme: light dark; --ground: #ffffff; --card: #f5f7fa; --edge: #cbd2d9; --ink: #1f2933; --soft: #52606d;
  --split: #1d4ed8; --shared: #b45309; --off: #0f766e; --good: #15803d; --bad: #b91c1c; --none: #7b8794; }
@media (prefers-color-scheme: dark) { :root { --ground: #12161c; --card: #1b2129; --edge: #3e4c59; --ink: #e4e7eb;
  --soft: #a9b4c0; --split: #7fa3ee; --shared: #e8a24c; --off: #4fc3b0; --good: #4ade80; --bad: #f87171; --none: #9aa5b1; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 16px; }
h1 { font-size: 1.5rem; margin: 0 0 8px; } h2 { font-size: 1.2rem; margin: 32px 0 8px; } h3 { font-size: 1rem; margin: 0 0 8px; }
p { margin: 6px 0; } ul { margin: 6px 0; padding-left: 20px; }
.advice { border-left: 6px solid var(--none); background: var(--card); padding: 12px 16px; font-size: 1.1rem; }
.advice.separate { border-color: var(--good); } .advice.investigate { border-color: var(--shared); } .advice.skip { border-color: var(--split); }
.partial { border: 2px solid var(--bad); padding: 8px 12px; }
.soft { color: var(--soft); font-size: 0.9rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr)); gap: 14px; }
.card { background: var(--card); border: 1px solid var(--edge); border-radius: 8px; padding: 12px; min-width: 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 4px 10px 4px 0; border-bottom: 1px solid var(--edge); vertical-align: top; }
tr.here { background: var(--card); outline: 2px solid var(--ink); }
svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--ink); font: 12px system-ui, -apple-system, 'Segoe UI', sans-serif; }
svg .tick { fill: var(--soft); font-size: 11px; } svg .end { text-anchor: end; } svg .middle { text-anchor: middle; }
.grid { stroke: var(--edge); stroke-width: 1; fill: none; }
.interval { stroke: var(--ink); stroke-width: 1.5; fill: none; }
.line { fill: none; stroke-width: 1.5; } .dots .line { stroke-width: 6; stroke-linecap: round; stroke-opacity: 0.55; }
.bar.split, i.split { fill: var(--split); background: var(--split); } .bar.shared, i.shared { fill: var(--shared); background: var(--shared); }
.bar.off, i.off { fill: var(--off); background: var(--off); }
.line.split { stroke: var(--split); } .line.shared { stroke: var(--shared); } .line.off { stroke: var(--off); }
.bar.gain { fill: var(--good); } .bar.loss { fill: var(--bad); } .bar.none { fill: var(--none); }
.legend { font-size: 0.85rem; } .key { margin-right: 14px; white-space: nowrap; }
.key i { display: inline-block; width: 0.8em; height: 0.8em; margin-right: 5px; border-radius: 2px; }
summary { cursor: pointer; }
`;

/** The page. */
export function drawReport(report: AdviseReport): string {
  const { advice, partial } = report;
  const body = [
    element('h1', {}, 'Does separating the nodes pay here?'),
    ...(partial === null ? [] : [element('p', { class: 'partial' }, escape(`Partial: ${partial}.`))]),
    element(
      'p',
      { class: `advice ${advice.verdict.replace(' ', '-')}` },
      element('strong', {}, escape(advice.sentence)),
    ),
    element(
      'ul',
      { class: 'soft' },
      ...describeSetting(report).map((line) => element('li', {}, escape(line))),
    ),
    decisionSection(report),
    comparisonSection(report),
    throughputSection(report),
    latencySection(report),
    stealSection(report),
    timeSection(report),
    nodeSection(report),
    figuresSection(report),
    methodSection(report),
  ];
  const head = element(
    'head',
    {},
    element('meta', { charset: 'utf-8' }),
    element('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    element('title', {}, 'irispair advise'),
    element('style', {}, STYLE),
  );
  const page = element(
    'html',
    { xmlns: 'http://www.w3.org/1999/xhtml', lang: 'en' },
    head,
    element('body', {}, element('main', {}, ...body)),
  );
  return `<!DOCTYPE html>\n${page}\n`;
}

function section(title: string, ...content: readonly string[]): string {
  return element('section', {}, element('h2', {}, escape(title)), ...content);
}

function card(title: string, ...content: readonly string[]): string {
  return element('div', { class: 'card' }, element('h3', {}, escape(title)), ...content);
}

function cards(all: readonly string[]): string {
  return element('div', { class: 'cards' }, ...all);
}

function paragraph(text: string): string {
  return element('p', { class: 'soft' }, escape(text));
}

function decisionSection({ table: placed }: AdviseReport): string {
  const rows = ROWS.map((row) =>
    element(
      'tr',
      placed.row === row ? { class: 'here', 'aria-current': 'true' } : {},
      ...COLUMNS.map((column) =>
        element(
          'td',
          {},
          escape(`${rangeOf(column, row)}${placed.baseline.columns[column] === row ? MARK : ''}`),
        ),
      ),
      element('th', { scope: 'row' }, escape(ROW_ADVICE[row])),
      element('td', {}, escape(marksOf(row, placed))),
    ),
  );
  const head = [...COLUMNS.map((column) => COLUMN_TITLE[column]), 'advice', 'this machine'];
  const legendOfMark = `${MARK.trim()} is where the baseline’s figure lies.`;
  const found = (title: string, { signals, row, reason }: SignalPlace) =>
    paragraph(
      `${title}: ${COLUMNS.map((column) => `${COLUMN_TITLE[column]} ${percent(signals[column])}`).join(', ')}. ` +
        `${row === null ? 'No row' : `Row: ${row}`} (${reason}).`,
    );
  return section(
    `The table, with this machine when it is ${placed.of ?? 'not separated'}`,
    htmlTable(head, rows),
    ...(placed.of === null
      ? []
      : [paragraph(legendOfMark), found('Baseline', placed.baseline), found('Stress', placed.stress)]),
  );
}

function marksOf(row: Row, { baseline, stress, row: final }: AdviseReport['table']): string {
  const scenarios = [
    ...(baseline.row === row ? ['baseline'] : []),
    ...(stress.row === row ? ['stress'] : []),
  ].join(', ');
  return final === row ? `here (${scenarios})` : scenarios;
}

function comparisonSection({ comparisons }: AdviseReport): string {
  if (comparisons.length === 0) return '';
  const pairs = new Map<string, FigureComparison[]>();
  for (const one of comparisons) {
    const title = `${one.of} against ${one.against}`;
    pairs.set(title, [...(pairs.get(title) ?? []), one]);
  }
  const all = Array.from(pairs, ([title, rows]) =>
    card(
      title,
      plotIntervals(
        `Change of ${title}`,
        rows.flatMap(comparisonRow),
        (share) => `${(100 * share).toFixed(0)} %`,
      ),
      element(
        'ul',
        { class: 'soft' },
        ...rows.map((one) =>
          element('li', {}, escape(`${titleOf(one.figure)}, ${one.scenario}: ${formatEffect(one)}`)),
        ),
      ),
    ),
  );
  return section(
    'Placements beside each other',
    paragraph(
      'By how much a figure is above the other placement’s, round by round, with 95 % intervals. ' +
        'Of answers/s more is better, of p50 and p99 less. An interval that holds zero shows nothing. Beyond 100 % they are cut in the plots.',
    ),
    cards(all),
  );
}

function comparisonRow(one: FigureComparison): IntervalRow[] {
  if (one.change === null) return [];
  const effect = effectOf(one.change, one.better);
  return [
    {
      label: `${titleOf(one.figure)} ${SHORT[one.scenario]}`,
      style: effect === 'gain' || effect === 'loss' ? effect : 'none',
      says: formatEffect(one),
      mean: drawable(one.change.mean),
      low: one.change.low === null ? null : drawable(one.change.low),
      high: one.change.high === null ? null : drawable(one.change.high),
    },
  ];
}

/** An interval that says nothing would leave no room for those that do. */
function drawable(change: number): number {
  return Math.max(-1, Math.min(1, change));
}

const SHORT: Readonly<Record<Scenario, string>> = {
  baseline: 'base',
  stress: 'stress',
  'iris-heavy': 'iris',
  'graph-heavy': 'graph',
};

function throughputSection({ summaries }: AdviseReport): string {
  return section(
    'Answers a second',
    cards(
      SCENARIOS.map((scenario) => figureCard(summaries, scenario, ['throughput'], SCENARIO_TITLE[scenario])),
    ),
  );
}

function latencySection({ summaries }: AdviseReport): string {
  return section(
    'Latency, from when a request was due',
    cards(
      (['baseline', 'stress'] as const).map((scenario) =>
        figureCard(summaries, scenario, ['p50', 'p90', 'p99', 'p999'], SCENARIO_TITLE[scenario]),
      ),
    ),
  );
}

/** Figures of all placements in one scenario as bars with intervals. */
function figureCard(
  summaries: readonly Summary[],
  scenario: Scenario,
  names: readonly string[],
  title: string,
): string {
  const mine = summaries.filter((summary) => summary.scenario === scenario);
  const figures = names.flatMap((name) => FIGURES.find((figure) => figure.name === name) ?? []);
  const rows = figures.flatMap((figure) =>
    mine.flatMap((summary) => figureRow(figure, summary, names.length > 1)),
  );
  if (rows.length === 0) return card(title, paragraph('not measured'));
  const [{ kind }] = figures;
  return card(
    title,
    plotIntervals(title, rows, (value) => axisLabel(kind, value)),
    paragraph(rows.map(({ label, says }) => `${label}: ${says}`).join('; ')),
  );
}

function figureRow({ name, title, kind }: Figure, summary: Summary, isOneOfSeveral: boolean): IntervalRow[] {
  const estimate = estimateIn(summary, name);
  if (estimate === null) return [];
  const { placement } = summary;
  return [
    {
      label: isOneOfSeveral ? `${placement} ${title}` : placement,
      style: placement,
      says: formatEstimate(kind, estimate),
      ...estimate,
    },
  ];
}

function axisLabel(kind: Figure['kind'], value: number): string {
  if (kind === 'share') return `${(100 * value).toFixed(0)} %`;
  return kind === 'milliseconds'
    ? `${Math.round(value * 10) / 10} ms`
    : String(Math.round(value * 100) / 100);
}

function measuredPlacements(runs: readonly Run[]): Placement[] {
  return PLACEMENTS.filter((placement) => runs.some((run) => run.placement === placement));
}

/** Windows of all rounds of every placement in a scenario. */
function seriesOf(
  runs: readonly Run[],
  scenario: Scenario,
  pointOf: (window: Window) => readonly [number, number] | null,
): Series[] {
  return measuredPlacements(runs).map((placement) => ({
    label: placement,
    style: placement,
    points: runs
      .filter((run) => run.placement === placement && run.scenario === scenario)
      .flatMap(({ windows }) => windows.flatMap((window) => optional(pointOf(window)))),
  }));
}

function optional<Value>(value: Value | null): Value[] {
  return value === null ? [] : [value];
}

function legendOf(runs: readonly Run[]): string {
  return legend(measuredPlacements(runs).map((placement) => ({ label: placement, style: placement })));
}

function stealSection({ runs, summaries }: AdviseReport): string {
  const share = (value: number) => `${Math.round(1_000 * value) / 10} %`;
  const all = (['baseline', 'stress'] as const).flatMap((scenario) =>
    (
      [
        ['event loops', 'slowLoop', 'stealsWithSlowLoop'],
        ['pools', 'slowPool', 'stealsWithSlowPool'],
      ] as const
    ).map(([what, slow, correlation]) => {
      const title = `${scenario}: steals a task (across) and time in slow polls of the ${what} (up)`;
      const series = seriesOf(runs, scenario, (window) =>
        window.stealsPerTask === null ? null : [window.stealsPerTask, window[slow]],
      );
      const told = summaries
        .filter((summary) => summary.scenario === scenario)
        .map((summary) => `${summary.placement} ${formatCorrelation(summary[correlation])}`);
      return element(
        'div',
        { class: 'card dots' },
        element('h3', {}, escape(title)),
        plotScatter(title, series, share, share),
        paragraph(`Rank correlation: ${told.join(', ')}`),
      );
    }),
  );
  return section(
    'Steals and slow polls',
    paragraph(
      'One dot is one window of time. A correlation of n windows whose size is below 2 / √n says nothing.',
    ),
    legendOf(runs),
    cards(all),
  );
}

function timeSection({ runs }: AdviseReport): string {
  const [first] = runs;
  if (runs.length === 0) return '';
  const round = runs.filter((run) => run.round === first.round);
  const all = SCENARIOS.filter((scenario) => round.some((run) => run.scenario === scenario)).map((scenario) =>
    card(
      scenario,
      plotLines(
        `Answers a second over the first round, ${scenario}`,
        seriesOf(round, scenario, ({ at, answersPerSecond }) => [at, answersPerSecond]),
        (seconds) => `${Math.round(seconds * 10) / 10} s`,
        (rate) => String(Math.round(rate * 10) / 10),
      ),
    ),
  );
  return section('Answers a second over the first round', legendOf(runs), cards(all));
}

function nodeSection({ runs, machine, summaries }: AdviseReport): string {
  const rows = summaries.map(({ placement, scenario, utilisation }) => {
    const mine = runs.filter((run) => run.placement === placement && run.scenario === scenario);
    const mean = (read: (run: Run) => number) => mine.reduce((sum, run) => sum + read(run), 0) / mine.length;
    const bytesOn = (run: Run, node: number) =>
      [run.memory.graph, run.memory.iris].reduce(
        (sum, memory) => sum + (memory?.find((one) => one.node === node)?.bytes ?? 0),
        0,
      );
    return element(
      'tr',
      {},
      element('th', { scope: 'row' }, escape(`${placement}, ${scenario}`)),
      ...machine.nodes.flatMap(({ node }, index) => [
        element('td', {}, escape(formatEstimate('share', utilisation[index]))),
        element('td', {}, `${(mean((run) => bytesOn(run, node)) / 2 ** 20).toFixed(0)} MiB`),
      ]),
    );
  });
  const head = [
    'measured',
    ...machine.nodes.flatMap(({ node }) => [`node ${node} CPUs busy`, `node ${node} memory`]),
  ];
  return section('By node', htmlTable(head, rows));
}

function figuresSection({ summaries }: AdviseReport): string {
  const all = SCENARIOS.flatMap((scenario) => {
    const mine = summaries.filter((summary) => summary.scenario === scenario);
    if (mine.length === 0) return [];
    const rows = FIGURES.filter(({ name }) => mine.some((one) => estimateIn(one, name) !== null)).map(
      ({ name, title, kind }) =>
        element(
          'tr',
          {},
          element('th', { scope: 'row' }, escape(title)),
          ...mine.map((one) => element('td', {}, escape(formatEstimate(kind, estimateIn(one, name))))),
        ),
    );
    return element(
      'details',
      {},
      element('summary', {}, escape(SCENARIO_TITLE[scenario])),
      htmlTable(['mean [95 % interval]', ...mine.map(({ placement }) => placement)], rows),
    );
  });
  return section('All figures', ...all);
}

function methodSection({ settings, table }: AdviseReport): string {
  const lines = [
    'The baseline offers 60 % of the least capacity of all placements, stress 200 % of the greatest; the same to every placement.',
    `Requests come at random times whether or not earlier ones are answered, and are timed from when they were due; at most ${settings.mostInFlight} are in flight, and the pair lets ${settings.queueSize} wait before it refuses.`,
    `The heavy scenarios keep ${settings.closedInFlight} requests in flight.`,
    'The client runs on the same machine, unbound, in all placements alike.',
    table.crossNodeFrom === 'loads'
      ? 'Cross-node access is the share of loads that perf counted as remote.'
      : 'Cross-node access is the share of pages that lie on another node than the CPU time, as if every thread reached for every page alike.',
  ];
  return section(
    'How it was measured',
    element('ul', { class: 'soft' }, ...lines.map((line) => element('li', {}, escape(line)))),
  );
}

function htmlTable(head: readonly string[], rows: readonly string[]): string {
  const cells = head.map((title) => element('th', { scope: 'col' }, escape(title)));
  return element(
    'div',
    { class: 'scroll' },
    element('table', {}, element('thead', {}, element('tr', {}, ...cells)), element('tbody', {}, ...rows)),
  );
}
