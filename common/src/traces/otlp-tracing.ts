/**
 * Traces by OpenTelemetry's SDK: its sampler chooses, its batches and exporters send by OTLP.
 *
 * Spans are not made by its tracer: their ids are chosen, and their times measured, by other threads before anything here
 * knows of them. What waits is bounded, and what is dropped is counted.
 */
import { ROOT_CONTEXT, SpanKind as OtelKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import type { SpanContext } from '@opentelemetry/api';
import { ExportResultCode, parseTraceParent, TraceState, type ExportResult } from '@opentelemetry/core';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as HttpExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
  type Resource,
} from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  type ReadableSpan,
  type Sampler,
  type SpanExporter,
} from '@opentelemetry/sdk-trace';
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import type { TraceContext } from '@irispair/proto/compute';
import { exemptFromProxies, isHere } from '../grpc/channel.js';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TracingSettings } from '../config/tracing-settings.js';
import { MisconfiguredError } from '../errors/errors.js';
import type { Logger } from '../log/logger.js';
import { VERSION } from '../version.js';
import { clockBeganNow, formatTraceParent, newSpanId, newTraceId, type SpanPlace } from './place.js';
import { SpanGroup } from './span-group.js';
import { OpenSpan, SpanKind, type FinishedSpan } from './span.js';
import type { RequestTrace, TraceCounters, TraceHeaders, Tracing } from './tracing.js';

const SCOPE = { name: 'irispair', version: VERSION };
const API_SERVICE = 'irispair.v1.IrisPair';
/** A service that stops waits no longer for its collector. */
const CLOSE_MILLISECONDS = 2_000;

const KIND: Readonly<Record<SpanKind, OtelKind>> = {
  [SpanKind.Internal]: OtelKind.INTERNAL,
  [SpanKind.Server]: OtelKind.SERVER,
  [SpanKind.Client]: OtelKind.CLIENT,
};

/** A caller's span, as its headers or message name it. */
interface Caller {
  readonly context: SpanContext;
  readonly traceState: string;
}

/** Traces that go to a collector. */
export class OtlpTracing implements Tracing {
  readonly counters: TraceCounters = {
    exported: 0,
    droppedQueueFull: 0,
    droppedExportFailed: 0,
    waiting: 0,
    malformed: 0,
  };
  private readonly processor: BatchSpanProcessor;
  private readonly sink = (span: FinishedSpan) => {
    this.take(span);
  };

  private constructor(
    private readonly sampler: Sampler,
    private readonly resource: Resource,
    private readonly queueSize: number,
    makeProcessor: (counters: TraceCounters) => BatchSpanProcessor,
  ) {
    this.processor = makeProcessor(this.counters);
  }

  /** @throws MisconfiguredError when the exporter does not take the settings */
  static start(settings: TracingSettings, service: 'graph' | 'iris', logger: Logger): OtlpTracing {
    const exporter = makeExporter(settings);
    logger.info(destinationOf(settings), 'traces are sent');
    return new OtlpTracing(
      samplerOf(settings),
      resourceOf(service),
      settings.OTEL_BSP_MAX_QUEUE_SIZE,
      (counters) =>
        new BatchSpanProcessor({
          exporter: new CountingExporter(exporter, counters, logger),
          maxQueueSize: settings.OTEL_BSP_MAX_QUEUE_SIZE,
          maxExportBatchSize: Math.min(
            settings.OTEL_BSP_MAX_EXPORT_BATCH_SIZE,
            settings.OTEL_BSP_MAX_QUEUE_SIZE,
          ),
          scheduledDelayMillis: settings.OTEL_BSP_SCHEDULE_DELAY,
          exportTimeoutMillis: settings.OTEL_BSP_EXPORT_TIMEOUT,
        }),
    );
  }

