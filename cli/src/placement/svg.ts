/**
 * Where a pair is, as a picture: a card for each node with its threads by CPU, memory and hugepages, then the moves and the
 * targets. Self-contained, readable on light and dark ground; tooltips name the threads.
 */
import { parseList } from '@irispair/native/topology';
import * as placement from '@irispair/proto/placement';
import type { PlacementResponse } from '@irispair/proto/public';
import { formatBytes } from '../output/print.js';
import {
  bytesOn,
  cpuMigrations,
  hugepagesOfIrises,
  namesOf,
  ownBytesOn,
  PART_NAME,
  threadsOn,
  unknownMemory,
} from './figures.js';
import type { TargetResult, Verdict } from './targets.js';

const WIDTH = 980;
const MARGIN = 24;
const GAP = 20;
const CARD_PADDING = 18;
const CARDS_A_ROW = 2;
const LINE = 18;
const BAR = 18;
const CELL = 30;
const CELL_GAP = 5;
/** Characters of the small text that fit one pixel, generously. */
const CHARACTERS_A_PIXEL = 1 / 6.4;

const STYLE = `
  text { font: 13px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1f2933; }
  .title { font-size: 20px; font-weight: 600; }
  .heading { font-size: 16px; font-weight: 600; }
  .label { font-weight: 600; }
  .small { font-size: 12px; fill: #52606d; }
  .inside { font-size: 11px; fill: #ffffff; text-anchor: middle; }
  .cpu { font-size: 10px; fill: #52606d; text-anchor: middle; }
  .end { text-anchor: end; }
  .ground { fill: #ffffff; }
  .card { fill: #f5f7fa; stroke: #cbd2d9; }
  .empty { fill: #e4e7eb; }
  .graph { fill: #1d4ed8; } .graph-rest { fill: #93b4f5; }
  .left-irises { fill: #b45309; } .right-irises { fill: #d97706; } .iris-rest { fill: #f3c98b; }
  .iris { fill: #b45309; }
  .files { fill: #9aa5b1; } .others { fill: #9aa5b1; }
  .met { fill: #15803d; } .missed { fill: #b91c1c; } .cannot-tell { fill: #9aa5b1; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e4e7eb; }
    .small, .cpu { fill: #a9b4c0; }
    .ground { fill: #12161c; }
    .card { fill: #1b2129; stroke: #3e4c59; }
    .empty { fill: #323f4b; }
    .graph { fill: #3b6fe0; } .graph-rest { fill: #7fa3ee; }
    .left-irises, .iris { fill: #c9650f; } .right-irises { fill: #e08a1e; } .iris-rest { fill: #e8bb78; }
    .files, .others { fill: #7b8794; }
    .met { fill: #22a35a; } .missed { fill: #e5484d; } .cannot-tell { fill: #7b8794; }
    .inside { fill: #ffffff; }
  }`;

/** A piece of the picture whose upper left corner is at 0, 0. */
interface Block {
  readonly markup: string;
  readonly height: number;
}

/** One coloured stretch of a bar. */
interface Stretch {
  readonly style: string;
  readonly share: number;
  readonly says: string;
}

/** The whole picture. */
export function drawPlacement(report: PlacementResponse, targets: readonly TargetResult[]): string {
  const inner = WIDTH - 2 * MARGIN;
  const body = stack(
    [
      drawTitle(report, inner),
      drawLegend(),
      drawNodes(report, inner),
      drawMoves(report),
      drawTargets(targets, inner),
    ],
    GAP,
  );
  const height = body.height + 2 * MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    '<title>Placement of an IrisPair</title>',
    `<style>${STYLE}\n</style>`,
    `<rect class="ground" width="${WIDTH}" height="${height}"/>`,
    at(MARGIN, MARGIN, body.markup),
    '</svg>',
    '',
  ].join('\n');
}

function drawTitle({ services, irisAway }: PlacementResponse, width: number): Block {
  const lines = [
    ...services.map(
      ({ service, placement: chosen, node, cpus, reason }) =>
        `${service} service: ${chosen}, ${node === undefined ? '' : `node ${node}, `}CPUs ${cpus} (${reason})`,
    ),
    ...(irisAway === '' ? [] : [`iris service: ${irisAway}`]),
  ];
  return stack(
    [text('Where the pair runs and lies', 'title', 22), ...lines.map((line) => paragraph(line, width))],
    4,
  );
}

function drawLegend(): Block {
  const entries: [string, string][] = [
    ['graph', 'graph service: graph, threads'],
    ['graph-rest', 'rest'],
    ['left-irises', 'iris service: left irises, threads'],
    ['right-irises', 'right irises'],
    ['iris-rest', 'rest'],
    ['files', 'mapped files, page cache'],
  ];
  let x = 0;
  const parts = entries.map(([style, says]) => {
    const markup = at(
      x,
      0,
      `<rect class="${style}" width="12" height="12" rx="2"/><text class="small" x="18" y="11">${says}</text>`,
    );
    x += 18 + says.length * 6.6 + 16;
    return markup;
  });
  return { markup: parts.join('\n'), height: 12 };
}

