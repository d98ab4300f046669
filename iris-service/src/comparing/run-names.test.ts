import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvalidInputError } from '@irispair/common/errors/errors';
import { runName } from '../support/steps.js';
import { RunNames } from './run-names.js';

describe('names of runs', () => {
  function isRefused(names: RunNames, name: Uint8Array | undefined, message: RegExp): void {
    assert.throws(
      () => names.use(name, 'open.run'),
      (error) => {
        assert.ok(error instanceof InvalidInputError);
        assert.match(error.message, message);
        return true;
      },
    );
  }

  it('are used once, whatever their batch', () => {
    const names = new RunNames();
    for (const name of [runName(1, 1), runName(1, 2), runName(2, 1), runName(1, 3)]) {
      assert.deepEqual(names.use(name, 'open.run'), name);
      isRefused(names, name, /^open\.run: used already: give every run a name of its own$/);
    }
  });

  it('are there and of 16 bytes', () => {
    const names = new RunNames();
    isRefused(
      names,
      undefined,
      /^open\.run: not set, and this service is in secret-shared mode: give the 16/,
    );
    isRefused(names, Buffer.alloc(15), /^open\.run: 15 bytes, expected 16$/);
    isRefused(names, Buffer.alloc(0), /^open\.run: 0 bytes, expected 16$/);
  });

  it('do not come from batches of long ago, which are forgotten', () => {
    const names = new RunNames();
    names.use(runName(5, 1), 'open.run');
    names.use(runName(300, 1), 'open.run');
    isRefused(
      names,
      runName(235, 1),
      /^open\.run: of batch 235, .* since batch 300: number batches upwards$/,
    );
    isRefused(names, runName(5, 1), /^open\.run: of batch 5/);
    names.use(runName(236, 1), 'open.run');
    isRefused(names, runName(236, 1), /used already/);
    names.use(runName(2 ** 40, 1), 'open.run');
    isRefused(names, runName(300, 2), /of batch 300/);
  });

  it('are kept as they were when the caller changes them', () => {
    const names = new RunNames();
    const name = runName(1, 1);
    const kept = names.use(name, 'open.run');
    name.fill(0);
    assert.deepEqual(kept, runName(1, 1));
    isRefused(names, runName(1, 1), /used already/);
  });
});
