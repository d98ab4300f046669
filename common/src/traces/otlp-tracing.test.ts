import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { z } from 'zod';
import { readEnvironment, type Environment } from '../config/environment.js';
import { TRACING_SETTINGS } from '../config/tracing-settings.js';
import { Script } from '../support/script.js';
import { traceContextOf } from './context.js';
import { OtlpTracing } from './otlp-tracing.js';
import { SpanKind } from './span.js';
import type { TraceHeaders } from './tracing.js';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN_ID = '00f067aa0ba902b7';

/** Nothing is ended in these tests, so nothing is sent. @param logged takes what is logged */
function start(environment: Environment, logged: (line: string) => void = () => undefined): OtlpTracing {
  const settings = readEnvironment(z.object(TRACING_SETTINGS), {
    OTEL_TRACES_EXPORTER: 'otlp',
    ...environment,
  });
  return OtlpTracing.start(settings, 'graph', pino({}, { write: logged }));
}

function headers(traceparent?: string | readonly string[], tracestate?: string): TraceHeaders {
  const given = { traceparent: traceparent ?? [], tracestate: tracestate ?? [] };
  return { get: (name) => [given[name]].flat() };
}

function sampledOf(tracing: OtlpTracing, requests: number): number {
  const traced = Array.from({ length: requests }, () => tracing.request('Search', headers()));
  return traced.filter(({ span }) => span !== undefined).length;
}

describe('which requests are traced', () => {
  it('is what the sampler says of those that no caller traces', () => {
    const ratio = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio' };
    assert.equal(sampledOf(start({}), 20), 20);
    assert.equal(sampledOf(start({ ...ratio, OTEL_TRACES_SAMPLER_ARG: '0' }), 20), 0);
    const some = sampledOf(start({ ...ratio, OTEL_TRACES_SAMPLER_ARG: '0.25' }), 2_000);
    // Ten deviations to either side.
    assert.ok(some > 300 && some < 700, `${some} of 2,000`);
  });

  it('is what the caller says of those that it traces, with parentbased samplers', () => {
    const tracing = start({ OTEL_TRACES_SAMPLER: 'parentbased_always_off' });
    const sampled = tracing.request('Search', headers(`00-${TRACE_ID}-${SPAN_ID}-01`, 'a=1,b=2'));
    assert.equal(sampled.span?.place.traceId, TRACE_ID);
    assert.equal(sampled.traceparent, `00-${TRACE_ID}-${sampled.span.place.spanId}-01`);
    assert.equal(sampled.tracestate, 'a=1,b=2');
    const unsampled = tracing.request('Search', headers(`00-${TRACE_ID}-${SPAN_ID}-00`));
    assert.equal(unsampled.span, undefined);
    assert.ok(unsampled.traceparent.startsWith(`00-${TRACE_ID}-`));
    const always = start({ OTEL_TRACES_SAMPLER: 'always_on' });
    assert.ok(always.request('Search', headers(`00-${TRACE_ID}-${SPAN_ID}-00`)).span !== undefined);
  });

  it('is decided anew for contexts that cannot be read or come twice, which are counted', () => {
    const tracing = start({});
    const good = `00-${TRACE_ID}-${SPAN_ID}-01`;
    for (const bad of [
      '',
      'x',
      `00-${TRACE_ID}-${SPAN_ID}`,
      `00-${TRACE_ID}-${SPAN_ID}-01-x`,
      [good, good],
    ]) {
      const { span } = tracing.request('Search', headers(bad));
      assert.ok(span !== undefined && span.place.traceId !== TRACE_ID, String(bad));
    }
    assert.equal(tracing.counters.malformed, 5);
  });
});

describe('a message of the other service', () => {
  it('is joined for each request that it names, on the time line of the sender', () => {
    const tracing = start({});
    const place = { traceId: TRACE_ID, spanId: SPAN_ID, traceState: '', clockBegan: 1_234 };
    const other = { ...place, traceId: 'a'.repeat(32) };
    const context = { ...traceContextOf(place), further: [traceContextOf(other)] };
    const joined = tracing.join(context, 'commit', SpanKind.Server);
    const told = joined.context;
    assert.equal(told?.clockBeganMicroseconds, 1_234);
    assert.ok(told.traceparent.startsWith(`00-${TRACE_ID}-`));
    assert.ok(told.further[0].traceparent.startsWith(`00-${other.traceId}-`));
  });

  it('is joined for nobody when it names nobody, or nobody who can be read', () => {
    const tracing = start({});
    assert.ok(tracing.join(undefined, 'commit', SpanKind.Server).isEmpty);
    const broken = { traceparent: '00-x', tracestate: '', clockBeganMicroseconds: 0, further: [] };
    assert.ok(tracing.join(broken, 'commit', SpanKind.Server).isEmpty);
    assert.equal(tracing.counters.malformed, 1);
  });
});

it('says in the log where traces go and of which requests, without what an endpoint may hold beside', () => {
  const said = (environment: Environment): unknown => {
    let line = '';
    start(environment, (logged) => (line = logged));
    const { to, protocol, sampler, share, msg } = JSON.parse(line) as Record<string, unknown>;
    assert.equal(msg, 'traces are sent');
    assert.doesNotMatch(line, /secret/);
    return { to, protocol, sampler, share };
  };
  assert.deepEqual(said({}), {
    to: 'this machine',
    protocol: 'http/protobuf',
    sampler: 'parentbased_always_on',
    share: undefined,
  });
  assert.deepEqual(
    said({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://elsewhere:4318',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://me:secret@collector:4317/secret',
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc',
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.01',
    }),
    { to: 'collector:4317', protocol: 'grpc', sampler: 'parentbased_traceidratio', share: 0.01 },
  );
});

it('loads nothing of OpenTelemetry while nothing is traced', async () => {
  const source = (environment: string) => `
    import { createRequire } from 'node:module';
    import { z } from 'zod';
    import { pino } from 'pino';
    import { readEnvironment } from ${JSON.stringify(import.meta.resolve('../config/environment.js'))};
    import { TRACING_SETTINGS } from ${JSON.stringify(import.meta.resolve('../config/tracing-settings.js'))};
    import { startTracing } from ${JSON.stringify(import.meta.resolve('./start-tracing.js'))};
    const settings = readEnvironment(z.object(TRACING_SETTINGS), ${environment});
    await startTracing(settings, 'graph', pino({ level: 'silent' }));
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    console.log(loaded.some((path) => path.includes('@opentelemetry')));
    process.exit(0);`;
  const off = new Script(source('{}'));
  const on = new Script(source("{ OTEL_TRACES_EXPORTER: 'otlp' }"));
  assert.deepEqual([await off.end(), await on.end()], [0, 0], off.complaint + on.complaint);
  assert.deepEqual([off.lines, on.lines], [['false'], ['true']]);
});
