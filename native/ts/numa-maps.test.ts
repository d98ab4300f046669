import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MemoryCount } from '@irispair/common/placement/report';
import { parseNumaMaps, readNumaMaps } from './numa-maps.js';
import { readResidentBytes } from './residency.js';

const KIB = 1_024;
const MIB = 1_024 * KIB;

function nodes(count: MemoryCount): Record<number, number> {
  assert.equal(count.kind, 'counted');
  return Object.fromEntries(count.nodes);
}

describe('numa_maps', () => {
  it('is read with pages of every size, by node, files apart', () => {
    const { own, files } = parseNumaMaps(
      [
        '00400000 prefer:1 file=/usr/bin/node mapped=1551 active=1481 N0=1500 N1=51 kernelpagesize_kB=4',
        '01a00000 prefer:1 file=/usr/bin/node anon=20 dirty=20 mapped=70 N0=50 N1=20 kernelpagesize_kB=4',
        '02601000 prefer:1 heap anon=100 dirty=100 active=0 N1=100 kernelpagesize_kB=4',
        '7f0000000000 bind:1 file=/mnt/hugepages-2MB/irispair-a1b2c3\\040(deleted) huge dirty=116 N1=116 kernelpagesize_kB=2048',
        '7f1000000000 bind:1 anon=3 dirty=3 active=0 N1=3 kernelpagesize_kB=2048',
        '7f2000000000 prefer:1 file=/memfd:doublemapper\\040(deleted) dirty=7 mapmax=2 N0=7 kernelpagesize_kB=4',
        '7f3000000000 prefer:1 file=/srv/irispair/iris/data.mdb mapped=9 N10=9 kernelpagesize_kB=4',
        '7f4000000000 prefer:1',
        '7f5000000000 prefer:1 stack anon=5 dirty=5 N1=5 kernelpagesize_kB=64',
        '7ffe00000000 default',
        '',
      ].join('\n'),
    );
    assert.deepEqual(nodes(own), {
      0: 7 * 4 * KIB,
      1: 100 * 4 * KIB + 116 * 2 * MIB + 3 * 2 * MIB + 5 * 64 * KIB,
    });
    assert.deepEqual(nodes(files), { 0: 1_550 * 4 * KIB, 1: 71 * 4 * KIB, 10: 9 * 4 * KIB });
  });

  it('names the line that it does not understand', () => {
    assert.throws(() => parseNumaMaps('00400000 default\nnonsense\n'), /not a line of numa_maps: nonsense/);
  });

  it('of this process is about its resident memory', async () => {
    const filled = Buffer.alloc(64 * MIB, 1);
    const { own, files } = await readNumaMaps();
    const sum = (count: MemoryCount) => Object.values(nodes(count)).reduce((all, bytes) => all + bytes, 0);
    assert.ok(sum(own) > filled.byteLength);
    const resident = readResidentBytes();
    const told = sum(own) + sum(files);
    assert.ok(Math.abs(told - resident) < resident / 10, `${told} of ${resident}`);
  });

  it('is unknown on a kernel without it, and says so', async () => {
    const { own, files } = await readNumaMaps('/proc/self/no_such_file');
    for (const count of [own, files]) {
      assert.equal(count.kind, 'unknown');
      assert.match(count.reason, /^\/proc\/self\/no_such_file cannot be read: ENOENT/);
    }
  });
});
