import assert from 'node:assert/strict';
import { existsSync, unlinkSync } from 'node:fs';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import { Script } from '@irispair/common/support/script';
import { until } from '@irispair/common/support/until';
import { ownDirectory, ownFile, type Ownership } from './ownership.js';

describe('a directory with one owner', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'irispair-owner-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  /** A process that owns the directory, or says why not, and stays. */
  function owner(): Script {
    const module = JSON.stringify(import.meta.resolve('./ownership.js'));
    return new Script(`
      import { ownDirectory } from ${module};
      setInterval(() => undefined, 1000);
      try {
        ownDirectory(${JSON.stringify(directory)});
        console.log('owned');
      } catch (error) {
        console.log(error.name);
      }`);
  }

  function own(): Ownership {
    return ownDirectory(directory);
  }

  async function told(script: Script): Promise<string> {
    await until('the process says whether it owns', () => script.lines.length > 0 || script.complaint !== '');
    return script.lines[0] ?? script.complaint;
  }

  it('is refused to a second one in this process, and free once it is released', () => {
    const first = ownDirectory(directory);
    assert.throws(own, (error) => {
      assert.ok(error instanceof MisconfiguredError);
      assert.match(error.message, /is in use by another service/);
      assert.ok(error.message.includes(directory));
      return true;
    });
    first.release();
    own().release();
  });

  it('is refused while another process owns it, and free once that one is killed', async () => {
    const other = owner();
    assert.equal(await told(other), 'owned');
    assert.throws(own, MisconfiguredError);
    other.kill('SIGKILL');
    assert.equal(await other.end(), 'SIGKILL');
    own().release();
  });

  it('gets one owner of many that ask at once, though a killed one left its traces', async () => {
    const killed = owner();
    assert.equal(await told(killed), 'owned');
    killed.kill('SIGKILL');
    await killed.end();
    const asking = Array.from({ length: 6 }, owner);
    const answers = await Promise.all(asking.map(told));
    for (const script of asking) script.kill('SIGKILL');
    await Promise.all(asking.map((script) => script.end()));
    assert.deepEqual(answers.sort(), [...Array.from({ length: 5 }, () => 'MisconfiguredError'), 'owned']);
  });

  it('says why a directory cannot be owned', () => {
    assert.throws(() => ownDirectory(join(directory, 'none')), /cannot be owned: lock .*No such file/);
  });
});

describe('a file with one owner', () => {
  const ASKING = 4;
  const TIMES = 3_000;
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'irispair-owner-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('has one owner at any time, though every owner removes it', async () => {
    const [path, marker] = [join(directory, 'lock'), join(directory, 'marker')].map((one) =>
      JSON.stringify(one),
    );
    const module = JSON.stringify(import.meta.resolve('./ownership.js'));
    // The marker can be made only where there is none: two owners at once would fail.
    const asking = Array.from(
      { length: ASKING },
      () =>
        new Script(`
        import { closeSync, openSync, unlinkSync } from 'node:fs';
        import { ownFile } from ${module};
        for (let owned = 0; owned < ${TIMES};) {
          const ownership = ownFile(${path});
          if (ownership === undefined) continue;
          closeSync(openSync(${marker}, 'wx'));
          unlinkSync(${marker});
          unlinkSync(${path});
          ownership.release();
          owned += 1;
        }`),
    );
    for (const script of asking) assert.equal(await script.end(), 0, script.complaint);
    assert.equal(existsSync(join(directory, 'lock')), false);
  });

  it('is not followed to another file', async () => {
    await symlink(join(directory, 'elsewhere'), join(directory, 'lock'));
    assert.throws(() => ownFile(join(directory, 'lock')), /lock .*symbolic links/);
    assert.equal(existsSync(join(directory, 'elsewhere')), false);
  });

  it('is owned anew where its owner removed it', () => {
    const path = join(directory, 'lock');
    const first = ownFile(path);
    assert.equal(ownFile(path), undefined);
    unlinkSync(path);
    const second = ownFile(path);
    assert.notEqual(second, undefined);
    first?.release();
    assert.equal(ownFile(path), undefined);
    second?.release();
  });
});