function drawNodes(report: PlacementResponse, width: number): Block {
  const perRow = Math.min(CARDS_A_ROW, Math.max(1, report.nodes.length));
  const cardWidth = (width - (perRow - 1) * GAP) / perRow;
  const cards = report.nodes.map((node) => drawNode(node, report, cardWidth - 2 * CARD_PADDING));
  const rows: Block[] = [];
  for (let first = 0; first < cards.length; first += perRow) {
    const row = cards.slice(first, first + perRow);
    const height = Math.max(...row.map((card) => card.height)) + 2 * CARD_PADDING;
    const markup = row.map((card, column) =>
      at(
        column * (cardWidth + GAP),
        0,
        `<rect class="card" width="${cardWidth}" height="${height}" rx="8"/>${at(CARD_PADDING, CARD_PADDING, card.markup)}`,
      ),
    );
    rows.push({ markup: markup.join('\n'), height });
  }
  return stack(rows, GAP);
}

function drawNode(node: placement.Node, report: PlacementResponse, width: number): Block {
  const memory =
    node.memoryBytes === 0
      ? 'no memory'
      : `${formatBytes(node.memoryBytes)} of memory, ${formatBytes(node.freeBytes)} free`;
  const distances = node.distances.length > 0 ? `, distances ${node.distances.join(' ')}` : '';
  return stack(
    [
      text(`node ${node.node}`, 'heading', 18),
      paragraph(`${node.cpus === '' ? 'no CPUs' : `CPUs ${node.cpus}`}, ${memory}${distances}`, width),
      text('threads by the CPU they ran on last', 'label', LINE),
      drawCpus(node, report, width),
      text('memory', 'label', LINE),
      ...report.services.map((service) => drawMemory(service, node.node, memoryScale(report), width)),
      text('hugepages of 2 MiB', 'label', LINE),
      drawHugepages(node, report, width),
    ],
    6,
  );
}

function drawCpus(node: placement.Node, { services }: PlacementResponse, width: number): Block {
  const cpus = parseList(node.cpus);
  if (cpus.length === 0) return text('none', 'small', LINE);
  const step = CELL + CELL_GAP;
  const perRow = Math.max(1, Math.floor((width + CELL_GAP) / step));
  const rowHeight = CELL + 12 + CELL_GAP;
  const cells = cpus.map((cpu, index) =>
    at((index % perRow) * step, Math.floor(index / perRow) * rowHeight, drawCpu(cpu, services)),
  );
  return { markup: cells.join('\n'), height: Math.ceil(cpus.length / perRow) * rowHeight };
}

/** One CPU: as many bands as services have threads there, each with their number. */
function drawCpu(cpu: number, services: readonly placement.ServiceReport[]): string {
  const bands = services
    .map((service) => ({ service: service.service, threads: threadsOn(service, cpu) }))
    .filter(({ threads }) => threads.length > 0);
  const height = CELL / Math.max(1, bands.length);
  const names = bands.map(({ service, threads }) => `${service} service: ${namesOf(threads)}`);
  const markup = bands.map(({ service, threads }, index) => {
    const y = index * height;
    return (
      `<rect class="${service === 'graph' ? 'graph' : 'iris'}" y="${y}" width="${CELL}" height="${height}"/>` +
      `<text class="inside" x="${CELL / 2}" y="${y + height / 2 + 4}">${threads.length}</text>`
    );
  });
  return (
    `<g class="cell"><title>${escape([`CPU ${cpu}`, ...names].join('\n'))}</title>` +
    `<rect class="empty" width="${CELL}" height="${CELL}"/>${markup.join('')}` +
    `<text class="cpu" x="${CELL / 2}" y="${CELL + 11}">${cpu}</text></g>`
  );
}

/** Bars of all services and nodes share one scale: the most that one service has on one node. */
function memoryScale({ nodes, services }: PlacementResponse): number {
  const all = services.flatMap((service) =>
    nodes.map(({ node }) => ownBytesOn(service, node) + bytesOn(service.mappedFiles, node)),
  );
  return Math.max(1, ...all);
}

function drawMemory(service: placement.ServiceReport, node: number, scale: number, width: number): Block {
  const { mappedFiles, parts } = service;
  const partBytes = parts.map(({ use, count }) => ({ use, bytes: bytesOn(count, node) }));
  const stretches = [
    ...partBytes.map(({ use, bytes }) =>
      stretch(styleOf(use, service.service), PART_NAME[use], bytes, scale),
    ),
    stretch('files', 'mapped files', bytesOn(mappedFiles, node), scale),
  ];
  // Where its parts are not told, the whole still is.
  const untold = ownBytesOn(service, node) - partBytes.reduce((sum, { bytes }) => sum + bytes, 0);
  if (untold > 0) {
    const style = service.service === 'graph' ? 'graph-rest' : 'iris-rest';
    stretches.unshift(stretch(style, 'own memory', untold, scale));
  }
  const there = stretches.filter(({ share }) => share > 0).map(({ says }) => says);
  const unknown = unknownMemory(service);
  const told = there.length === 0 && unknown.length === 0 ? ['nothing'] : [...there, ...unknown];
  return stack(
    [paragraph(`${service.service} service: ${told.join(', ')}`, width), drawBar(stretches, width)],
    2,
  );
}

