import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { MisconfiguredError } from '../errors/errors.js';
import { checkMemory, readMemoryLimit } from './memory-limit.js';

const MEMINFO = 'MemTotal:       1000000 kB\nMemFree:         500000 kB\nHugetlb:          200000 kB\n';
const MACHINE = { bytes: 800_000 * 1024, by: 'the machine' };
const UNLIMITED = '9223372036854771712';

describe('the memory that a process may take', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'irispair-memory-'));
    write('proc/meminfo', MEMINFO);
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }

  it("is the machine's without its hugepages, where no group limits it", () => {
    write('proc/self/cgroup', '0::/user.slice\n');
    write('sys/fs/cgroup/user.slice/memory.max', 'max\n');
    assert.deepEqual(readMemoryLimit(root), MACHINE);
  });

  it('is the least of the groups that it is in', () => {
    write('proc/self/cgroup', '0::/pods/one/iris\n');
    write('sys/fs/cgroup/pods/memory.max', '300000000\n');
    write('sys/fs/cgroup/pods/one/memory.max', '200000000\n');
    write('sys/fs/cgroup/pods/one/iris/memory.max', 'max\n');
    assert.deepEqual(readMemoryLimit(root), { bytes: 200_000_000, by: 'the control group /pods/one' });
  });

  it("is that of a container's own group, whose path is not mounted", () => {
    write('proc/self/cgroup', '9:name=systemd:/\n4:cpu,memory:/docker/0a1b\n0::/\n');
    write('sys/fs/cgroup/memory/memory.limit_in_bytes', '100000000\n');
    assert.deepEqual(readMemoryLimit(root), { bytes: 100_000_000, by: 'the control group /' });
  });

  it('is that of the memory hierarchy of version 1', () => {
    write('proc/self/cgroup', '5:cpu:/a\n4:memory:/jobs/b:c\n');
    write('sys/fs/cgroup/memory/memory.limit_in_bytes', `${UNLIMITED}\n`);
    write('sys/fs/cgroup/memory/jobs/b:c/memory.limit_in_bytes', '150000000\n');
    assert.deepEqual(readMemoryLimit(root), { bytes: 150_000_000, by: 'the control group /jobs/b:c' });
  });

  it('is read on this machine', () => {
    const { bytes } = readMemoryLimit();
    assert.ok(bytes > process.memoryUsage().rss);
  });

  it('is compared with all that is needed together, which a refusal names', () => {
    const limit = { bytes: 30 << 20, by: 'the control group /' };
    const needs = [
      { what: 'irises', bytes: 20 << 20 },
      { what: 'the process', bytes: 10 << 20 },
    ];
    checkMemory(needs, limit, 'allow more');
    assert.throws(() => {
      checkMemory([...needs, { what: 'page tables', bytes: 1 }], limit, 'allow more');
    }, new MisconfiguredError('31 MiB of memory are needed (irises 20 MiB, the process 10 MiB, page tables 1 MiB), and the control group / has 30 MiB: allow more'));
  });
});