  request(method: string, headers: TraceHeaders): RequestTrace {
    const caller = this.callerOf(headers);
    const name = `${API_SERVICE}/${method}`;
    const traceId = caller?.context.traceId ?? newTraceId();
    const spanId = newSpanId();
    const isSampled = this.isSampled(caller, traceId, name);
    const tracestate = caller?.traceState ?? '';
    const traceparent = formatTraceParent(traceId, spanId, isSampled);
    if (!isSampled) return { traceparent, tracestate, span: undefined };
    const place: SpanPlace = { traceId, spanId, traceState: tracestate, clockBegan: clockBeganNow() };
    const span = OpenSpan.begin(this.sink, place, caller?.context.spanId, {
      name,
      kind: SpanKind.Server,
      attributes: { 'rpc.system': 'grpc', 'rpc.service': API_SERVICE, 'rpc.method': method },
    });
    return { traceparent, tracestate, span };
  }

  join(context: TraceContext | undefined, name: string, kind: SpanKind, start?: number): SpanGroup {
    if (context === undefined) return SpanGroup.NONE;
    const { clockBeganMicroseconds } = context;
    const clockBegan = clockBeganMicroseconds > 0 ? clockBeganMicroseconds : clockBeganNow();
    return SpanGroup.of(
      [context, ...context.further].map(({ traceparent, tracestate }) => {
        const caller = this.read([traceparent], [tracestate]);
        if (caller === undefined || !this.isSampled(caller, caller.context.traceId, name)) return undefined;
        const { traceId, spanId } = caller.context;
        const place = { traceId, spanId: newSpanId(), traceState: caller.traceState, clockBegan };
        return OpenSpan.begin(this.sink, place, spanId, {
          name,
          kind,
          ...(start === undefined ? {} : { start }),
        });
      }),
    );
  }

  async close(): Promise<void> {
    // What cannot be sent any longer was counted, or is lost with the process.
    const sent = this.processor.shutdown().catch(() => undefined);
    await Promise.race([sent, sleep(CLOSE_MILLISECONDS, undefined, { ref: false })]);
  }

  private callerOf(headers: TraceHeaders): Caller | undefined {
    const parents = headers.get('traceparent');
    return parents.length === 0 ? undefined : this.read(parents, headers.get('tracestate'));
  }

  /** By W3C's rules: a context that cannot be read is as good as none, a state that cannot be read is left out. */
  private read(parents: readonly unknown[], states: readonly unknown[]): Caller | undefined {
    const [parent] = parents;
    const context = parents.length === 1 && typeof parent === 'string' ? parseTraceParent(parent) : null;
    if (context === null) {
      this.counters.malformed += 1;
      return undefined;
    }
    const given = states.filter((state) => typeof state === 'string' && state !== '').join(',');
    return {
      context: { ...context, isRemote: true },
      traceState: given === '' ? '' : new TraceState(given).serialize(),
    };
  }

  private isSampled(caller: Caller | undefined, traceId: string, name: string): boolean {
    const context = caller === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, caller.context);
    const { decision } = this.sampler.shouldSample(context, traceId, name, OtelKind.SERVER, {}, []);
    return decision === SamplingDecision.RECORD_AND_SAMPLED;
  }

  private take(span: FinishedSpan): void {
    if (this.counters.waiting >= this.queueSize) {
      this.counters.droppedQueueFull += 1;
      return;
    }
    this.counters.waiting += 1;
    this.processor.onEnd(readable(span, this.resource));
  }
}

/** Counts what leaves the queue and what becomes of it; says once that the collector does not take it, and once that it does. */
class CountingExporter implements SpanExporter {
  private isRefused = false;

