import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DOMParser, onErrorStopParsing, type Document, type Element } from '@xmldom/xmldom';
import type { PlacementResponse } from '@irispair/proto/public';
import {
  graphService,
  irisService,
  memory,
  MIB,
  oneNode,
  thread,
  twoNodes,
  untold,
} from '../support/made-up-placement.js';
import { placementJson } from './json.js';
import { drawPlacement } from './svg.js';
import { describePlacement, describeTargets } from './tables.js';
import { checkTargets } from './targets.js';
import { plotPlacement } from './terminal-plot.js';

const REFUSED = 'move_pages was refused: Operation not permitted (containers need CAP_SYS_NICE)';

/** As in a container without CAP_SYS_NICE on a kernel that counts no moves. */
function littleKnown(): PlacementResponse {
  const parts = irisService().parts.map((part) => ({ ...part, count: untold(REFUSED) }));
  const threads = irisService().threads.map((one) => ({ ...one, cpuMigrations: undefined }));
  return twoNodes({
    services: [
      graphService({ mappedFiles: untold('/proc/self/numa_maps cannot be read: ENOENT') }),
      irisService({ parts, threads }),
    ],
  });
}

/** A line of a table without its frame and padding. */
function cells(line: string): string {
  return line
    .split('│')
    .map((cell) => cell.trim())
    .join('|');
}

describe('the tables', () => {
  const lines = (report: PlacementResponse) => describePlacement(report).split('\n').map(cells);

  it('tell of two nodes', () => {
    const told = lines(twoNodes()).filter((line) => !/^[┌├└]/.test(line));
    assert.deepEqual(told, [
      'graph service, process 4201: split, node 0, CPUs 0-3 (graph service on node 0, iris service on node 1, irises in the memory of node 1)',
      'iris service, process 4101: split, node 1, CPUs 4-7 (graph service on node 0, iris service on node 1, irises in the memory of node 1)',
      '|node|CPUs|memory|free|hugepages|free|with irises|distances|',
      '|0|0-3|16.00 GiB|9.00 GiB|0|0|0|10 21|',
      '|1|4-7|16.00 GiB|12.00 GiB|512|270|232|21 10|',
      '|node|CPU|threads of the graph service|threads of the iris service|',
      '|0|0|node||',
      '|0|1|node x 2||',
      '|0|3|node||',
      '|1|4||node, n1-left-0|',
      '|1|5||node, n1-left-1|',
      '|1|6||n1-right-0|',
      '|1|7||n1-right-1|',
      '|service|memory|node 0|node 1|not backed|on|',
      '|graph|graph|120 MiB|0 MiB|0 MiB||',
      '|graph|rest|70 MiB|10 MiB|0 MiB||',
      '|graph|all of its own|190 MiB|10 MiB|0 MiB||',
      '|graph|mapped files|0 MiB|48 MiB|0 MiB|page cache, shared|',
      '|iris|left irises|0 MiB|232 MiB|0 MiB|hugetlbfs pages, bind policy|',
      '|iris|right irises|0 MiB|232 MiB|0 MiB|hugetlbfs pages, bind policy|',
      '|iris|rest|0 MiB|36 MiB|0 MiB||',
      '|iris|all of its own|0 MiB|500 MiB|0 MiB||',
      '|iris|mapped files|0 MiB|49 MiB|0 MiB|page cache, shared|',
      '|service|threads|CPU moves|node moves|gave its CPU up|was taken off it|',
      '|graph|4|12|0|400|28|',
      '|iris|6|18|0|600|42|',
    ]);
  });

  it('say what is not told and why, once a service', () => {
    const told = lines(littleKnown());
    for (const line of [
      '|1|4-7|16.00 GiB|12.00 GiB|512|270|not told|21 10|',
      '|graph|mapped files|not told|not told|not told|page cache, shared|',
      '|iris|left irises|not told|not told|not told|hugetlbfs pages, bind policy|',
      '|iris|6|not told|0|600|42|',
      `iris service: left irises, right irises, rest not told: ${REFUSED}`,
      'graph service: mapped files not told: /proc/self/numa_maps cannot be read: ENOENT',
    ]) {
      assert.equal(told.filter((one) => one === line).length, 1, line);
    }
  });

  it('say what was estimated, and list threads on CPUs of no known node', () => {
    const [graph, rest] = graphService().parts;
    const told = lines(
      twoNodes({
        services: [
          graphService({
            parts: [{ ...graph, count: memory({ 0: 120 * MIB }, 16) }, rest],
            threads: [thread(4_201, 'node', '0-99', 99, undefined)],
          }),
        ],
        irisAway: 'the iris service is away: no socket',
      }),
    );
    for (const line of [
      'graph service: graph: one page in 16 was looked up and stands for the others',
      '|not told|99|node|',
      'iris service: the iris service is away: no socket',
    ]) {
      assert.ok(told.includes(line), line);
    }
  });

  it('give every target a line and every remedy once, with what it is for', () => {
    const report = twoNodes({
      services: [graphService({ ownMemory: memory({ 0: 150 * MIB, 1: 50 * MIB }) }), irisService()],
    });
    const told = describeTargets(checkTargets(report)).split('\n');
    assert.equal(told.length, 9 + 1);
    assert.equal(told[1], 'missed       graph  local memory: 75.0 % of 200 MiB on node 0');
    assert.match(
      told[9],
      /^remedy for local memory \(graph\), remote memory \(graph\): elsewhere are 10 MiB of rest/,
    );
  });
});

