import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { serialId } from '@irispair/common/ids/vector-id';
import { FairQueue } from './fair-queue.js';
import type { Pending } from './request.js';

const SIGNAL = new AbortController().signal;

/** A deletion that came over a connection. */
function pending(connection: string, serial: number): Pending {
  return {
    ask: { kind: 'delete', serialId: serialId(serial) },
    patience: { deadline: Infinity, signal: SIGNAL, connection },
    submitted: 0,
    resolve: () => undefined,
    reject: () => undefined,
  };
}

function connectionsOf(taken: readonly Pending[]): string {
  return taken.map(({ patience }) => patience.connection).join('');
}

function serialsOf(taken: readonly Pending[]): number[] {
  return taken.map(({ ask }) => ('serialId' in ask ? ask.serialId : 0));
}

/** @param sent one letter for each request, its connection; every request is about another serial id */
function filled(sent: string): FairQueue {
  const queue = new FairQueue();
  for (const [place, connection] of Array.from(sent).entries()) queue.push(pending(connection, place + 1));
  return queue;
}

describe('a fair queue', () => {
  it('takes from the connections in turn, and goes on where it stopped', () => {
    const queue = filled('aaaaaabbc');
    assert.equal(connectionsOf(queue.take(4)), 'abca');
    assert.equal(queue.size, 5);
    assert.equal(connectionsOf(queue.take(1)), 'b');
    queue.push(pending('c', 10));
    assert.equal(connectionsOf(queue.take(3)), 'aca');
    assert.equal(connectionsOf(queue.take(9)), 'aa');
    assert.equal(queue.size, 0);
    assert.deepEqual(queue.take(1), []);
  });

  it('takes one request for a serial id, and first of all next time the connection that had to wait', () => {
    const queue = new FairQueue();
    for (const [connection, serial] of [
      ['a', 1],
      ['a', 1],
      ['b', 1],
      ['c', 2],
    ] as const) {
      queue.push(pending(connection, serial));
    }
    assert.equal(connectionsOf(queue.take(9)), 'ac');
    assert.equal(connectionsOf(queue.take(9)), 'b');
    assert.equal(connectionsOf(queue.take(9)), 'a');
  });

  it('gives the place of the newest request of the longest connection to one that has less', () => {
    const queue = filled('aaabb');
    assert.equal(queue.displaceFor('a'), undefined);
    assert.equal(queue.displaceFor('b'), undefined);
    const displaced = queue.displaceFor('c') ?? assert.fail('nobody was displaced');
    assert.deepEqual(serialsOf([displaced]), [3]);
    assert.equal(queue.size, 4);
    assert.equal(filled('abc').displaceFor('d')?.patience.connection, undefined);
  });

  it('forgets those that are removed', () => {
    const queue = filled('aabbc');
    const removed = queue.remove(({ patience }) => patience.connection !== 'b');
    assert.deepEqual(serialsOf(removed), [1, 2, 5]);
    assert.equal(queue.size, 2);
    assert.equal(connectionsOf(queue.take(9)), 'bb');
  });

  it('keeps the order within a connection, starves none, and knows who comes before whom', () => {
    const sent = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 60 });
    fc.assert(
      fc.property(
        sent,
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom('a', 'b', 'e'),
        (letters, most, next) => {
          const queue = filled(letters.join(''));
          const ahead = queue.ahead(next);
          const last = pending(next, letters.length + 1);
          queue.push(last);
          const taken: Pending[] = [];
          while (queue.size > 0) taken.push(...queue.take(most));
          assert.equal(taken.length, letters.length + 1);
          assert.ok(taken.indexOf(last) <= ahead);
          for (const connection of new Set(letters)) {
            const places = taken.flatMap((one, place) =>
              one.patience.connection === connection ? [place] : [],
            );
            const serials = serialsOf(places.map((place) => taken[place]));
            assert.deepEqual(
              serials,
              [...serials].sort((left, right) => left - right),
            );
            for (let nth = 1; nth < places.length; nth++) {
              const between = connectionsOf(taken.slice(places[nth - 1] + 1, places[nth]));
              const waiting = new Set(connectionsOf(taken.slice(places[nth])).replaceAll(connection, ''));
              for (const other of waiting)
                assert.ok(between.includes(other), `${other} between two of ${connection}`);
            }
          }
        },
      ),
    );
  });
});
