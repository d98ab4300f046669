import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parsePartyAddresses } from './party-addresses.js';

describe('the addresses of --parties', () => {
  it('are three, party 0 first', () => {
    assert.deepEqual(parsePartyAddresses('a:1, b:2,[::1]:3'), ['a:1', 'b:2', '[::1]:3']);
  });

  it('are refused when one lacks, is none or is there twice', () => {
    for (const text of ['a:1,b:2', 'a:1,b:2,c:3,d:4', '']) {
      assert.throws(() => parsePartyAddresses(text), /give the addresses of three graph services/);
    }
    for (const text of ['a:1,b:2,c', ':1,b:2,c:3', 'a:1,http://b:2,c:3']) {
      assert.throws(() => parsePartyAddresses(text), /parties: .*: give HOST:PORT, such as/);
    }
    assert.throws(() => parsePartyAddresses('a:1,b:2,a:1'), /one address is given twice/);
  });
});