describe('the plot for terminals', () => {
  it('has bars of one scale for all nodes', () => {
    assert.equal(
      plotPlacement(twoNodes()).replace(/ +$/gm, ''),
      [
        'node 0, CPUs 0-3',
        '  threads    graph  ██████████████████████████▋               4',
        '             iris                                             0',
        '  memory     graph  ███████████████▎                          190 MiB: graph 120 MiB, rest 70 MiB',
        '             iris                                             0 MiB',
        '  hugepages                                                   none reserved',
        '',
        'node 1, CPUs 4-7',
        '  threads    graph                                            0',
        '             iris   ████████████████████████████████████████  6',
        '  memory     graph  ▊                                         10 MiB: rest 10 MiB',
        '             iris   ████████████████████████████████████████  500 MiB: left irises 232 MiB, right irises 232 MiB, rest 36 MiB',
        '  hugepages         ██████████████████▉                       242 of 512 in use, 232 by irises',
      ].join('\n'),
    );
  });

  it('shows little as something, and what is unknown as unknown', () => {
    const services = [graphService({ ownMemory: memory({ 0: 1, 1: 2 ** 30 }), parts: [] })];
    assert.match(plotPlacement(twoNodes({ services })), /memory {5}graph {2}▏ +0 MiB/);
    const [, second] = plotPlacement(littleKnown()).split('\n\n');
    assert.match(
      second,
      new RegExp(`iris   █+  500 MiB; left irises, right irises, rest not told: move_pages`),
    );
    assert.match(second, /242 of 512 in use, how many by irises is not told/);
  });
});