  constructor(
    private readonly exporter: SpanExporter,
    private readonly counters: TraceCounters,
    private readonly logger: Logger,
  ) {}

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.counters.waiting -= spans.length;
    this.exporter.export(spans, (result) => {
      const isTaken = result.code === ExportResultCode.SUCCESS;
      if (isTaken) this.counters.exported += spans.length;
      else this.counters.droppedExportFailed += spans.length;
      this.note(isTaken, result.error);
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.exporter.shutdown();
  }

  private note(isTaken: boolean, error: Error | undefined): void {
    if (isTaken === !this.isRefused) return;
    this.isRefused = !isTaken;
    if (isTaken) this.logger.info('traces are taken again');
    else this.logger.warn({ reason: error?.message ?? 'unknown' }, 'traces are not taken: dropping them');
  }
}

function protocolOf(settings: TracingSettings): TracingSettings['OTEL_EXPORTER_OTLP_PROTOCOL'] {
  return settings.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? settings.OTEL_EXPORTER_OTLP_PROTOCOL;
}

function endpointOf(settings: TracingSettings): string | undefined {
  return settings.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? settings.OTEL_EXPORTER_OTLP_ENDPOINT;
}

/** For the log. The rest of an endpoint may hold a password. */
function destinationOf(settings: TracingSettings): Readonly<Record<string, string | number>> {
  const { OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: share } = settings;
  const endpoint = endpointOf(settings);
  return {
    to: endpoint === undefined ? 'this machine' : new URL(endpoint).host,
    protocol: protocolOf(settings),
    sampler,
    ...(sampler.endsWith('traceidratio') ? { share } : {}),
  };
}

/** Where the exporter sends to when nothing says otherwise. */
const DEFAULT_GRPC_ENDPOINT = 'http://localhost:4317';

function makeExporter(settings: TracingSettings): SpanExporter {
  try {
    if (protocolOf(settings) !== 'grpc') return new HttpExporter();
    const { host, hostname } = new URL(endpointOf(settings) ?? DEFAULT_GRPC_ENDPOINT);
    if (isHere(host)) exemptFromProxies(hostname.replace(/^\[(.*)\]$/, '$1'));
    return new GrpcExporter();
  } catch (error) {
    throw new MisconfiguredError(`OTEL_EXPORTER_OTLP_*: ${String(error)}: correct them or unset them`, {
      cause: error,
    });
  }
}

function samplerOf({
  OTEL_TRACES_SAMPLER: sampler,
  OTEL_TRACES_SAMPLER_ARG: ratio,
}: TracingSettings): Sampler {
  switch (sampler) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(ratio);
    case 'parentbased_always_on':
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) });
  }
}

/** What OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME say goes before ours. */
function resourceOf(service: 'graph' | 'iris'): Resource {
  const own = resourceFromAttributes({
    [ATTR_SERVICE_NAME]: `irispair-${service}-service`,
    [ATTR_SERVICE_VERSION]: VERSION,
    'process.pid': process.pid,
  });
  return defaultResource()
    .merge(own)
    .merge(detectResources({ detectors: [envDetector] }));
}

function readable(span: FinishedSpan, resource: Resource): ReadableSpan {
  const { place, parent, error } = span;
  const context = contextOf(place, place.spanId);
  const start = timeOf(place, span.start);
  return {
    name: span.name,
    kind: KIND[span.kind],
    spanContext: () => context,
    ...(parent === undefined
      ? {}
      : {
          parentSpanContext: {
            ...contextOf(place, parent.spanId),
            isRemote: parent.where === 'another process',
          },
        }),
    startTime: start,
    endTime: timeOf(place, span.end),
    duration: split(span.end - span.start),
    status:
      error === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: error },
    attributes: span.attributes,
    links: span.links.map((link) => ({ context: contextOf(link, link.spanId) })),
    events: [],
    ended: true,
    resource,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function contextOf({ traceId, traceState }: SpanPlace, spanId: string): SpanContext {
  const context = { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
  return traceState === '' ? context : { ...context, traceState: new TraceState(traceState) };
}

function timeOf({ clockBegan }: SpanPlace, microseconds: number): [number, number] {
  return split(clockBegan + microseconds);
}

/** Seconds and nanoseconds. */
function split(microseconds: number): [number, number] {
  const seconds = Math.floor(microseconds / 1e6);
  return [seconds, Math.floor((microseconds - seconds * 1e6) * 1e3)];
}
