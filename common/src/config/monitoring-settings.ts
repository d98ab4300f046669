/** The settings of a service's monitoring ports, alike in both services. */
import type { z } from 'zod';
import { addressSetting } from './environment.js';

/** Zod shape to spread into a service's schema. */
export const MONITORING_SETTINGS = {
  /** Address of the HTTP port with `/metrics`, `/healthz` and `/readyz`; not set: there is none. */
  IRISPAIR_HTTP_LISTEN: addressSetting().optional(),
  /** Address of a gRPC port that answers health checks alone, for probes that reach no Unix socket; not set: there is none. */
  IRISPAIR_PROBE_LISTEN: addressSetting().optional(),
} satisfies z.ZodRawShape;

/** Checked settings of the monitoring ports. */
export type MonitoringSettings = Partial<z.output<z.ZodObject<typeof MONITORING_SETTINGS>>>;
