/** What the mode of the service decides. */
import type { Logger } from '@irispair/common/log/logger';
import type { EngineCore, EngineOptions } from '@irispair/native/engine-types';
import type { Registry } from 'prom-client';
import type { Comparing } from '../comparing/comparing.js';
import type { WantedIdentity } from '../store/iris-store.js';

/** What a mode needs to open. */
export interface ModeParts {
  readonly options: EngineOptions;
  readonly metrics: Registry;
  readonly logger: Logger;
}

/** What compares, and the engine that it compares with. Closed in this order. */
export interface Opened {
  readonly comparing: Comparing;
  readonly engine: EngineCore;
}

/** A mode as it is configured. */
export interface Mode {
  /** Of the store that it needs. */
  readonly identity: WantedIdentity;
  /** @throws MisconfiguredError, or an error of the native layer, when the settings or the machine do not allow it */
  open(parts: ModeParts): Promise<Opened>;
}
