import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { STRANGER } from '@irispair/common/support/unprivileged';

const ADDON = fileURLToPath(new URL('../build/irispair_native.node', import.meta.url));

describe('a process that keeps out of dumps', () => {
  let directory: string;
  before(() => {
    // The addon itself may lie where only root looks.
    directory = mkdtempSync(join(tmpdir(), 'irispair-dumps-'));
    chmodSync(directory, 0o755);
    copyFileSync(ADDON, join(directory, 'addon.node'));
    chmodSync(join(directory, 'addon.node'), 0o755);
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  it('shows its memory to root alone, and still reads its own', async () => {
    // As any user: the memory of root's processes is root's anyway.
    const user = process.getuid?.() === 0 ? { uid: STRANGER, gid: STRANGER } : {};
    const source = `
      const { readFileSync, readdirSync } = require('node:fs');
      process.stdout.write('started\\n');
      process.stdin.once('data', () => {
        require(${JSON.stringify(join(directory, 'addon.node'))}).keepOutOfDumps();
        const maps = readFileSync('/proc/self/maps', 'utf8').length > 0;
        process.stdout.write(maps && readdirSync('/proc/self/fd').length > 0 ? 'hidden\\n' : 'blind\\n');
      });`;
    const child = spawn(process.execPath, ['-e', source], {
      ...user,
      cwd: directory,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdout.setEncoding('utf8');
    const owner = () => statSync(`/proc/${child.pid}/mem`).uid;
    await once(child.stdout, 'data');
    assert.equal(owner(), user.uid ?? process.getuid?.());
    child.stdin.write('go\n');
    assert.deepEqual(await once(child.stdout, 'data'), ['hidden\n']);
    assert.equal(owner(), 0);
    assert.match(readFileSync(`/proc/${child.pid}/status`, 'utf8'), /^Name:/);
    child.kill();
    await once(child, 'close');
  });
});
