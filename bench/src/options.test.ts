import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readCommand } from './options.js';

const PARTS = { kernel: { byDefault: true }, whole: { byDefault: false } };

describe('the command line', () => {
  it('means everything that runs by default when nothing is named', () => {
    const { parts, save, options } = readCommand([], PARTS);
    assert.deepEqual([parts, save, options.people], [[], false, undefined]);
  });

  it('takes parts, sizes in any order and what to keep', () => {
    const { parts, save, options } = readCommand(['whole', '--people', '1000,500', '--save'], PARTS);
    assert.deepEqual([parts, save, options.people], [['whole'], true, [500, 1_000]]);
  });

  for (const [args, named] of [
    [['hole'], /'hole' is invalid.*Allowed choices are kernel, whole/],
    [['--people', '500,many'], /--people.*many is not an integer/],
    [['--people', '5'], /--people.*5 is not an integer from 100/],
    [['--probes', '0'], /--probes.*0 is not an integer/],
    [['--persons', '500'], /--persons/],
  ] as const) {
    it(`refuses ${args.join(' ')} by name`, () => {
      assert.throws(() => readCommand(args, PARTS), named);
    });
  }
});
