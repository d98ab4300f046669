import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvalidInputError } from '@irispair/common/errors/errors';
import { parseServerAddress } from './server-address.js';

describe('the address of --server', () => {
  it('is a host, or an IPv6 address in brackets, with a port', () => {
    for (const address of [
      '127.0.0.1:50051',
      'localhost:1',
      'a-b.example:65535',
      '[::1]:50051',
      'irispair_graph:2',
    ]) {
      assert.equal(parseServerAddress(address), address);
    }
  });

  it('is refused otherwise, saying what is wrong and what to give', () => {
    const wrong: [string, RegExp][] = [
      ['', /server: "" is empty/],
      ['http://127.0.0.1:50051', /begins with http:\/\/, which/],
      ['dns:///h:1', /begins with dns:\/\//],
      ['127.0.0.1', /has no port/],
      ['h:', /has no port/],
      ['127.0.0.1:50051/', /has a slash/],
      [' 127.0.0.1:50051', /has blanks/],
      ['127.0.0.1: 50051', /has blanks/],
      ['::1:50051', /has several colons, and an IPv6 address needs brackets/],
      ['fe80::1', /has several colons, and an IPv6 address needs brackets/],
      ['[::1]', /has no port/],
      ['[h]:1', /has brackets around what is no IPv6 address/],
      [':50051', /has no host/],
      ['h:0', /has a port that is not from 1 to 65535/],
      ['h:65536', /has a port that is not from 1 to 65535/],
      ['h:port', /has no port/],
      ['a:1:2', /has several colons/],
      ['a,b:1', /has a host that is no name/],
    ];
    for (const [text, problem] of wrong) {
      assert.throws(
        () => parseServerAddress(text),
        (error) => {
          assert.ok(error instanceof InvalidInputError, text);
          assert.match(error.message, problem);
          assert.match(error.message, /: give HOST:PORT, such as 127\.0\.0\.1:50051 or \[::1\]:50051$/);
          return true;
        },
      );
    }
  });
});
