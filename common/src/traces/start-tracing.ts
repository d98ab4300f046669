/**
 * Traces are off unless the settings say where they go. Off, no code of OpenTelemetry is loaded, and there is no
 * {@link Tracing}: whoever could begin a span asks for it first.
 */
import { isTraced, unknownTracingValues, type TracingSettings } from '../config/tracing-settings.js';
import type { Logger } from '../log/logger.js';
import type { Tracing } from './tracing.js';

/** @throws MisconfiguredError when the exporter does not take the settings */
export async function startTracing(
  settings: TracingSettings,
  service: 'graph' | 'iris',
  logger: Logger,
): Promise<Tracing | undefined> {
  for (const warning of unknownTracingValues(process.env)) logger.warn(warning);
  if (!isTraced(settings)) return undefined;
  const { OtlpTracing } = await import('./otlp-tracing.js');
  return OtlpTracing.start(settings, service, logger);
}
