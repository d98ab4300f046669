import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ServiceTimes } from './service-times.js';

/** Times on a clock that the test sets. */
class Measured {
  milliseconds = 0;
  readonly times = new ServiceTimes(() => this.milliseconds);

  batch(size: number, milliseconds: number): void {
    this.times.begin(size);
    this.milliseconds += milliseconds;
    this.times.end();
  }
}

function assertNear(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-6 * Math.max(1, expected), `${actual}, not ${expected}`);
}

describe('times of batches', () => {
  it('are unknown before the first batch', () => {
    const { times } = new Measured();
    assert.equal(times.ofBatch(32), 0);
    assert.equal(times.ofRest(), 0);
    times.begin(1);
    assert.equal(times.ofRest(), 0);
  });

  it('are in proportion to the size while all batches have one size', () => {
    const measured = new Measured();
    for (let batch = 0; batch < 5; batch++) measured.batch(4, 100);
    assertNear(measured.times.ofBatch(4), 100);
    assertNear(measured.times.ofBatch(8), 200);
  });

  it('tell what each batch and what each request costs once sizes differ', () => {
    const measured = new Measured();
    for (const size of [1, 8, 32, 5]) measured.batch(size, 20 + 10 * size);
    for (const size of [1, 16, 32]) assertNear(measured.times.ofBatch(size), 20 + 10 * size);
  });

  it('follow what changes', () => {
    const measured = new Measured();
    for (let batch = 0; batch < 50; batch++) measured.batch(1 + (batch % 4), 1_000);
    for (let batch = 0; batch < 100; batch++) measured.batch(1 + (batch % 4), 10);
    assert.ok(measured.times.ofBatch(4) < 11);
  });

  it('say what is left of the batch that runs', () => {
    const measured = new Measured();
    measured.batch(2, 100);
    measured.times.begin(2);
    assertNear(measured.times.ofRest(), 100);
    measured.milliseconds += 70;
    assertNear(measured.times.ofRest(), 30);
    measured.milliseconds += 70;
    assert.equal(measured.times.ofRest(), 0);
    measured.times.end();
    assert.equal(measured.times.ofRest(), 0);
  });

  it('never fall below 0, nor with the size', () => {
    const batches = fc.array(fc.tuple(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 0, max: 60_000 })), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(batches, fc.integer({ min: 1, max: 63 }), (ended, size) => {
        const measured = new Measured();
        for (const [requests, milliseconds] of ended) measured.batch(requests, milliseconds);
        const smaller = measured.times.ofBatch(size);
        assert.ok(smaller > -1e-6);
        assert.ok(measured.times.ofBatch(size + 1) >= smaller);
      }),
    );
  });
});
