/** The settings of a service's monitoring port, alike in both services. */
import type { z } from 'zod';
import { addressSetting } from './environment.js';

/** Zod shape to spread into a service's schema. */
export const MONITORING_SETTINGS = {
  /** Address of the HTTP port with `/metrics`, `/healthz` and `/readyz`; not set: there is none. */
  IRISPAIR_HTTP_LISTEN: addressSetting().optional(),
} satisfies z.ZodRawShape;
