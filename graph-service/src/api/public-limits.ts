/** How much clients may take of the public server, whatever they do. */
import { CallGuard } from '@irispair/common/grpc/call-guard';
import type { Logger } from '@irispair/common/log/logger';
import type { GraphServiceSettings } from '../settings.js';

/** The limits of a public server. */
export interface PublicLimits {
  /** A connection without calls is closed after so long. */
  readonly idleMilliseconds: number;
  /** Counts and bounds what calls hold. */
  readonly calls: CallGuard;
}

type LimitSettings = Pick<
  GraphServiceSettings,
  'IRISPAIR_IDLE_SECONDS' | 'IRISPAIR_UNREAD_SECONDS' | 'IRISPAIR_CALL_MEBIBYTES'
>;

/** Those of a service that sets none. */
export const DEFAULT_LIMITS: LimitSettings = {
  IRISPAIR_IDLE_SECONDS: 300,
  IRISPAIR_UNREAD_SECONDS: 60,
  IRISPAIR_CALL_MEBIBYTES: 256,
};

/** The limits that the settings give. @param logger told of calls that are refused or ended */
export function publicLimits(settings: LimitSettings, logger: Logger): PublicLimits {
  const calls = new CallGuard(
    {
      bytes: settings.IRISPAIR_CALL_MEBIBYTES << 20,
      unreadMilliseconds: settings.IRISPAIR_UNREAD_SECONDS * 1_000,
      settings: { bytes: 'IRISPAIR_CALL_MEBIBYTES', unread: 'IRISPAIR_UNREAD_SECONDS' },
    },
    logger,
  );
  return { idleMilliseconds: settings.IRISPAIR_IDLE_SECONDS * 1_000, calls };
}
