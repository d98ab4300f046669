/** Plain mode: this deployment holds irises in the clear, and compares alone. */
import { MisconfiguredError } from '@irispair/common/errors/errors';
import { DEFAULT_COLUMNS } from '@irispair/common/iris/shape';
import { openEngine } from '@irispair/native/engine';
import { PlainComparing } from '../comparing/plain-comparing.js';
import type { IrisServiceSettings } from '../settings.js';
import type { Mode } from './mode.js';

/** Settings that say something of parties. */
const OF_PARTIES = [
  'IRISPAIR_PARTY',
  'IRISPAIR_PARTIES',
  'IRISPAIR_PARTY_LISTEN',
  'IRISPAIR_PARTY_CERTIFICATE',
  'IRISPAIR_PARTY_KEY',
  'IRISPAIR_PARTY_CERTIFICATES',
] as const;

/** @throws MisconfiguredError when settings of secret-shared mode are there */
export function plainMode(settings: IrisServiceSettings): Mode {
  const set = OF_PARTIES.filter((name) => settings[name] !== undefined);
  if (set.length > 0) {
    throw new MisconfiguredError(
      `IRISPAIR_MODE is plain, and ${set.join(', ')} ${set.length === 1 ? 'is' : 'are'} set: set IRISPAIR_MODE=shared, or leave out the others`,
    );
  }
  return {
    identity: { mode: 'plain', party: null, formatVersion: 1, columns: settings.IRISPAIR_COLUMNS },
    async open({ options }) {
      const engine = await openEngine(options);
      return { engine, comparing: new PlainComparing(engine, options.columns ?? DEFAULT_COLUMNS) };
    },
  };
}
