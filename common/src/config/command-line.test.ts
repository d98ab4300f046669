import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MisconfiguredError } from '../errors/errors.js';
import { readCommandLine } from './command-line.js';

describe('the command line of a service', () => {
  const options = {
    store: { setting: 'IRISPAIR_STORE', kind: 'value' },
    'skip-bad-rows': { setting: 'IRISPAIR_SKIP', kind: 'switch' },
  } as const;

  it('goes before the environment', () => {
    const environment = { IRISPAIR_STORE: '/one', OTHER: 'x' };
    assert.deepEqual(readCommandLine([], environment, options), environment);
    assert.deepEqual(readCommandLine(['--store', '/two', '--skip-bad-rows'], environment, options), {
      IRISPAIR_STORE: '/two',
      IRISPAIR_SKIP: '1',
      OTHER: 'x',
    });
  });

  it('is refused with what it takes', () => {
    for (const wrong of [['--stor', '/x'], ['/x'], ['--store'], ['--skip-bad-rows=2']]) {
      assert.throws(
        () => readCommandLine(wrong, {}, options),
        (error) => {
          assert.ok(error instanceof MisconfiguredError);
          assert.match(error.message, /it takes --store \.\.\., --skip-bad-rows\)$/);
          return true;
        },
      );
    }
  });
});
