import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { ExhaustedError, InvalidInputError, NotFoundError, UnavailableError } from '../errors/errors.js';
import { toStatus } from './status.js';

describe('the status of a failed call', () => {
  it('follows the kind of error and keeps its message', () => {
    assert.equal(toStatus(new NotFoundError('nobody')).code, status.NOT_FOUND);
    assert.equal(toStatus(new ExhaustedError('full')).code, status.RESOURCE_EXHAUSTED);
    assert.equal(toStatus(new UnavailableError('away')).code, status.UNAVAILABLE);
    const invalid = toStatus(new InvalidInputError('iris.left', 'missing: send it'));
    assert.equal(invalid.code, status.INVALID_ARGUMENT);
    assert.equal(invalid.details, 'iris.left: missing: send it');
  });

  it('hides what was not meant for clients', () => {
    const hidden = toStatus(new Error('secret path /x'));
    assert.equal(hidden.code, status.INTERNAL);
    assert.doesNotMatch(hidden.details, /secret/);
  });
});