function stretch(style: string, name: string, bytes: number, scale: number): Stretch {
  return { style, share: bytes / scale, says: `${name} ${formatBytes(bytes)}` };
}

function styleOf(use: placement.MemoryUse, service: string): string {
  switch (use) {
    case placement.MemoryUse.GRAPH:
      return 'graph';
    case placement.MemoryUse.LEFT_IRISES:
      return 'left-irises';
    case placement.MemoryUse.RIGHT_IRISES:
      return 'right-irises';
    case placement.MemoryUse.REST:
    case placement.MemoryUse.UNSPECIFIED:
      return service === 'graph' ? 'graph-rest' : 'iris-rest';
  }
}

function drawHugepages(node: placement.Node, report: PlacementResponse, width: number): Block {
  const { hugepagesTotal: total, hugepagesFree: free } = node;
  if (total === 0) return text('none reserved', 'small', LINE);
  const irises = hugepagesOfIrises(report, node.node);
  const others = total - free - (irises ?? 0);
  const told =
    irises === null ? `${total - free} in use` : `${irises} with irises, ${others} with other things`;
  const stretches = [
    { style: 'left-irises', share: (irises ?? 0) / total, says: `${irises ?? 0} with irises` },
    { style: 'others', share: Math.max(0, others) / total, says: `${others} with other things` },
  ];
  return stack([paragraph(`${told}, ${free} free of ${total}`, width), drawBar(stretches, width)], 2);
}

function drawBar(stretches: readonly Stretch[], width: number): Block {
  let x = 0;
  const markup = stretches
    .filter(({ share }) => share > 0)
    .map(({ style, share, says }) => {
      const length = Math.min(width - x, Math.max(1, share * width));
      const rect = `<rect class="${style}" x="${round(x)}" width="${round(length)}" height="${BAR}"><title>${escape(says)}</title></rect>`;
      x += length;
      return rect;
    });
  return {
    markup: `<rect class="empty" width="${width}" height="${BAR}"/>${markup.join('')}`,
    height: BAR + 4,
  };
}

function drawMoves({ services }: PlacementResponse): Block {
  const lines = services.map((service) => {
    const moves = cpuMigrations(service);
    const between = moves === null ? 'moves between CPUs not told' : `${moves} moves between CPUs`;
    return `${service.service} service: ${service.threads.length} threads, ${between}, ${service.nodeMigrations} between nodes seen`;
  });
  return stack([text('moves since start', 'heading', 18), ...lines.map((line) => text(line, '', LINE))], 4);
}

const VERDICT_STYLE: Readonly<Record<Verdict, string>> = {
  met: 'met',
  missed: 'missed',
  'cannot tell': 'cannot-tell',
};

function drawTargets(targets: readonly TargetResult[], width: number): Block {
  const indent = 112;
  const rows = targets.map(({ target, of, verdict, found }) => {
    const says = paragraph(`${target} (${of}): ${found}`, width - indent);
    return {
      markup:
        `<circle class="${VERDICT_STYLE[verdict]}" cx="6" cy="9" r="6"/>` +
        `<text class="label" x="20" y="13">${verdict}</text>${at(indent, 0, says.markup)}`,
      height: says.height,
    };
  });
  return stack([text('targets', 'heading', 18), ...rows], 4);
}

/** Blocks below each other. */
function stack(blocks: readonly Block[], gap: number): Block {
  let y = 0;
  const markup = blocks.map((block) => {
    const placed = at(0, y, block.markup);
    y += block.height + gap;
    return placed;
  });
  return { markup: markup.join('\n'), height: Math.max(0, y - gap) };
}

/** One line of text. */
function text(says: string, style: string, height: number): Block {
  return { markup: `<text class="${style}" y="${height - 5}">${escape(says)}</text>`, height };
}

/** Text in as many lines as it takes. */
function paragraph(says: string, width: number): Block {
  const most = Math.floor(width * CHARACTERS_A_PIXEL);
  const lines: string[] = [];
  // A figure stays with its unit.
  for (const word of says.replace(/(\d) (?=MiB|GiB|%)/g, '$1\u00a0').split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= most)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return stack(
    lines.map((line) => text(line, 'small', LINE)),
    0,
  );
}

function at(x: number, y: number, markup: string): string {
  return `<g transform="translate(${round(x)} ${round(y)})">${markup}</g>`;
}

function round(pixels: number): number {
  return Math.round(pixels * 100) / 100;
}

function escape(says: string): string {
  return says.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
