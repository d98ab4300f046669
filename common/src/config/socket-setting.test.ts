import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { MisconfiguredError } from '../errors/errors.js';
import { readEnvironment } from './environment.js';
import { socketSetting } from './socket-setting.js';

describe('the setting of a socket', () => {
  function read(path: string): string {
    return readEnvironment(z.object({ SOCKET: socketSetting() }), { SOCKET: path }).SOCKET;
  }

  it('takes what the kernel takes, counted in bytes', () => {
    for (const path of ['/run/iris.sock', `/${'x'.repeat(106)}`, `/${'é'.repeat(53)}`]) {
      assert.equal(read(path), path);
    }
  });

  it('is refused by its name, with the limit, when it does not fit a socket address or names a directory', () => {
    const refused: [string, RegExp][] = [
      [
        `/${'x'.repeat(107)}`,
        /^SOCKET="\/x+": the path .* takes 107 bytes at most, this one 108: choose a shorter/,
      ],
      [`/${'é'.repeat(54)}`, /107 bytes at most, this one 109/],
      ['/run/irispair/', /^SOCKET="\/run\/irispair\/": give the path of a Unix socket, not of a directory$/],
    ];
    for (const [path, message] of refused) {
      assert.throws(
        () => read(path),
        (error) => {
          assert.ok(error instanceof MisconfiguredError);
          assert.match(error.message, message);
          return true;
        },
      );
    }
  });
});
