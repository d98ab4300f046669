/** What every service tells of itself: its build, whether it is ready, and what its process takes. */
import { collectDefaultMetrics, type Registry } from 'prom-client';
import { VERSION } from '../version.js';
import { readGauge } from './read-metrics.js';

/**
 * The lag counts the interval of the monitor behind it as delay: irispair_event_loop_delay_seconds does not. What is active
 * says nothing of a service whose sockets stay.
 */
const NOT_SHOWN = /^nodejs_(eventloop_lag|active)_/;
/** Seldom, since nothing reads that monitor. */
const UNREAD_MONITOR_MILLISECONDS = 60_000;

/** Shows them. @param isReady whether the service does its whole work */
export function showProcess(registry: Registry, isReady: () => boolean): void {
  readGauge(
    registry,
    {
      name: 'irispair_build_info',
      help: 'What runs: the version of IrisPair and that of Node; always 1',
      labelNames: ['version', 'node_version'],
    },
    () => [{ labels: { version: VERSION, node_version: process.version }, value: 1 }],
  );
  readGauge(
    registry,
    { name: 'irispair_ready', help: 'Whether the service does its whole work, as /readyz says: 1 or 0' },
    () => Number(isReady()),
  );
  collectDefaultMetrics({
    register: registry,
    eventLoopMonitoringPrecision: UNREAD_MONITOR_MILLISECONDS,
  });
  for (const { name } of registry.getMetricsAsArray()) {
    if (NOT_SHOWN.test(name)) registry.removeSingleMetric(name);
  }
}
