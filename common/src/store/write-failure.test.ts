import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { describe, it } from 'node:test';
import { ExhaustedError } from '../errors/errors.js';
import { writeFailure } from './write-failure.js';

function failure(code: number): Error {
  return Object.assign(new Error('the reason'), { code });
}

describe('a failed write', () => {
  it('is a full disk when the reason says so, also when it comes later', async () => {
    const [ENOSPC, EDQUOT, MDB_MAP_FULL] = [28, 122, -30_792];
    for (const code of [ENOSPC, EDQUOT, MDB_MAP_FULL]) {
      const later = Object.assign(new Error('commit failed'), { commitError: Promise.reject(failure(code)) });
      for (const error of [failure(code), later]) {
        const read = await writeFailure(error, tmpdir());
        assert.ok(read instanceof ExhaustedError, String(code));
        assert.match(read.message, /disk of the store in .* is full, nothing was stored: free some space/);
      }
    }
  });

  it('is what it is when there is space', async () => {
    const EIO = failure(5);
    assert.equal(await writeFailure(EIO, tmpdir()), EIO);
    const later = Object.assign(new Error('commit failed'), { commitError: Promise.reject(EIO) });
    assert.equal(await writeFailure(later, tmpdir()), EIO);
    const other = new TypeError('a fault of the program');
    assert.equal(await writeFailure(other, tmpdir()), other);
  });
});
