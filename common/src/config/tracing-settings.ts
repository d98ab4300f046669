/**
 * The settings of traces, alike in both services. The names are OpenTelemetry's, whose exporters read further ones by
 * themselves: headers, certificates, compression, timeout.
 */
import { z } from 'zod';
import { choiceSetting, integerSetting } from './environment.js';

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

const PROTOCOLS = ['grpc', 'http/protobuf'] as const;
const LONGEST_MILLISECONDS = 3_600_000;
const MOST_SPANS = 1_000_000;

/** Zod shape to spread into a service's schema. */
export const TRACING_SETTINGS = {
  /** `true`: no traces, whatever else is set. */
  OTEL_SDK_DISABLED: choiceSetting(['true', 'false']).default('false'),
  /** Where traces go; not set: to OTLP when an endpoint is set, otherwise nowhere. */
  OTEL_TRACES_EXPORTER: choiceSetting(['otlp', 'none']).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: endpointSetting().optional(),
  /** Goes before the one for everything. */
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpointSetting().optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: choiceSetting(PROTOCOLS).default('http/protobuf'),
  /** Goes before the one for everything. */
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: choiceSetting(PROTOCOLS).optional(),
  /** Which requests are traced. */
  OTEL_TRACES_SAMPLER: choiceSetting(SAMPLERS).default('parentbased_always_on'),
  /** Share of the requests, for samplers by ratio. */
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number('give a number from 0 to 1')
    .min(0, 'give a number from 0 to 1')
    .max(1, 'give a number from 0 to 1')
    .default(1),
  /** Spans that wait to be sent, at most; further ones are dropped. */
  OTEL_BSP_MAX_QUEUE_SIZE: integerSetting(1, MOST_SPANS).default(2_048),
  /** Spans sent together at most. */
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: integerSetting(1, MOST_SPANS).default(512),
  /** Milliseconds after which fewer are sent. */
  OTEL_BSP_SCHEDULE_DELAY: integerSetting(1, LONGEST_MILLISECONDS).default(5_000),
  /** Milliseconds after which sending is given up. */
  OTEL_BSP_EXPORT_TIMEOUT: integerSetting(1, LONGEST_MILLISECONDS).default(30_000),
} satisfies z.ZodRawShape;

/** Checked settings of traces. */
export type TracingSettings = z.output<z.ZodObject<typeof TRACING_SETTINGS>>;

/** Whether anything is traced at all. */
export function isTraced(settings: TracingSettings): boolean {
  if (settings.OTEL_SDK_DISABLED === 'true') return false;
  if (settings.OTEL_TRACES_EXPORTER !== undefined) return settings.OTEL_TRACES_EXPORTER === 'otlp';
  return (
    settings.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined ||
    settings.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT !== undefined
  );
}

function endpointSetting() {
  return z.url({ protocol: /^https?$/, error: 'give a URL such as http://localhost:4318' });
}
