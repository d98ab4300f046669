import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SpanPlace } from './place.js';
import { SpanGroup } from './span-group.js';
import { OpenSpan, SpanKind, type FinishedSpan } from './span.js';

const PLACE: SpanPlace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceState: '', clockBegan: 0 };

function begin(): { root: OpenSpan; finished: FinishedSpan[] } {
  const finished: FinishedSpan[] = [];
  const root = OpenSpan.begin((span) => finished.push(span), PLACE, undefined, {
    name: 'request',
    kind: SpanKind.Server,
    start: 100,
  });
  return { root, finished };
}

function hop(start: number, end: number) {
  const attributes = { candidates: 3 };
  return {
    spanId: 'c'.repeat(16),
    name: 'hop',
    kind: SpanKind.Client,
    start,
    end,
    attributes,
    links: [],
    error: undefined,
  };
}

describe('a span', () => {
  it('is told once it is over, below its parent and in its trace', () => {
    const { root, finished } = begin();
    const child = root.child({ name: 'batch', kind: SpanKind.Internal, attributes: { requests: 2 } });
    child.set({ decided: true });
    child.end(new Error('no'), 150);
    root.end(undefined, 200);
    const [batch, request] = finished;
    assert.deepEqual(batch.attributes, { requests: 2, decided: true });
    assert.deepEqual([batch.name, batch.end, batch.error], ['batch', 150, 'no']);
    assert.deepEqual(batch.parent, { spanId: PLACE.spanId, where: 'this process' });
    assert.equal(batch.place.traceId, PLACE.traceId);
    assert.notEqual(batch.place.spanId, PLACE.spanId);
    assert.deepEqual(
      [request.start, request.end, request.error, request.parent],
      [100, 200, undefined, undefined],
    );
  });

  it('ends what is open below it at the same time, and is not ended twice', () => {
    const { root, finished } = begin();
    const search = root.child({ name: 'batch', kind: SpanKind.Internal, start: 110 }).child({
      name: 'search',
      kind: SpanKind.Internal,
      start: 120,
    });
    root.end('gone', 200);
    search.end(undefined, 300);
    root.end(undefined, 300);
    assert.deepEqual(
      finished.map(({ name, end, attributes, error }) => [
        name,
        end,
        attributes['irispair.went_on'] ?? false,
        error,
      ]),
      [
        ['search', 200, true, 'gone'],
        ['batch', 200, true, 'gone'],
        ['request', 200, false, 'gone'],
      ],
    );
  });

  it('cuts off what was measured below it and outlives it, and leaves out what began later', () => {
    const { root, finished } = begin();
    const late = root.child({ name: 'late', kind: SpanKind.Internal });
    root.end(undefined, 200);
    root.add(hop(150, 250));
    root.add(hop(200, 250));
    late.end();
    root.child({ name: 'later', kind: SpanKind.Internal }).end();
    const hops = finished.filter(({ name }) => name === 'hop');
    assert.deepEqual(
      hops.map(({ start, end, place }) => [start, end, place.spanId]),
      [[150, 200, 'c'.repeat(16)]],
    );
    assert.deepEqual(
      finished.map(({ name }) => name),
      ['late', 'request', 'hop'],
    );
  });
});

describe('spans that share work', () => {
  it('do it once and show it in each trace, linked to the first', async () => {
    const [one, other] = [begin(), begin()];
    const group = SpanGroup.of([one.root, undefined, other.root]);
    let times = 0;
    const done = await group.watch('commit', SpanKind.Client, ({ context }) => {
      times += 1;
      assert.equal(context?.further.length, 1);
      return Promise.resolve('done');
    });
    assert.deepEqual([done, times], ['done', 1]);
    assert.deepEqual(one.finished[0].links, []);
    assert.deepEqual(other.finished[0].links, [one.finished[0].place]);
  });

  it('all say what went wrong', async () => {
    const [one, other] = [begin(), begin()];
    const failing = SpanGroup.of([one.root, other.root]).watch('commit', SpanKind.Client, () =>
      Promise.reject(new Error('disk full')),
    );
    await assert.rejects(failing, /disk full/);
    for (const { finished } of [one, other]) assert.equal(finished[0].error, 'disk full');
  });

  it('are none when nobody is traced: the work is done and no context sent', async () => {
    const group = SpanGroup.of([undefined, undefined]);
    assert.equal(group, SpanGroup.NONE);
    assert.equal(
      await group.watch('commit', SpanKind.Client, ({ context }) => Promise.resolve(context)),
      undefined,
    );
  });
});
