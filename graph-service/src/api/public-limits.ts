/** How much clients may take of the public server, whatever they do. */
import type { GraphServiceSettings } from '../settings.js';

/** The limits of a public server. */
export interface PublicLimits {
  /** A connection without calls is closed after so long. */
  readonly idleMilliseconds: number;
}

/** The limits that the settings give. */
export function publicLimits(settings: GraphServiceSettings): PublicLimits {
  return { idleMilliseconds: settings.IRISPAIR_IDLE_SECONDS * 1_000 };
}

/** Those of a service that sets none. */
export const DEFAULT_LIMITS: PublicLimits = { idleMilliseconds: 300_000 };
