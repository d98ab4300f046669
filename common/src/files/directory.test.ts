import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { MisconfiguredError } from '../errors/errors.js';
import { mountsRefused, withReadOnly } from '../support/mounts.js';
import { Script } from '../support/script.js';
import { WHO, WITHOUT_ROOT } from '../support/unprivileged.js';
import { directoryError, makeWritableDirectory } from './directory.js';

describe('a directory that a service needs', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'irispair-directory-'));
    await chmod(directory, 0o755);
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('is made for this user alone, with what is missing above it; an existing one stays as it is', async () => {
    const highest = join(directory, 'a');
    const lowest = join(highest, 'b');
    assert.equal(await makeWritableDirectory('the store', lowest), highest);
    assert.deepEqual([statSync(highest).mode & 0o7777, statSync(lowest).mode & 0o7777], [0o700, 0o700]);
    await chmod(lowest, 0o755);
    assert.equal(await makeWritableDirectory('the store', lowest), undefined);
    assert.equal(statSync(lowest).mode & 0o7777, 0o755);
  });

  it('is refused where a file or a link to nowhere is in the way, which stays', async () => {
    const file = join(directory, 'file');
    const link = join(directory, 'link');
    await writeFile(file, 'precious');
    await symlink(join(directory, 'none', 'none'), link);
    const refused: [string, RegExp][] = [
      [file, /^--data: nothing can be written to .*file: a file is where a directory should be: remove it/],
      [
        join(file, 'below'),
        /^--data: nothing can be written to .*below: a file is where a directory should be/,
      ],
      [link, /^--data: nothing can be written to .*link: a (link in it leads nowhere|file is where)/],
      [join(directory, 'x'.repeat(256)), /its name is too long: choose a shorter one/],
    ];
    for (const [path, message] of refused) {
      await assert.rejects(makeWritableDirectory('--data', path), (error) => {
        assert.ok(error instanceof MisconfiguredError);
        assert.match(error.message, message);
        return true;
      });
    }
    assert.ok(existsSync(file));
  });

  it('is refused when this user may not write there, whether it exists or not', async () => {
    const closed = join(directory, 'closed');
    await mkdir(closed, { mode: 0o555 });
    const script = new Script(`
      import { makeWritableDirectory } from ${JSON.stringify(import.meta.resolve('./directory.js'))};
      ${WITHOUT_ROOT}
      for (const path of ${JSON.stringify([closed, join(closed, 'below')])}) {
        await makeWritableDirectory('--data', path).catch((error) => console.log(error.message));
      }`);
    assert.equal(await script.end(), 0, script.complaint);
    assert.equal(script.lines.length, 2);
    for (const line of script.lines) {
      const message = `^--data: nothing can be written to ${closed}(/below)?: ${WHO} may not: change its owner or mode`;
      assert.match(line, new RegExp(message));
    }
  });

  it('is refused on a read-only volume, whether it exists or not', (test) => {
    const cannotMount = mountsRefused();
    if (cannotMount !== undefined) {
      test.skip(cannotMount);
      return;
    }
    const [command, ...args] = withReadOnly(directory);
    const source = `
      import { makeWritableDirectory } from ${JSON.stringify(import.meta.resolve('./directory.js'))};
      for (const path of ${JSON.stringify([directory, join(directory, 'a'), join(directory, 'a', 'b')])}) {
        await makeWritableDirectory('--data', path).catch((error) => console.log(error.message));
      }`;
    const { stdout, stderr } = spawnSync(
      command,
      [...args, process.execPath, '--input-type=module', '-e', source],
      { encoding: 'utf8' },
    );
    const lines = stdout.trim().split('\n');
    assert.equal(lines.length, 3, stderr);
    for (const line of lines) {
      assert.match(
        line,
        /^--data: nothing can be written to .*: its volume is read-only: mount it writable, or choose/,
      );
    }
  });

  it('explains only what the kernel refuses', () => {
    const other = new TypeError('a mistake');
    assert.equal(directoryError('the store', directory, other), other);
    const unknown = Object.assign(new Error('strange'), { code: 'ESTRANGE' });
    assert.equal(directoryError('the store', directory, unknown), unknown);
    const full = directoryError('the store', directory, Object.assign(new Error('full'), { code: 'ENOSPC' }));
    assert.match(String(full), /the store: nothing can be written to .*: its disk is full: free some space/);
  });
});
