import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { passesOnSmallDisk } from '@irispair/common/support/small-disk';

const SCRIPTS = [
  [
    'a pair refuses what does not fit, finds everybody, and goes on when there is space',
    'pair-on-full-disk',
    4,
  ],
  ['a graph that cannot be saved serves on, and is caught up after a restart', 'graph-on-full-disk', 2],
] as const;

describe('on a full disk', () => {
  for (const [behaviour, script, mebibytes] of SCRIPTS) {
    it(behaviour, async (test) => {
      const module = fileURLToPath(import.meta.resolve(`./support/${script}.js`));
      await passesOnSmallDisk(test, module, mebibytes);
    });
  }
});
