/** Where a pair is, as bars for a terminal. */
import type * as placement from '@irispair/proto/placement';
import type { PlacementResponse } from '@irispair/proto/public';
import { formatBytes } from '../output/print.js';
import { bytesOn, hugepagesOfIrises, isKnown, ownBytesOn, PART_NAME, unknownMemory } from './figures.js';

const CELLS = 40;
/** A cell filled from the left, in eighths. */
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** Threads, memory and hugepages of every node. Bars of one kind share one scale, of hugepages each node's own. */
export function plotPlacement(report: PlacementResponse): string {
  return report.nodes.map((node) => plotNode(node, report).join('\n')).join('\n\n');
}

function plotNode(node: placement.Node, report: PlacementResponse): string[] {
  const { nodes, services } = report;
  const threadScale = Math.max(1, ...services.map(({ threads }) => threads.length));
  const memoryScale = Math.max(
    1,
    ...services.flatMap((service) => nodes.map((one) => ownBytesOn(service, one.node))),
  );
  return [
    `node ${node.node}, ${node.cpus === '' ? 'no CPUs' : `CPUs ${node.cpus}`}`,
    ...services.map((service, index) => {
      const threads = service.threads.filter(({ lastNode }) => lastNode === node.node).length;
      return line(index === 0 ? 'threads' : '', service.service, bar(threads / threadScale), String(threads));
    }),
    ...services.map((service, index) => {
      const title = index === 0 ? 'memory' : '';
      const bytes = ownBytesOn(service, node.node);
      return line(title, service.service, bar(bytes / memoryScale), describeParts(service, node.node));
    }),
    plotHugepages(node, report),
  ];
}

function describeParts(service: placement.ServiceReport, node: number): string {
  const there = service.parts
    .map(({ use, count }) => ({ name: PART_NAME[use], bytes: bytesOn(count, node) }))
    .filter(({ bytes }) => bytes > 0)
    .map(({ name, bytes }) => `${name} ${formatBytes(bytes)}`);
  const unknown = unknownMemory(service);
  if (there.length === 0 && !isKnown(service.ownMemory)) return unknown.join('; ');
  const told = `${formatBytes(ownBytesOn(service, node))}${there.length === 0 ? '' : `: ${there.join(', ')}`}`;
  return [told, ...unknown].join('; ');
}

function plotHugepages(node: placement.Node, report: PlacementResponse): string {
  const { hugepagesTotal: total, hugepagesFree: free } = node;
  if (total === 0) return line('hugepages', '', '', 'none reserved');
  const irises = hugepagesOfIrises(report, node.node);
  const used = `${total - free} of ${total} in use`;
  const told = irises === null ? 'how many by irises is not told' : `${irises} by irises`;
  return line('hugepages', '', bar((total - free) / total), `${used}, ${told}`);
}

function line(title: string, service: string, bars: string, text: string): string {
  return `  ${title.padEnd(9)}  ${service.padEnd(5)}  ${bars.padEnd(CELLS)}  ${text}`;
}

function bar(share: number): string {
  const eighths = Math.round(Math.min(1, share) * CELLS * 8);
  const text = '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
  // What is there is seen, however little.
  return text === '' && share > 0 ? EIGHTHS[1] : text;
}
