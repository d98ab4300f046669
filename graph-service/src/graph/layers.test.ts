import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { idOf, serials } from '../support/ids.js';
import { layerOf } from './layers.js';

const KEY = Buffer.alloc(32, 7);
const OTHER_KEY = Buffer.alloc(32, 8);
/** Of the serial ids 1 to 12 with M = 2, computed by another program. */
const KNOWN_LAYERS = [1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 3];

describe('the layer of a node', () => {
  it('is the same for everybody who has the key', () => {
    // Known answers: all parties, and every later version of this software, must find the same.
    const layers = serials(12).map((serial) => layerOf(idOf(serial), KEY, 2));
    assert.deepEqual(layers, KNOWN_LAYERS);
  });

  it('is another one under another key, and for another version', () => {
    const under = (key: Buffer, ofVersion: number) =>
      serials(64).map((serial) => layerOf(idOf(serial, ofVersion), key, 2));
    assert.notDeepEqual(under(KEY, 0), under(OTHER_KEY, 0));
    assert.notDeepEqual(under(KEY, 0), under(KEY, 1));
  });

  it('is reached by one in M of those who reach the layer below', () => {
    const PEOPLE = 40_000;
    for (const m of [4, 16]) {
      const layers = serials(PEOPLE).map((serial) => layerOf(idOf(serial), KEY, m));
      for (const layer of [1, 2]) {
        const reaching = layers.filter((reached) => reached >= layer).length;
        const expected = PEOPLE / m ** layer;
        // The key is fixed, so this never varies; six standard deviations let another key pass too.
        assert.ok(Math.abs(reaching - expected) < 6 * Math.sqrt(expected), `${reaching} of ${expected}`);
      }
    }
  });
});
