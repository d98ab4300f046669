import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countMemoryOf, inBytes } from './page-count.js';

const MIB = 1_024 * 1_024;

function backed(count: ReturnType<typeof countMemoryOf>): number {
  assert.equal(count.kind, 'counted');
  return [...count.nodes.values()].reduce((all, bytes) => all + bytes, 0);
}

describe('the pages of arrays', () => {
  it('are those of shared memory that was written, and no others', () => {
    const chunk = new Uint32Array(new SharedArrayBuffer(64 * MIB));
    const before = countMemoryOf([chunk]);
    chunk.fill(1, 0, chunk.length / 2);
    const after = countMemoryOf([chunk]);
    // A hugepage at the end may reach beyond what was written.
    const written = backed(after) - backed(before);
    assert.ok(written >= 31 * MIB && written <= 36 * MIB, `${written}`);
    assert.equal(after.kind, 'counted');
    assert.ok(after.notBackedBytes > 27 * MIB);
  });

  it('are counted once when arrays share them', () => {
    const chunk = new Uint8Array(new SharedArrayBuffer(8 * MIB)).fill(1);
    const halves = [chunk.subarray(0, 4 * MIB + 100), chunk.subarray(4 * MIB)];
    assert.equal(backed(countMemoryOf([...halves, chunk])), backed(countMemoryOf([chunk])));
  });

  it('are none of no arrays', () => {
    assert.equal(backed(countMemoryOf([])), 0);
  });

  it('are unknown where the kernel refuses, with the remedy', () => {
    const refused = { nodes: [], notBacked: 0, interval: 1, refused: 'Operation not permitted' };
    assert.deepEqual(inBytes(refused, 4_096), {
      kind: 'unknown',
      reason: 'move_pages was refused: Operation not permitted (containers need CAP_SYS_NICE)',
    });
  });
});
