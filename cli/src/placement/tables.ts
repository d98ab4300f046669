/** Where a pair is, in tables. */
import { parseList } from '@irispair/native/topology';
import type * as placement from '@irispair/proto/placement';
import type { PlacementResponse } from '@irispair/proto/public';
import { formatBytes, table } from '../output/print.js';
import {
  bytesOn,
  cpuMigrations,
  hugepagesOfIrises,
  isKnown,
  namesOf,
  PART_NAME,
  threadsOn,
  unknownMemory,
  whyUnknown,
} from './figures.js';
import type { TargetResult } from './targets.js';

const NOT_TOLD = 'not told';

/** What was decided, the nodes, the threads by CPU, the memory by node, the moves. */
export function describePlacement(report: PlacementResponse): string {
  return [
    ...report.services.map(describeService),
    ...(report.irisAway === '' ? [] : [`iris service: ${report.irisAway}`]),
    nodesTable(report),
    threadsTable(report),
    memoryTable(report),
    ...remarks(report),
    movesTable(report),
  ].join('\n');
}

/** The targets and what became of each. */
export function describeTargets(results: readonly TargetResult[]): string {
  const lines = results.map(
    ({ target, of, verdict, found }) => `${verdict.padEnd(11)}  ${of.padEnd(5)}  ${target}: ${found}`,
  );
  const remedies = new Map<string, string[]>();
  for (const { target, of, remedy } of results) {
    if (remedy !== '') remedies.set(remedy, [...(remedies.get(remedy) ?? []), `${target} (${of})`]);
  }
  const told = Array.from(remedies, ([remedy, missed]) => `remedy for ${missed.join(', ')}: ${remedy}`);
  return [...lines, ...told].join('\n');
}

function describeService(service: placement.ServiceReport): string {
  const { service: name, processId, placement: chosen, node, cpus, reason } = service;
  const where = node === undefined ? `CPUs ${cpus}` : `node ${node}, CPUs ${cpus}`;
  return `${name} service, process ${processId}: ${chosen}, ${where} (${reason})`;
}

function nodesTable(report: PlacementResponse): string {
  const head = ['node', 'CPUs', 'memory', 'free', 'hugepages', 'free', 'with irises', 'distances'];
  const rows = report.nodes.map((node) => [
    String(node.node),
    node.cpus || 'none',
    node.memoryAllowed ? formatBytes(node.memoryBytes) : `${formatBytes(node.memoryBytes)}, not allowed`,
    formatBytes(node.freeBytes),
    String(node.hugepagesTotal),
    String(node.hugepagesFree),
    String(hugepagesOfIrises(report, node.node) ?? NOT_TOLD),
    node.distances.join(' ') || NOT_TOLD,
  ]);
  return table(head, rows);
}

function threadsTable({ nodes, services }: PlacementResponse): string {
  const head = ['node', 'CPU', ...services.map(({ service }) => `threads of the ${service} service`)];
  const known = nodes.flatMap(({ node, cpus }) =>
    parseList(cpus).map((cpu) => ({ node: String(node), cpu })),
  );
  const ran = new Set(services.flatMap(({ threads }) => threads.map(({ lastCpu }) => lastCpu)));
  const unknown = [...ran]
    .filter((cpu) => !known.some((one) => one.cpu === cpu))
    .map((cpu) => ({ node: NOT_TOLD, cpu }));
  const rows = [...known, ...unknown]
    .filter(({ cpu }) => ran.has(cpu))
    .map(({ node, cpu }) => [
      node,
      String(cpu),
      ...services.map((service) => namesOf(threadsOn(service, cpu))),
    ]);
  return table(head, rows);
}

function memoryTable({ nodes, services }: PlacementResponse): string {
  const head = ['service', 'memory', ...nodes.map(({ node }) => `node ${node}`), 'not backed', 'on'];
  const row = (service: string, name: string, count: placement.MemoryCount | undefined, on: string) => [
    service,
    name,
    ...nodes.map(({ node }) => (isKnown(count) ? formatBytes(bytesOn(count, node)) : NOT_TOLD)),
    isKnown(count) ? formatBytes(count.notBackedBytes) : NOT_TOLD,
    on,
  ];
  const rows = services.flatMap(({ service, parts, ownMemory, mappedFiles }) => [
    ...parts.map(({ use, count, segments }) =>
      row(service, PART_NAME[use], count, describeSegments(segments)),
    ),
    row(service, 'all of its own', ownMemory, ''),
    row(service, 'mapped files', mappedFiles, 'page cache, shared'),
  ]);
  return table(head, rows);
}

function describeSegments(segments: readonly placement.ArenaSegment[]): string {
  return [...new Set(segments.map(({ backing, policy }) => `${backing} pages, ${policy} policy`))].join('; ');
}

/** What is not known and why, and what was estimated. */
function remarks({ services }: PlacementResponse): string[] {
  return services.flatMap((service) => {
    const { parts, mappedFiles } = service;
    const estimated = parts
      .filter(({ count }) => isKnown(count) && count.interval > 1)
      .map(
        ({ use, count }) =>
          `${PART_NAME[use]}: one page in ${count?.interval} was looked up and stands for the others`,
      );
    const files = isKnown(mappedFiles) ? [] : [`mapped files not told: ${whyUnknown(mappedFiles)}`];
    return [...unknownMemory(service), ...files, ...estimated].map(
      (line) => `${service.service} service: ${line}`,
    );
  });
}

function movesTable({ services }: PlacementResponse): string {
  const head = ['service', 'threads', 'CPU moves', 'node moves', 'gave its CPU up', 'was taken off it'];
  const rows = services.map((service) => [
    service.service,
    String(service.threads.length),
    String(cpuMigrations(service) ?? NOT_TOLD),
    String(service.nodeMigrations),
    String(service.threads.reduce((sum, { voluntarySwitches }) => sum + voluntarySwitches, 0)),
    String(service.threads.reduce((sum, { involuntarySwitches }) => sum + involuntarySwitches, 0)),
  ]);
  return table(head, rows);
}
