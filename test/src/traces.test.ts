/** Traces of a real pair, as a collector gets them that decodes OTLP. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { irisMessage } from '@irispair/common/iris/message';
import type { Iris } from '@irispair/common/iris/template';
import { until } from '@irispair/common/support/until';
import { readTopology } from '@irispair/native/topology';
import * as api from '@irispair/proto/public';
import { Population } from 'irispair/generate/population';
import { OtlpReceiver, type ReceivedSpan } from './support/otlp-receiver.js';
import { PairUnderTest } from './support/pair-under-test.js';
import { newCaller, TracedClient, type TracedAnswer } from './support/traced-client.js';

const GRAPH = 'irispair-graph-service';
const IRIS = 'irispair-iris-service';
const PEOPLE = 60;
/** Only those are traced whose callers say so. */
const BY_CALLERS = { OTEL_TRACES_SAMPLER: 'parentbased_always_off', OTEL_BSP_SCHEDULE_DELAY: '20' };
/** Times are rounded to nanoseconds at both ends. */
const ROUNDING_MICROSECONDS = 2;

const population = new Population('traces');

function enrolment(index: number): Iris {
  return population.enrolment(population.person(index));
}

function again(index: number): Iris {
  return population.again(population.person(index), 1);
}

async function enrol(test: PairUnderTest, people: number): Promise<void> {
  const requests = Array.from({ length: people }, (_, index): api.ProcessRequest => ({
    requestId: String(index),
    request: { $case: 'enroll', value: { iris: irisMessage(enrolment(index)), orList: [] } },
  }));
  await test.client.process(requests, ({ response }) => {
    assert.equal(response?.$case, 'enroll');
  });
}

/** A trace, as far as its tree goes. */
class Trace {
  readonly root: ReceivedSpan;

  constructor(readonly spans: readonly ReceivedSpan[]) {
    const roots = spans.filter(({ name }) => name.startsWith('irispair.v1.'));
    assert.equal(roots.length, 1, `one request of ${spans.map(({ name }) => name).join(', ')}`);
    this.root = roots[0];
  }

  below(parent: ReceivedSpan, name?: string): ReceivedSpan[] {
    return this.spans.filter(
      (span) => span.parentSpanId === parent.spanId && (name === undefined || span.name === name),
    );
  }

  one(parent: ReceivedSpan, name: string): ReceivedSpan {
    const found = this.below(parent, name);
    assert.equal(found.length, 1, `one ${name} below ${parent.name}`);
    return found[0];
  }

  named(name: string): ReceivedSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  /** Every span but the request's has its parent here, and lies within it. */
  assertIsTree(): void {
    for (const span of this.spans) {
      assert.ok(span.end >= span.start, span.name);
      if (span === this.root) continue;
      const parent = this.spans.find(({ spanId }) => spanId === span.parentSpanId);
      assert.ok(parent !== undefined, `${span.name} of ${span.service} has no parent`);
      assert.ok(span.start >= parent.start && span.end <= parent.end, `${span.name} outlives ${parent.name}`);
    }
    assert.equal(new Set(this.spans.map(({ spanId }) => spanId)).size, this.spans.length);
  }
}

/** What both services have sent about a call, once nothing is missing. */
async function traceOf(receiver: OtlpReceiver, { caller }: TracedAnswer<unknown>): Promise<Trace> {
  let spans: ReceivedSpan[] = [];
  await until('a whole trace is there', () => {
    spans = receiver.of(caller.traceId);
    const called = spans.filter(({ kind, error }) => kind === 'client' && error === undefined);
    const answered = new Set(
      spans.filter(({ service }) => service === IRIS).map(({ parentSpanId }) => parentSpanId),
    );
    return (
      spans.some(({ name }) => name.startsWith('irispair.v1.')) &&
      called.every(({ spanId }) => answered.has(spanId))
    );
  });
  return new Trace(spans);
}

function numberOf(span: ReceivedSpan, attribute: string): number {
  const value = span.attributes[attribute];
  assert.equal(typeof value, 'number', `${attribute} of ${span.name}`);
  return value as number;
}

function microseconds(span: ReceivedSpan): number {
  return Number(span.end - span.start) / 1_000;
}

