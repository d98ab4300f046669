/** A card for each node: its CPUs with the threads that ran there, memory, hugepages. */
import type {
  MemoryFigures,
  NodeFigures,
  PlacementFigures,
  ServiceFigures,
} from '@irispair/graph-service/page/snapshot';
import { Bar, KeyedList, make, setAttribute, setText, type Stretch } from './dom.js';
import { formatBytes, formatCount, formatList, formatNumber } from './format.js';
import { SERVICE_NAME } from './services.js';

const HUGEPAGE_BYTES = 2 << 20;

type Thread = ServiceFigures['threads'][number] & { readonly service: ServiceFigures['service'] };

/** One piece of memory on one node. */
interface Piece {
  readonly key: string;
  readonly style: string;
  readonly name: string;
  readonly bytes: number;
}

/** The card of one node. */
export class NodeView {
  readonly element: HTMLElement;
  private readonly roles = make('span', { class: 'roles' });
  private readonly about = make('p', { class: 'small' });
  private readonly cpus: KeyedList<number, CpuView>;
  private readonly threads = new ThreadsView();
  private readonly memoryBar = new Bar();
  private readonly pieces: KeyedList<Piece, PieceView>;
  /** What was tried and refused, and what is not known. */
  private readonly remarks = make('p', { class: 'small' });
  private readonly hugepages = make('p', { class: 'small' });
  private readonly hugepagesBar = new Bar();
  private shown: readonly Thread[] = [];

  constructor(id: number) {
    const grid = make('ol', { class: 'cpus', attributes: { 'aria-label': `CPUs of node ${id}` } });
    const legend = make('ul', { class: 'pieces' });
    this.cpus = new KeyedList(
      grid,
      (cpu) => String(cpu),
      (cpu) => new CpuView(cpu),
      (view, cpu) => {
        view.show(this.shown.filter(({ lastCpu }) => lastCpu === cpu));
      },
    );
    this.pieces = new KeyedList(
      legend,
      ({ key }) => key,
      (piece) => new PieceView(piece),
      (view, piece) => {
        view.show(piece);
      },
    );
    this.element = make(
      'article',
      { class: 'card node', attributes: { 'data-node': String(id) } },
      make('h2', {}, make('span', { text: `Node ${id}` }), this.roles),
      this.about,
      make('h3', { text: 'Threads by the CPU they ran on last' }),
      grid,
      this.threads.element,
      make('h3', { text: 'Memory of the pair' }),
      this.memoryBar.element,
      legend,
      this.remarks,
      make('h3', { text: 'Hugepages of 2 MiB' }),
      this.hugepagesBar.element,
      this.hugepages,
    );
  }

  show(node: NodeFigures, placement: PlacementFigures): void {
    const { services } = placement;
    const here = services.filter((service) => livesOn(service, node.node));
    setText(this.roles, here.map(({ service }) => SERVICE_NAME[service]).join(', '));
    setAttribute(this.element, 'data-services', here.map(({ service }) => service).join(' '));
    setText(this.about, aboutNode(node, placement.nodes));
    this.shown = services.flatMap(({ service, threads }) =>
      threads.filter(({ lastCpu }) => node.cpus.includes(lastCpu)).map((thread) => ({ ...thread, service })),
    );
    this.cpus.show(node.cpus);
    this.threads.show(this.shown);
    this.showMemory(node, services);
    this.showHugepages(node, services);
  }

  private showMemory({ node }: NodeFigures, services: readonly ServiceFigures[]): void {
    const pieces = piecesOn(services, node);
    const scale = Math.max(1, ...nodesOf(services).map((one) => sum(piecesOn(services, one))));
    this.memoryBar.show(pieces.map(({ style, bytes }): Stretch => ({ style, share: bytes / scale })));
    this.pieces.show(pieces);
    const unknown = services.flatMap(({ service, memory }) =>
      memory
        .filter((part) => part.unknown !== '')
        .map((part) => `${SERVICE_NAME[service]}: ${part.use} not told: ${part.unknown}`),
    );
    const nothing = pieces.length === 0 && services.length > 0 ? ['nothing of the pair'] : [];
    const here = services
      .flatMap(({ memory }) => memory)
      .filter(({ nodes }) => nodes.some((one) => one.node === node));
    const fallbacks = [...new Set(here.flatMap((part) => part.fallbacks))].map((fallback) => {
      const uses = here.filter((part) => part.fallbacks.includes(fallback)).map(({ use }) => use);
      return `${uses.join(', ')}: ${fallback}`;
    });
    setText(this.remarks, [...new Set([...nothing, ...fallbacks, ...unknown])].join('; '));
  }

