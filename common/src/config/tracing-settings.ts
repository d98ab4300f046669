/**
 * The settings of traces, alike in both services. The names are OpenTelemetry's, whose exporters read further ones by
 * themselves: headers, certificates, compression, timeout.
 *
 * Booleans and enumerations follow the specification of OpenTelemetry's environment variables: upper and lower case are alike, and
 * a value that is not known counts as not set, with a warning. Numbers and addresses are refused by name, as everywhere.
 */
import { z } from 'zod';
import { integerSetting, shareSetting, type Environment } from './environment.js';

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

const PROTOCOLS = ['grpc', 'http/protobuf'] as const;
const BOOLEANS = ['true', 'false'] as const;
const EXPORTERS = ['otlp', 'none'] as const;
const ENUMERATIONS: Readonly<Record<string, readonly string[]>> = {
  OTEL_SDK_DISABLED: BOOLEANS,
  OTEL_TRACES_EXPORTER: EXPORTERS,
  OTEL_EXPORTER_OTLP_PROTOCOL: PROTOCOLS,
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: PROTOCOLS,
  OTEL_TRACES_SAMPLER: SAMPLERS,
};
const LONGEST_MILLISECONDS = 3_600_000;
const MOST_SPANS = 1_000_000;

/** Zod shape to spread into a service's schema. */
export const TRACING_SETTINGS = {
  /** `true`: no traces, whatever else is set. */
  OTEL_SDK_DISABLED: enumeration(BOOLEANS).transform((word) => word === 'true'),
  /** Where traces go; not set: to OTLP when an endpoint is set, otherwise nowhere. */
  OTEL_TRACES_EXPORTER: enumeration(EXPORTERS),
  OTEL_EXPORTER_OTLP_ENDPOINT: endpointSetting().optional(),
  /** Goes before the one for everything. */
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpointSetting().optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: enumeration(PROTOCOLS).transform((word) => word ?? 'http/protobuf'),
  /** Goes before the one for everything. */
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: enumeration(PROTOCOLS),
  /** Which requests are traced. */
  OTEL_TRACES_SAMPLER: enumeration(SAMPLERS).transform((word) => word ?? 'parentbased_always_on'),
  /** Share of the requests, for samplers by ratio. */
  OTEL_TRACES_SAMPLER_ARG: shareSetting().default(1),
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

/** One sentence for each boolean or enumeration with a value that is not known and so counts as not set. */
export function unknownTracingValues(environment: Environment): string[] {
  return Object.entries(ENUMERATIONS).flatMap(([name, words]) => {
    const value = environment[name] ?? '';
    if (value === '' || knownWord(words, value) !== undefined) return [];
    return [`${name}=${JSON.stringify(value)} counts as not set: give one of ${words.join(', ')}`];
  });
}

/** Whether anything is traced at all. */
export function isTraced(settings: TracingSettings): boolean {
  if (settings.OTEL_SDK_DISABLED) return false;
  if (settings.OTEL_TRACES_EXPORTER !== undefined) return settings.OTEL_TRACES_EXPORTER === 'otlp';
  return (
    settings.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined ||
    settings.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT !== undefined
  );
}

/** Undefined for a value that is not known. */
function enumeration<const Word extends string>(words: readonly Word[]) {
  return z
    .string()
    .optional()
    .transform((value) => (value === undefined ? undefined : knownWord(words, value)));
}

function knownWord<Word extends string>(words: readonly Word[], value: string): Word | undefined {
  return words.find((word) => word === value.toLowerCase());
}

function endpointSetting() {
  return z.url({ protocol: /^https?$/, error: 'give a URL such as http://localhost:4318' });
}
