/** The decision where the services run, and each service in figures. */
import type { ServiceFigures, Snapshot } from '@irispair/graph-service/page/snapshot';
import { KeyedList, make, setText } from './dom.js';
import { formatBytes, formatCount, formatFigure, formatShare } from './format.js';

/** What the services are called. */
export const SERVICE_NAME: Readonly<Record<ServiceFigures['service'], string>> = {
  graph: 'graph service',
  iris: 'iris service',
};

const FIGURES = [
  'runs on',
  'CPUs busy',
  'threads',
  'moves between CPUs',
  'moves between nodes',
  'resident memory',
  'local memory',
] as const;

/** The section on the placement. */
export class DecisionView {
  private readonly word: HTMLElement;
  private readonly reason: HTMLElement;
  private readonly services: KeyedList<ServiceFigures, ServiceView>;

  constructor(section: HTMLElement) {
    this.word = make('span', { class: 'word' });
    this.reason = make('p', { class: 'reason' });
    const heading = make('h2', { text: 'Placement: ', attributes: { id: 'placement-heading' } }, this.word);
    const list = make('div', { class: 'services' });
    section.append(heading, this.reason, list);
    this.services = new KeyedList(
      list,
      ({ service }) => service,
      ({ service }) => new ServiceView(service),
      (view, service) => {
        view.show(service);
      },
    );
  }

  show({ decision, placement }: Snapshot): void {
    setText(this.word, decision.placement);
    // Each service decides for itself: where they differ, both are told.
    const others = placement.services
      .filter(
        ({ placement: chosen, reason }) =>
          `${chosen} ${reason}` !== `${decision.placement} ${decision.reason}`,
      )
      .map(
        ({ service, placement: chosen, reason }) =>
          ` The ${SERVICE_NAME[service]} decided ${chosen}: ${reason}.`,
      );
    setText(this.reason, `${capital(decision.reason)}.${others.join('')}`);
    this.services.show(placement.services);
  }
}

class ServiceView {
  readonly element: HTMLElement;
  private readonly values = new Map<string, HTMLElement>();

  constructor(service: ServiceFigures['service']) {
    const list = make('dl', { class: 'figures' });
    for (const name of FIGURES) {
      const value = make('dd');
      this.values.set(name, value);
      list.append(make('div', {}, make('dt', { text: name }), value));
    }
    this.element = make(
      'article',
      { class: `service ${service}` },
      make('h3', { text: capital(SERVICE_NAME[service]) }),
      list,
    );
  }

  show(service: ServiceFigures): void {
    const { threads, nodeMigrations, busyCpus, node, cpus } = service;
    const figures: Record<(typeof FIGURES)[number], string> = {
      'runs on': `${node === null ? '' : `node ${node}, `}CPUs ${cpus}`,
      'CPUs busy': busyCpus === null ? 'measuring' : formatFigure(Math.round(busyCpus * 100) / 100),
      threads: formatCount(threads.length),
      'moves between CPUs': movesOf(service),
      'moves between nodes': formatCount(nodeMigrations),
      'resident memory': formatBytes(service.residentBytes),
      'local memory': localShare(service),
    };
    for (const name of FIGURES) {
      const value = this.values.get(name);
      if (value !== undefined) setText(value, figures[name]);
    }
  }
}

function movesOf({ threads }: ServiceFigures): string {
  let moves = 0;
  for (const { cpuMigrations } of threads) {
    if (cpuMigrations === null) return 'not told';
    moves += cpuMigrations;
  }
  return formatCount(moves);
}

/** Of a service's own memory the share on its node, or on those whose memory it asks for; mapped files are nobody's. */
function localShare({ node, memoryNodes, memory }: ServiceFigures): string {
  const own = memory.filter(({ use }) => use !== 'mapped files');
  const local = new Set([...(node === null ? [] : [node]), ...memoryNodes]);
  if (node === null) return 'no node of its own';
  if (own.some(({ unknown }) => unknown !== '')) return 'not told';
  const counted = own.flatMap(({ nodes }) => nodes);
  const all = counted.reduce((sum, { bytes }) => sum + bytes, 0);
  const here = counted.filter((one) => local.has(one.node)).reduce((sum, { bytes }) => sum + bytes, 0);
  return all === 0 ? 'not told' : formatShare(here / all);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