describe('the picture', () => {
  /** Parses it as a browser would, strictly. */
  function draw(report: PlacementResponse): { svg: string; document: Document } {
    const svg = drawPlacement(report, checkTargets(report));
    const document = new DOMParser({ onError: onErrorStopParsing }).parseFromString(svg, 'image/svg+xml');
    return { svg, document };
  }

  function elements(document: Document, tag: string, style?: string): Element[] {
    return [...document.getElementsByTagName(tag)].filter(
      (element) => style === undefined || element.getAttribute('class') === style,
    );
  }

  /** Total width of the stretches of one style. */
  function widthOf(document: Document, style: string): number {
    return elements(document, 'rect', style)
      .filter((rect) => rect.getAttribute('height') === '18')
      .reduce((sum, rect) => sum + Number(rect.getAttribute('width')), 0);
  }

  it('has a card for each node, a cell for each CPU, and bars as long as the figures', () => {
    const { document } = draw(twoNodes());
    assert.equal(elements(document, 'rect', 'card').length, 2);
    const cells = elements(document, 'g', 'cell').map((cell) => cell.textContent);
    assert.equal(cells.length, 8);
    assert.ok(cells.includes('CPU 1\ngraph service: node x 221'));
    assert.ok(cells.includes('CPU 22'));
    assert.ok(cells.includes('CPU 4\niris service: node, n1-left-024'));
    const ratio = widthOf(document, 'graph') / widthOf(document, 'graph-rest');
    assert.ok(Math.abs(ratio - 120 / 80) < 0.01, `${ratio}`);
    // Irises: 232 MiB in the bar of memory, 232 of 512 pages in that of hugepages.
    const hugepages = widthOf(document, 'left-irises') - widthOf(document, 'right-irises');
    const whole = Number(elements(document, 'rect', 'empty')[4].getAttribute('width'));
    assert.ok(Math.abs(hugepages / whole - 232 / 512) < 0.01);
    assert.equal(elements(document, 'circle', 'met').length, 9);
  });

  it('is one file, for light and dark ground, that fetches nothing', () => {
    const { svg, document } = draw(twoNodes());
    assert.match(svg, /@media \(prefers-color-scheme: dark\)/);
    const links = svg.match(/https?:[^"' ]+|url\(|@import|href/g);
    assert.deepEqual(links, ['http://www.w3.org/2000/svg']);
    for (const tag of ['image', 'script', 'use', 'foreignObject'])
      assert.equal(elements(document, tag).length, 0);
  });

  it('keeps everything within its bounds, however many CPUs and words there are', () => {
    const report = oneNode();
    report.nodes[0].cpus = '0-255';
    report.services[0].reason = 'words '.repeat(100);
    const { document } = draw(report);
    const [root] = elements(document, 'svg');
    const bounds = { width: Number(root.getAttribute('width')), height: Number(root.getAttribute('height')) };
    for (const rect of elements(document, 'rect')) {
      let [x, y] = [Number(rect.getAttribute('x') ?? 0), Number(rect.getAttribute('y') ?? 0)];
      for (let parent = rect.parentNode; parent !== null && parent !== document; parent = parent.parentNode) {
        const moved = /translate\(([\d.]+) ([\d.]+)\)/.exec(
          (parent as Element).getAttribute('transform') ?? '',
        );
        x += Number(moved?.[1] ?? 0);
        y += Number(moved?.[2] ?? 0);
      }
      assert.ok(x + Number(rect.getAttribute('width')) <= bounds.width);
      assert.ok(y + Number(rect.getAttribute('height')) <= bounds.height);
    }
    for (const text of elements(document, 'text')) assert.ok((text.textContent ?? '').length < 170);
  });

  it('writes names as they are, whatever they hold', () => {
    const name = '<&">]]>';
    const { svg, document } = draw(
      twoNodes({ services: [graphService({ threads: [thread(1, name, '0-7', 0, 0)] })] }),
    );
    assert.ok(!svg.includes(name));
    assert.ok(document.documentElement?.textContent?.includes(name));
  });

  it('says what is not told', () => {
    const { document } = draw(littleKnown());
    const text = elements(document, 'text')
      .map((one) => one.textContent)
      .join(' ');
    assert.match(text, /left irises, right irises, rest not told/);
    assert.match(text, /iris service: 6 threads, moves between CPUs not told/);
    assert.equal(elements(document, 'circle', 'cannot-tell').length, 1);
  });
});

describe('the JSON', () => {
  interface Json {
    nodes: { node: number }[];
    services: {
      node: number | null;
      threads: { cpuMigrations: number | null; lastNode: number | null }[];
      ownMemory: unknown;
      parts: { use: string; count: { nodes: unknown; unknown: string | null } }[];
    }[];
    irisAway: string | null;
    targets: { target: string; verdict: string }[];
  }
  const json = (report: PlacementResponse) => JSON.parse(placementJson(report, checkTargets(report))) as Json;

  it('has the figures and the targets, kinds of memory in words', () => {
    const { nodes, services, irisAway, targets } = json(twoNodes());
    assert.deepEqual([nodes.map(({ node }) => node), irisAway], [[0, 1], null]);
    assert.deepEqual(
      services.map(({ parts }) => parts.map(({ use }) => use)),
      [
        ['graph', 'rest'],
        ['left irises', 'right irises', 'rest'],
      ],
    );
    assert.deepEqual(services[0].ownMemory, {
      nodes: [
        { node: 0, bytes: 190 * MIB },
        { node: 1, bytes: 10 * MIB },
      ],
      notBackedBytes: 0,
      interval: 1,
      unknown: null,
    });
    assert.deepEqual(targets[1], {
      target: 'local memory',
      of: 'graph',
      verdict: 'met',
      found: '95.0 % of 200 MiB on node 0',
      remedy: '',
    });
  });

  it('has null for what is not told', () => {
    const { services } = json(littleKnown());
    assert.equal(services[1].threads[0].cpuMigrations, null);
    assert.deepEqual(services[1].parts[0].count, { nodes: null, unknown: REFUSED });
    assert.equal(json(oneNode()).services[0].node, null);
  });
});
