import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Environment } from '@irispair/common/config/environment';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import { PARTIES } from '@irispair/common/parties/party';
import { PartyCertificates } from '@irispair/common/support/party-certificates';
import { readIrisServiceSettings } from '../settings.js';
import { modeOf } from './configured-mode.js';

const ADDRESSES = 'one:7001,two:7002,three:7003';

describe('the mode of an iris service', () => {
  let certificates: PartyCertificates;
  before(async () => {
    certificates = await PartyCertificates.make();
  });
  after(() => certificates.remove());

  function isRefused(environment: Environment, message: RegExp): void {
    assert.throws(
      () => modeOf(readIrisServiceSettings(environment)),
      (error) => {
        assert.ok(error instanceof MisconfiguredError);
        assert.match(error.message, message);
        return true;
      },
    );
  }

  it('is plain unless the settings say otherwise, and says what its store holds', () => {
    assert.deepEqual(modeOf(readIrisServiceSettings({})).identity, {
      mode: 'plain',
      party: null,
      formatVersion: 1,
      columns: undefined,
    });
    assert.equal(modeOf(readIrisServiceSettings({ IRISPAIR_COLUMNS: '256' })).identity.columns, 256);
    for (const party of PARTIES) {
      const settings = { ...certificates.settings(party), IRISPAIR_PARTIES: ADDRESSES };
      assert.deepEqual(modeOf(readIrisServiceSettings(settings)).identity, {
        mode: 'shared',
        party,
        formatVersion: 1,
        columns: 200,
      });
    }
  });

  it('is refused with settings that do not go together', () => {
    const own = certificates.settings(PARTIES[1]);
    isRefused({ IRISPAIR_MODE: 'secret' }, /IRISPAIR_MODE="secret": give one of plain, shared/);
    isRefused(
      { IRISPAIR_MODE: 'shared', IRISPAIR_PARTIES: ADDRESSES },
      /needs IRISPAIR_PARTY, IRISPAIR_PARTY_CERT/,
    );
    isRefused(own, /IRISPAIR_MODE=shared needs IRISPAIR_PARTIES: give the addresses of the three/);
    isRefused({ ...own, IRISPAIR_PARTIES: 'one:1,two:2' }, /IRISPAIR_PARTIES="one:1,two:2": give HOST:PORT,/);
    isRefused(
      { ...own, IRISPAIR_PARTIES: 'one:1,two:2,one:1' },
      /IRISPAIR_PARTIES: parties 0 and 2 have the same address one:1: give each its own/,
    );
    isRefused(
      { ...own, IRISPAIR_PARTIES: ADDRESSES, IRISPAIR_PARTY_LISTEN: 'here' },
      /IRISPAIR_PARTY_LISTEN="here": give HOST:PORT/,
    );
    isRefused(
      { IRISPAIR_PARTY: '1', IRISPAIR_PARTIES: ADDRESSES },
      /IRISPAIR_MODE is plain, and IRISPAIR_PARTY, IRISPAIR_PARTIES are set: set IRISPAIR_MODE=shared, or leave out/,
    );
    isRefused(
      { ...own, IRISPAIR_PARTIES: ADDRESSES, IRISPAIR_COLUMNS: '256' },
      /IRISPAIR_COLUMNS=256 with IRISPAIR_MODE=shared: shares are of codes of 200 columns/,
    );
    isRefused({ IRISPAIR_COLUMNS: '240' }, /IRISPAIR_COLUMNS="240": give one of 200, 256/);
    isRefused({ IRISPAIR_PARTY_KEY: '/key' }, /IRISPAIR_MODE is plain, and IRISPAIR_PARTY_KEY is set/);
  });
});
