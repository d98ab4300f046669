import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { parseList, readTopology, type TopologySources } from './topology.js';

interface MadeUpNode {
  readonly id: number;
  readonly cpus: string;
  readonly memoryKib: number;
  readonly hugepages?: readonly [total: number, free: number];
}

describe('the topology', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'irispair-topology-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  function machine(nodes: readonly MadeUpNode[], cpus: string, memoryNodes: string): TopologySources {
    const status = join(directory, 'status');
    writeFileSync(status, `Name:\tnode\nCpus_allowed_list:\t${cpus}\nMems_allowed_list:\t${memoryNodes}\n`);
    const root = join(directory, 'nodes');
    mkdirSync(root);
    writeFileSync(join(root, 'online'), '0-9');
    for (const { id, cpus: list, memoryKib, hugepages } of nodes) {
      const path = join(root, `node${id}`);
      mkdirSync(join(path, 'hugepages', 'hugepages-2048kB'), { recursive: true });
      writeFileSync(join(path, 'cpulist'), `${list}\n`);
      writeFileSync(
        join(path, 'meminfo'),
        `Node ${id} MemTotal:       ${memoryKib} kB\nNode ${id} MemFree:        ${memoryKib / 2} kB\n`,
      );
      writeFileSync(join(path, 'distance'), nodes.map((other) => (other.id === id ? 10 : 21)).join(' '));
      const [total, free] = hugepages ?? [0, 0];
      writeFileSync(join(path, 'hugepages', 'hugepages-2048kB', 'nr_hugepages'), `${total}\n`);
      writeFileSync(join(path, 'hugepages', 'hugepages-2048kB', 'free_hugepages'), `${free}\n`);
    }
    return { nodes: root, status };
  }

  it('reads gaps in the numbering, interleaved CPUs, and cuts both down to what is allowed', () => {
    const sources = machine(
      [
        { id: 0, cpus: '0,2,4-6', memoryKib: 1024 },
        { id: 3, cpus: '1,3,7', memoryKib: 2048, hugepages: [512, 100] },
      ],
      '0-3,7',
      '3',
    );
    const topology = readTopology(sources);
    assert.deepEqual(
      topology.nodes.map(({ id, cpus, allCpus, memoryAllowed }) => ({ id, cpus, allCpus, memoryAllowed })),
      [
        { id: 0, cpus: [0, 2], allCpus: [0, 2, 4, 5, 6], memoryAllowed: false },
        { id: 3, cpus: [1, 3, 7], allCpus: [1, 3, 7], memoryAllowed: true },
      ],
    );
    assert.deepEqual(topology.nodes[1].hugepages2Mb, { total: 512, free: 100 });
    assert.deepEqual([topology.nodes[1].memoryBytes, topology.nodes[1].freeBytes], [2_097_152, 1_048_576]);
    assert.deepEqual(topology.nodes[0].distances, [10, 21]);
    assert.deepEqual(topology.allowedMemoryNodes, [3]);
  });

  it('reads nodes without CPUs and without memory', () => {
    const { nodes } = readTopology(
      machine(
        [
          { id: 0, cpus: '0-1', memoryKib: 1024 },
          { id: 1, cpus: '', memoryKib: 0 },
        ],
        '0-1',
        '0-1',
      ),
    );
    assert.deepEqual(nodes[1].cpus, []);
    assert.equal(nodes[1].memoryBytes, 0);
  });

  it('is one node where the kernel knows no nodes', () => {
    const sources = { ...machine([], '0-1', '0'), nodes: join(directory, 'none') };
    const { nodes } = readTopology(sources);
    assert.equal(nodes.length, 1);
    assert.deepEqual(nodes[0].cpus, [0, 1]);
    assert.ok(nodes[0].memoryBytes > 0);
  });

  it('is that of this machine', () => {
    const { nodes, allowedCpus } = readTopology();
    assert.ok(allowedCpus.length > 0);
    assert.ok(nodes.some(({ cpus }) => cpus.length > 0));
  });
});

describe('kernel lists', () => {
  it('are read in order', () => {
    assert.deepEqual(parseList('8,0-3\n'), [0, 1, 2, 3, 8]);
    assert.deepEqual(parseList('\n'), []);
  });
});