function assertHop(trace: Trace, hop: ReceivedSpan): void {
  assert.deepEqual([hop.kind, hop.service, hop.error], ['client', GRAPH, undefined]);
  const [served, ...more] = trace.below(hop);
  assert.equal(more.length, 0);
  assert.deepEqual([served.name, served.kind, served.service], ['hop', 'server', IRIS]);
  const nodes = readTopology().nodes.filter(({ cpus }) => cpus.length > 0);
  if (nodes.length === 1) {
    for (const span of [hop, served]) {
      assert.equal(span.attributes['numa.node.source'], nodes[0].id);
      assert.equal(span.attributes['numa.node.destination'], nodes[0].id);
    }
  }
  const stages = ['transit_out', 'queue', 'compute', 'transit_back'].map((stage) =>
    numberOf(hop, `irispair.hop.${stage}_microseconds`),
  );
  assert.ok(
    stages.every((stage) => stage >= 0),
    stages.join(', '),
  );
  const whole = stages.reduce((sum, stage) => sum + stage, 0);
  assert.ok(Math.abs(whole - microseconds(hop)) < ROUNDING_MICROSECONDS, `${whole} of ${microseconds(hop)}`);
  for (const stage of ['transit_out', 'queue', 'compute']) {
    const name = `irispair.hop.${stage}_microseconds`;
    assert.equal(served.attributes[name], hop.attributes[name]);
  }
  assert.equal(numberOf(served, 'irispair.hop.candidates'), numberOf(hop, 'irispair.hop.candidates'));
  assert.equal(numberOf(served, 'irispair.hop.bytes_received'), numberOf(hop, 'irispair.hop.bytes_sent'));
  assert.equal(numberOf(served, 'irispair.hop.bytes_sent'), numberOf(hop, 'irispair.hop.bytes_received'));
  assert.equal(numberOf(hop, 'irispair.hop.bytes_sent'), 8 * numberOf(hop, 'irispair.hop.candidates'));
  assert.ok(numberOf(hop, 'irispair.message.candidates') >= numberOf(hop, 'irispair.hop.candidates'));
  assert.equal(served.attributes['irispair.message.id'], hop.attributes['irispair.message.id']);
}

/** A call beside the hop: its span at either end, between the same nodes. */
function assertCall(trace: Trace, call: ReceivedSpan): ReceivedSpan {
  assert.deepEqual([call.kind, call.service, call.error], ['client', GRAPH, undefined]);
  const [served, ...more] = trace.below(call);
  assert.equal(more.length, 0);
  assert.deepEqual(
    [served.name, served.kind, served.service, served.error],
    [call.name, 'server', IRIS, undefined],
  );
  for (const end of ['numa.node.source', 'numa.node.destination'])
    assert.equal(served.attributes[end], call.attributes[end]);
  return served;
}

