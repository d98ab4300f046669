import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RecallWindow } from './recall-window.js';

const HOUR_MICROSECONDS = 3_600 * 1e6;

function found(people: number, of: number) {
  return { people: { expected: of, found: people }, eyes: { expected: 2 * of, found: 2 * people } };
}

describe('the window of recall', () => {
  it('holds the last 1,000 audits that expected anybody, and none older than a day', () => {
    let now = 0;
    const window = new RecallWindow(() => now);
    window.add(found(0, 1));
    for (let audit = 0; audit < 999; audit++) window.add(found(1, 1));
    for (let audit = 0; audit < 5; audit++) window.add(found(0, 0));
    assert.deepEqual(window.tally('people'), { expected: 1_000, found: 999 });
    assert.deepEqual(window.tally('eyes'), { expected: 2_000, found: 1_998 });
    window.add(found(1, 2));
    assert.deepEqual(window.tally('people'), { expected: 1_001, found: 1_000 });
    now = 23 * HOUR_MICROSECONDS;
    window.add(found(3, 3));
    now = 25 * HOUR_MICROSECONDS;
    assert.deepEqual(window.tally('people'), { expected: 3, found: 3 });
  });
});