  private showHugepages(
    { node, hugepages: { total, free } }: NodeFigures,
    services: readonly ServiceFigures[],
  ): void {
    const irises = hugepagesOfIrises(services, node);
    const others = Math.max(0, total - free - irises);
    this.hugepagesBar.element.hidden = total === 0;
    if (total === 0) {
      setText(this.hugepages, 'none reserved');
      return;
    }
    this.hugepagesBar.show([
      { style: 'left-irises', share: irises / total },
      { style: 'files', share: others / total },
    ]);
    setText(
      this.hugepages,
      `${formatCount(irises)} with irises, ${formatCount(others)} with other things, ${formatCount(free)} free of ${formatCount(total)}`,
    );
  }
}

function livesOn({ node, threads, memory }: ServiceFigures, id: number): boolean {
  if (node !== null) return node === id;
  return threads.length > 0 && memory.some(({ nodes }) => nodes.some((one) => one.node === id));
}

function aboutNode(node: NodeFigures, nodes: readonly NodeFigures[]): string {
  const cpus =
    node.cpus.length === 0
      ? 'no CPUs'
      : `${formatNumber(node.cpus.length, 'CPU')} (${formatList(node.cpus)})`;
  const memory =
    node.memoryBytes === 0
      ? 'no memory'
      : `${formatBytes(node.freeBytes)} of ${formatBytes(node.memoryBytes)} memory free`;
  const distances = nodes.flatMap((other, place) =>
    other.node === node.node || place >= node.distances.length
      ? []
      : [`distance ${node.distances[place]} to node ${other.node}`],
  );
  return [cpus, memory, ...distances].join(', ');
}

function piecesOn(services: readonly ServiceFigures[], node: number): Piece[] {
  return services.flatMap(({ service, memory }) =>
    memory.flatMap((part): Piece[] => {
      const bytes = part.nodes.find((one) => one.node === node)?.bytes ?? 0;
      if (bytes === 0) return [];
      return [
        {
          key: `${service} ${part.use}`,
          style: styleOf(service, part.use),
          name: nameOf(service, part),
          bytes,
        },
      ];
    }),
  );
}

function styleOf(service: ServiceFigures['service'], use: MemoryFigures['use']): string {
  switch (use) {
    case 'graph':
      return 'graph';
    case 'left irises':
      return 'left-irises';
    case 'right irises':
      return 'right-irises';
    case 'rest':
      return `${service}-rest`;
    case 'mapped files':
      return 'files';
  }
}

function nameOf(service: ServiceFigures['service'], { use, backings }: MemoryFigures): string {
  switch (use) {
    case 'graph':
      return 'graph';
    case 'left irises':
    case 'right irises':
      return `${use}, ${backings.map(({ backing, policy }) => `${backing} pages, ${policy} policy`).join('; ')}`;
    case 'rest':
      return `rest of the ${SERVICE_NAME[service]}`;
    case 'mapped files':
      return `files that the ${SERVICE_NAME[service]} maps`;
  }
}

function nodesOf(services: readonly ServiceFigures[]): number[] {
  return [
    ...new Set(
      services.flatMap(({ memory }) => memory.flatMap(({ nodes }) => nodes.map(({ node }) => node))),
    ),
  ];
}

function sum(pieces: readonly Piece[]): number {
  return pieces.reduce((all, { bytes }) => all + bytes, 0);
}

function hugepagesOfIrises(services: readonly ServiceFigures[], node: number): number {
  let bytes = 0;
  for (const { nodes, backings } of services.flatMap(({ memory }) => memory)) {
    const huge = backings
      .filter(({ backing }) => backing === 'hugetlbfs' || backing === 'hugepages')
      .reduce((all, one) => all + one.bytes, 0);
    bytes += Math.min(huge, nodes.find((one) => one.node === node)?.bytes ?? 0);
  }
  return Math.round(bytes / HUGEPAGE_BYTES);
}