describe('the traces of a pair, over gRPC', () => {
  let receiver: OtlpReceiver;
  let test: PairUnderTest;
  let client: TracedClient;
  before(async () => {
    receiver = await OtlpReceiver.grpc();
    test = await PairUnderTest.start({
      ...BY_CALLERS,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      // Nobody listens there: what stays on this machine must not be sent to it.
      grpc_proxy: 'http://127.0.0.1:9',
      IRISPAIR_WALKERS: '1',
      // Requests that come together are decided together.
      IRISPAIR_BATCH_MILLISECONDS: '100',
      IRISPAIR_LOG_LEVEL: 'debug',
    });
    await enrol(test, PEOPLE);
    client = new TracedClient(test.address);
  });
  after(async () => {
    client.close();
    await test.stop();
    await receiver.stop();
  });

  async function metricOf(name: string): Promise<number> {
    const text = await (await fetch(`http://${test.http.graph}/metrics`)).text();
    const line = text.split('\n').find((one) => one.startsWith(`${name} `));
    return Number(line?.slice(name.length + 1));
  }

  it('show a search down to each hop, joined across both services', async () => {
    const answered = await client.search(again(7));
    assert.equal(answered.response?.decision, api.Decision.DUPLICATE);
    const trace = await traceOf(receiver, answered);
    trace.assertIsTree();
    const { root } = trace;
    assert.deepEqual(
      [root.name, root.kind, root.service, root.parentSpanId, root.error],
      ['irispair.v1.IrisPair/Search', 'server', GRAPH, answered.caller.spanId, undefined],
    );
    assert.equal(root.attributes['rpc.grpc.status_code'], 0);
    const batch = trace.one(root, 'batch');
    assert.equal(batch.attributes['irispair.batch.requests'], 1);
    const prepare = trace.one(batch, 'prepare');
    assertCall(trace, prepare);
    assert.equal(prepare.attributes['irispair.prepare.probes'], 1);
    // It has no mates to be compared with.
    assert.deepEqual(trace.named('batch mates'), []);
    const searches = trace.below(batch, 'search');
    assert.deepEqual(
      searches
        .map(({ attributes }) => [
          attributes['irispair.search.orientation'],
          attributes['irispair.search.side'],
          attributes['irispair.search.method'],
        ])
        .sort(),
      [
        ['mirror', 'left', 'walk'],
        ['mirror', 'right', 'walk'],
        ['normal', 'left', 'walk'],
        ['normal', 'right', 'walk'],
      ],
    );
    for (const search of searches) {
      assert.ok(numberOf(search, 'irispair.search.ef') > 0);
      const hops = trace.below(search);
      assert.equal(hops.length, numberOf(search, 'irispair.search.hops'));
      for (const hop of hops) assertHop(trace, hop);
      const candidates = hops.reduce((sum, hop) => sum + numberOf(hop, 'irispair.hop.candidates'), 0);
      assert.equal(candidates, numberOf(search, 'irispair.search.candidates'));
    }
    // Its own four searches share messages.
    const messages = new Set(trace.named('hop').map(({ attributes }) => attributes['irispair.message.id']));
    assert.ok(messages.size < trace.named('hop').length / 2);
  });

  it('tell the caller where its request stands, and go on with its state', async () => {
    const caller = newCaller();
    const answered = await client.search(again(8), {
      traceparent: `00-${caller.traceId}-${caller.spanId}-01`,
      tracestate: 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7',
    });
    assert.equal(answered.tracestate, 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7');
    const trace = await traceOf(receiver, { ...answered, caller });
    assert.equal(answered.traceparent, `00-${caller.traceId}-${trace.root.spanId}-01`);
    assert.deepEqual(
      [...new Set(trace.spans.map(({ traceState }) => traceState))],
      ['congo=t61rcWkgMzE,rojo=00f067aa0ba902b7'],
    );
  });

  it('show an enrolment with commit, store and link', async () => {
    const answered = await client.enroll(enrolment(PEOPLE + 1));
    assert.equal(answered.response?.decision, api.Decision.UNIQUE);
    const trace = await traceOf(receiver, answered);
    trace.assertIsTree();
    const batch = trace.one(trace.root, 'batch');
    const served = assertCall(trace, trace.one(batch, 'commit'));
    assert.equal(trace.one(served, 'store').service, IRIS);
    const link = trace.one(batch, 'link');
    assert.equal(trace.one(link, 'store').service, GRAPH);
    // The row of each side is ranked by a hop.
    const hops = trace.below(link, 'hop');
    assert.ok(hops.length >= 2, `${hops.length} hops`);
    for (const hop of hops) assertHop(trace, hop);
  });

  it('show a verification by its comparisons', async () => {
    const answered = await client.verify(4, again(3));
    assert.ok(answered.response !== undefined);
    const trace = await traceOf(receiver, answered);
    trace.assertIsTree();
    const compared = trace.below(trace.one(trace.root, 'batch'), 'compare');
    assert.deepEqual(compared.map(({ attributes }) => attributes['irispair.search.side']).sort(), [
      'left',
      'right',
    ]);
    for (const one of compared) assertHop(trace, trace.one(one, 'hop'));
  });

  it('show each of those decided together its own tree, hops that share a message linked', async () => {
    const answers = await Promise.all([10, 11, 12, 13].map((index) => client.search(again(index))));
    const traces = await Promise.all(answers.map((answer) => traceOf(receiver, answer)));
    const carriers = new Map<unknown, Set<string>>();
    for (const trace of traces) {
      trace.assertIsTree();
      const batch = trace.one(trace.root, 'batch');
      const together = numberOf(batch, 'irispair.batch.requests');
      assert.ok(together > 1);
      for (const [name, counted] of [
        ['prepare', 'irispair.prepare.probes'],
        ['batch mates', 'irispair.compare.queries'],
      ]) {
        const call = trace.one(batch, name);
        assertCall(trace, call);
        assert.equal(numberOf(call, counted), together);
      }
      for (const search of trace.below(batch, 'search')) {
        const hops = trace.below(search);
        assert.equal(hops.length, numberOf(search, 'irispair.search.hops'));
        for (const hop of hops) {
          assertHop(trace, hop);
          const message = hop.attributes['irispair.message.id'];
          carriers.set(message, (carriers.get(message) ?? new Set()).add(hop.traceId));
          const linked = hop.links.map(({ spanId }) => spanId);
          assert.deepEqual(linked, message === hop.spanId ? [] : [message]);
        }
      }
    }
    assert.ok([...carriers.values()].some((traceIds) => traceIds.size > 1));
  });

  it('show each request of the bulk stream below the caller of the stream', async () => {
    const caller = newCaller();
    const { Metadata } = await import('@grpc/grpc-js');
    const metadata = new Metadata();
    metadata.set('traceparent', `00-${caller.traceId}-${caller.spanId}-01`);
    const stream = client.client.process(metadata);
    const answered = new Promise<void>((resolve, reject) => {
      stream.on('data', () => undefined).on('end', resolve);
      stream.on('error', reject);
    });
    for (const index of [20, 21]) {
      stream.write({
        requestId: String(index),
        request: { $case: 'search', value: { iris: irisMessage(again(index)), orList: [] } },
      });
    }
    stream.end();
    await answered;
    await until('both requests are shown', () => {
      const requests = receiver.of(caller.traceId).filter(({ name }) => name.endsWith('/Search'));
      return requests.length === 2 && requests.every(({ parentSpanId }) => parentSpanId === caller.spanId);
    });
  });

  it('are not made for callers who are not sampled', async () => {
    const caller = newCaller();
    const answered = await client.search(again(9), {
      traceparent: `00-${caller.traceId}-${caller.spanId}-00`,
    });
    assert.match(answered.traceparent, new RegExp(`^00-${caller.traceId}-[0-9a-f]{16}-00$`));
    // What comes later has come.
    await traceOf(receiver, await client.search(again(9)));
    assert.deepEqual(receiver.of(caller.traceId), []);
  });

  it('are begun anew when the context cannot be read, which is counted', async () => {
    const before = await metricOf('irispair_trace_contexts_malformed_total');
    const malformed = [
      '00-zz-11-01',
      `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`,
      `ff-${'1'.repeat(32)}-${'1'.repeat(16)}-01`,
      `00-${'1'.repeat(32)}-${'1'.repeat(16)}`,
      'x'.repeat(4_000),
    ];
    for (const traceparent of malformed) {
      const answered = await client.search(again(5), { traceparent });
      assert.equal(answered.response?.decision, api.Decision.DUPLICATE);
      assert.match(answered.traceparent, /^00-(?!1{32})[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    }
    assert.equal(await metricOf('irispair_trace_contexts_malformed_total'), before + malformed.length);
  });

  it('are named by the log lines about their requests', async () => {
    const answered = await client.verify(60_000, again(3));
    assert.ok(answered.error !== undefined);
    assert.ok(answered.traceparent.startsWith(`00-${answered.caller.traceId}-`));
    const trace = await traceOf(receiver, answered);
    // The caller's own mistake is no error of the service.
    assert.equal(trace.root.error, undefined);
    assert.equal(trace.root.attributes['rpc.grpc.status_code'], answered.error.code);
    await until('the log tells of it', () =>
      test.log.some(
        (line) =>
          line.includes(`"trace_id":"${answered.caller.traceId}"`) &&
          line.includes(`"span_id":"${trace.root.spanId}"`),
      ),
    );
  });
});

describe('the traces of a pair whose iris service is killed', () => {
  const MOST_KILLS = 30;
  let receiver: OtlpReceiver;
  let test: PairUnderTest;
  let client: TracedClient;
  before(async () => {
    receiver = await OtlpReceiver.grpc();
    test = await PairUnderTest.start({
      ...BY_CALLERS,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      // Hops are on their way most of the time.
      IRISPAIR_BATCH_MILLISECONDS: '0',
    });
    await enrol(test, PEOPLE);
    client = new TracedClient(test.address);
  });
  after(async () => {
    client.close();
    await test.stop();
    await receiver.stop();
  });

  it('show the hop that it did not answer as an error, within its request', async () => {
    let failed: ReceivedSpan | undefined;
    for (let attempt = 0; attempt < MOST_KILLS && failed === undefined; attempt++) {
      // Each time at another moment of a batch.
      failed = await killDuringSearches((7 * attempt) % 50);
    }
    assert.ok(failed !== undefined, 'no kill met a hop');
    const trace = new Trace(receiver.of(failed.traceId));
    assert.match(failed.error ?? '', /the iris service is away/);
    assert.equal(failed.attributes['irispair.hop.compute_microseconds'], undefined);
    const search = trace.spans.find(({ spanId }) => spanId === failed.parentSpanId);
    assert.match(search?.error ?? '', /the iris service is away/);
    assert.match(trace.root.error ?? '', /the iris service is away/);
    assert.ok(failed.end <= trace.root.end);
  });

  /** A hop that failed, if the kill met one. */
  async function killDuringSearches(milliseconds: number): Promise<ReceivedSpan | undefined> {
    const answers: TracedAnswer<api.SearchResponse>[] = [];
    let killed = false;
    const callers = Array.from({ length: 8 }, async (_, first) => {
      while (!killed) answers.push(await client.search(again(first)));
    });
    await until('searches are answered', () => answers.length > 8);
    await sleep(milliseconds);
    await test.pair.kill('iris', 'SIGKILL');
    killed = true;
    await Promise.all(callers);
    await test.startAgain('iris');
    // What comes later has come.
    await traceOf(receiver, await client.search(again(0)));
    return receiver.spans.find(({ name, kind, error }) => {
      return name === 'hop' && kind === 'client' && error !== undefined;
    });
  }
});

describe('the traces of a pair, over HTTP', () => {
  let receiver: OtlpReceiver;
  let test: PairUnderTest;
  let client: TracedClient;
  before(async () => {
    receiver = await OtlpReceiver.http();
    test = await PairUnderTest.start({
      ...BY_CALLERS,
      IRISPAIR_INDEX: 'exact',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    });
    await enrol(test, 10);
    client = new TracedClient(test.address);
  });
  after(async () => {
    client.close();
    await test.stop();
    await receiver.stop();
  });

  it('show a search by a scan', async () => {
    const answered = await client.search(again(3));
    const trace = await traceOf(receiver, answered);
    trace.assertIsTree();
    const batch = trace.one(trace.root, 'batch');
    assert.equal(trace.below(batch, 'search').length, 4);
    const scan = trace.one(batch, 'scan');
    assert.equal(scan.attributes['irispair.scan.searches'], 4);
    assertCall(trace, scan);
  });
});

describe('a pair whose collector', () => {
  const QUEUE = 64;
  let receiver: OtlpReceiver;
  let test: PairUnderTest;
  before(async () => {
    receiver = await OtlpReceiver.grpc();
    test = await PairUnderTest.start({
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
      OTEL_BSP_SCHEDULE_DELAY: '20',
      OTEL_BSP_MAX_QUEUE_SIZE: String(QUEUE),
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '16',
    });
    await enrol(test, 20);
  });
  after(async () => {
    await test.stop();
    await receiver.stop();
  });

  /** What became of the graph service's spans. */
  async function counted(): Promise<Readonly<Record<string, number>>> {
    const text = await (await fetch(`http://${test.http.graph}/metrics`)).text();
    const figures: Record<string, number> = {};
    for (const line of text.split('\n')) {
      const sample = /^irispair_trace_spans_([a-z]+)(?:_total)?(?:\{reason="(\w+)"\})? (\d+)$/.exec(line);
      if (sample === null) continue;
      const [, name = '', reason = name, figure] = sample as readonly (string | undefined)[];
      figures[reason] = Number(figure);
    }
    return figures;
  }

  /** Searches until a figure has grown; every search is answered rightly. */
  async function searchUntilGrown(figure: string): Promise<void> {
    const before = await counted();
    await until(`${figure} grows`, async () => {
      const { decision } = await test.client.search({ iris: irisMessage(again(4)), orList: [] });
      assert.equal(decision, api.Decision.DUPLICATE);
      const now = await counted();
      assert.ok(now.waiting <= QUEUE, `${now.waiting} spans wait`);
      return now[figure] > before[figure];
    });
  }

  it('takes traces has them', async () => {
    await searchUntilGrown('exported');
  });

  it('refuses them serves on and counts them', async () => {
    receiver.temper = 'refuses';
    await searchUntilGrown('export_failed');
    await until('the log says so once', () =>
      test.log.some((line) => line.startsWith('[graph]') && line.includes('traces are not taken')),
    );
  });

  it('does not answer serves on, its queue bounded, and counts what does not fit', async () => {
    receiver.temper = 'hangs';
    await searchUntilGrown('queue_full');
    await searchUntilGrown('export_failed');
  });

  it('is gone serves on and counts them, and sends again when it is back', async () => {
    const { port } = receiver;
    await receiver.stop();
    await searchUntilGrown('export_failed');
    receiver = await OtlpReceiver.grpc(port);
    await searchUntilGrown('exported');
    await until('the log says that it is back', () =>
      test.log.some((line) => line.startsWith('[graph]') && line.includes('traces are taken again')),
    );
  });
});
