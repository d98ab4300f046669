import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { MisconfiguredError } from '../errors/errors.js';
import {
  addressSetting,
  choiceSetting,
  integerSetting,
  readEnvironment,
  secretIssue,
  switchSetting,
} from './environment.js';

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

  it('that may hold a password are refused by name without what they hold', () => {
    const place = z.string().superRefine((_, context) => {
      context.addIssue(secretIssue('is no place: give a directory'));
    });
    assert.throws(
      () => readEnvironment(z.object({ PLACE: place }), { PLACE: 'me:secret@h' }),
      (error) =>
        error instanceof MisconfiguredError && error.message === 'PLACE is no place: give a directory',
    );
  });

  it('are numbers in decimal digits alone: a blank is no 0', () => {
    for (const blank of [' ', '\t', '0x2', ' 2', '2 ', '+2', '1e0']) {
      assert.throws(
        () => readEnvironment(SETTINGS, { WORKERS: blank }),
        (error) =>
          error instanceof MisconfiguredError &&
          error.message === `WORKERS=${JSON.stringify(blank)}: give an integer from 1 to 64`,
        JSON.stringify(blank),
      );
    }
  });

  it('take an address to listen on by host and port', () => {
    for (const address of ['127.0.0.1:9464', '0.0.0.0:65535', '[::1]:1', 'localhost:0'])
      assert.equal(addressSetting().parse(address), address);
    for (const address of ['9464', ':9464', '127.0.0.1', '127.0.0.1:', '127.0.0.1:65536', 'host:1a'])
      assert.match(
        addressSetting().safeParse(address).error?.message ?? '',
        /give HOST:PORT, the port from 0 to 65535/,
        address,
      );
  });
});
