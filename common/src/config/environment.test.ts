import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { MisconfiguredError } from '../errors/errors.js';
import { choiceSetting, integerSetting, readEnvironment, switchSetting } from './environment.js';

const SETTINGS = z.object({
  WORKERS: integerSetting(1, 64).default(2),
  MODE: choiceSetting(['plain', 'shared']).optional(),
  STRICT: switchSetting().default(false),
});

describe('settings from the environment', () => {
  it('take their defaults when not set or empty', () => {
    const settings = readEnvironment(SETTINGS, { WORKERS: '', UNKNOWN: 'x' });
    assert.deepEqual([settings.WORKERS, settings.MODE, settings.STRICT], [2, undefined, false]);
  });

  it('are read and converted', () => {
    assert.deepEqual(readEnvironment(SETTINGS, { WORKERS: '7', MODE: 'shared', STRICT: '1' }), {
      WORKERS: 7,
      MODE: 'shared',
      STRICT: true,
    });
  });

  it('are refused by name, all at once, with what they may hold', () => {
    assert.throws(
      () => readEnvironment(SETTINGS, { WORKERS: '65', MODE: 'other', STRICT: 'yes' }),
      (error) =>
        error instanceof MisconfiguredError &&
        error.message.includes('WORKERS="65": give an integer from 1 to 64') &&
        error.message.includes('MODE="other": give one of plain, shared') &&
        error.message.includes('STRICT="yes": give one of 0, 1'),
    );
  });
});
