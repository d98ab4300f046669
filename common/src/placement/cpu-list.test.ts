import assert from 'node:assert/strict';
import { it } from 'node:test';
import { formatCpuList } from './cpu-list.js';

it('writes CPUs as the kernel does', () => {
  assert.equal(formatCpuList([]), '');
  assert.equal(formatCpuList([4]), '4');
  assert.equal(formatCpuList([0, 1, 2, 8, 10, 11]), '0-2,8,10-11');
});