/** One CPU: which services' threads ran there last, and how many. */
class CpuView {
  readonly element: HTMLElement;
  private readonly count = make('span', { class: 'count' });

  constructor(private readonly cpu: number) {
    this.element = make(
      'li',
      { class: 'cpu' },
      this.count,
      make('span', { class: 'number', text: String(cpu), attributes: { 'aria-hidden': 'true' } }),
    );
  }

  show(threads: readonly Thread[]): void {
    const services = (['graph', 'iris'] as const).filter((service) =>
      threads.some((thread) => thread.service === service),
    );
    setAttribute(this.element, 'data-services', services.join(' '));
    setText(this.count, threads.length === 0 ? '' : String(threads.length));
    const told = services.map((service) => {
      const own = threads.filter((thread) => thread.service === service);
      return `${SERVICE_NAME[service]}: ${namesOf(own)}`;
    });
    const says = [`CPU ${this.cpu}`, ...(told.length === 0 ? ['no thread'] : told)].join('\n');
    setAttribute(this.element, 'title', says);
    setAttribute(this.element, 'aria-label', says);
  }
}

/** `node x 5, n1-left-0`. */
function namesOf(threads: readonly Thread[]): string {
  const counts = new Map<string, number>();
  for (const { name } of threads) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name} x ${count}`)).join(', ');
}

/** Threads that are alike: the same name, confined to the same CPUs. */
interface Alike {
  readonly key: string;
  readonly threads: readonly Thread[];
}

/** All threads of a node in words. */
class ThreadsView {
  readonly element: HTMLElement;
  private readonly summary = make('summary');
  private readonly rows: KeyedList<Alike, RowView>;

  constructor() {
    const body = make('tbody');
    this.rows = new KeyedList(
      body,
      ({ key }) => key,
      () => new RowView(),
      (view, alike) => {
        view.show(alike);
      },
    );
    const head = ['service', 'thread', 'ran on', 'may run on', 'moves'].map((text) =>
      make('th', { text, attributes: { scope: 'col' } }),
    );
    this.element = make(
      'details',
      { class: 'threads' },
      this.summary,
      make('table', {}, make('thead', {}, make('tr', {}, ...head)), body),
    );
  }

  show(threads: readonly Thread[]): void {
    const counts = (['graph', 'iris'] as const).flatMap((service) => {
      const count = threads.filter((thread) => thread.service === service).length;
      return count === 0 ? [] : [`${count} of the ${SERVICE_NAME[service]}`];
    });
    setText(this.summary, `Threads: ${counts.length === 0 ? 'none' : counts.join(', ')}`);
    const groups = new Map<string, Thread[]>();
    for (const thread of threads) {
      const key = `${thread.service} ${thread.name} ${thread.allowedCpus}`;
      groups.set(key, [...(groups.get(key) ?? []), thread]);
    }
    this.rows.show(Array.from(groups, ([key, alike]) => ({ key, threads: alike })));
  }
}

class RowView {
  readonly element = make('tr');
  private readonly cells = Array.from({ length: 5 }, () => make('td'));

  constructor() {
    this.element.append(...this.cells);
  }

  show({ threads }: Alike): void {
    const [{ name, allowedCpus, service }] = threads;
    const ranOn = [...new Set(threads.map(({ lastCpu }) => lastCpu))].sort((one, other) => one - other);
    const moves = threads.map(({ cpuMigrations }) => cpuMigrations);
    const known = moves.filter((move) => move !== null);
    setAttribute(this.element, 'class', service);
    [
      service,
      threads.length === 1 ? name : `${name} x ${threads.length}`,
      formatList(ranOn),
      allowedCpus,
      known.length < moves.length ? 'not told' : formatCount(known.reduce((all, move) => all + move, 0)),
    ].forEach((text, place) => {
      setText(this.cells[place], text);
    });
  }
}

class PieceView {
  readonly element: HTMLElement;
  private readonly name = make('span', { class: 'name' });
  private readonly bytes = make('span', { class: 'value' });

  constructor({ style }: Piece) {
    this.element = make('li', {}, make('span', { class: `swatch ${style}` }), this.name, this.bytes);
  }

  show({ name, bytes }: Piece): void {
    setText(this.name, name);
    setText(this.bytes, formatBytes(bytes));
  }
}
