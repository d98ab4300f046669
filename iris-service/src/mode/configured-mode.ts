/** The mode of the service is chosen here, once, when it starts. */
import type { IrisServiceSettings } from '../settings.js';
import type { Mode } from './mode.js';
import { plainMode } from './plain-mode.js';
import { sharedMode } from './shared-mode.js';

/** The mode that the settings say. @throws MisconfiguredError naming what is missing, or set and of no use in that mode */
export function modeOf(settings: IrisServiceSettings): Mode {
  return settings.IRISPAIR_MODE === 'plain' ? plainMode(settings) : sharedMode(settings);
}
