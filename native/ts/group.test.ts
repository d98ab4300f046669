import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import { readGroup } from './group.js';

describe('a group in a setting', () => {
  it('is found by its name, as this machine knows it', () => {
    const groups = readFileSync('/etc/group', 'utf8').trim().split('\n');
    for (const line of groups) {
      const [name, , id] = line.split(':');
      assert.equal(readGroup('GROUP', name), Number(id));
    }
    assert.notEqual(groups.length, 0);
  });

  it('may be a number, of a group without a name too', () => {
    assert.equal(readGroup('GROUP', '0'), 0);
    assert.equal(readGroup('GROUP', '60123'), 60_123);
    assert.equal(readGroup('GROUP', '4294967294'), 0xffff_fffe);
  });

  it('is refused by the name of its setting when there is none', () => {
    for (const group of ['no-such-group', '-1', '4294967295', '1e3', '']) {
      assert.throws(
        () => readGroup('GROUP', group),
        (error) => {
          assert.ok(error instanceof MisconfiguredError);
          assert.equal(
            error.message,
            `GROUP="${group}": this machine knows no such group: give a group's name, or its number`,
          );
          return true;
        },
      );
    }
  });
});
