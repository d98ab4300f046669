import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it, mock } from 'node:test';
import { z } from 'zod';
import { readEnvironment, type Environment } from '../config/environment.js';
import { PARTY_SETTINGS, partyAddressesSetting } from '../config/party-settings.js';
import { MisconfiguredError } from '../errors/errors.js';
import { PartyCertificates } from '../support/party-certificates.js';
import { nextParty, PARTIES, partyIndex, previousParty } from './party.js';
import { certificateTrouble, readPartyIdentity, type PartyIdentity } from './party-identity.js';

function read(environment: Environment): PartyIdentity {
  return readPartyIdentity(readEnvironment(z.object(PARTY_SETTINGS), environment));
}

describe('the identity of a party', () => {
  let files: PartyCertificates;
  let own: Environment;
  before(async () => {
    files = await PartyCertificates.make();
    own = files.settings(PARTIES[1]);
    await files.certify('stranger');
    await files.certify('signed', ['-CA', files.path('party-0.crt'), '-CAkey', files.path('party-0.key')]);
  });
  after(() => files.remove());

  function pem(name: string): string {
    return readFileSync(files.path(`${name}.crt`), 'utf8');
  }

  function certificates(...names: readonly string[]): Environment {
    const path = files.path(`${names.join('-')}.list.crt`);
    writeFileSync(path, names.map(pem).join(''));
    return { IRISPAIR_PARTY_CERTIFICATES: path };
  }

  it('is read with the three fingerprints, in order', () => {
    const identity = read(own);
    assert.equal(identity.party, 1);
    assert.deepEqual(
      identity.pinned,
      PARTIES.map((party) => new X509Certificate(pem(`party-${party}`)).fingerprint256),
    );
    assert.equal(identity.certificate, pem('party-1'));
    assert.deepEqual([nextParty(PARTIES[1]), previousParty(PARTIES[1])], [2, 0]);
    assert.deepEqual([nextParty(PARTIES[2]), previousParty(PARTIES[0])], [0, 2]);
    assert.throws(() => partyIndex(3), /party: 3 is not a party: give 0, 1 or 2/);
  });

  it('is refused by name with the remedy', () => {
    const cases: [Environment, RegExp][] = [
      [{ IRISPAIR_PARTY: '' }, /IRISPAIR_MODE=shared needs IRISPAIR_PARTY: set/],
      [{ IRISPAIR_PARTY: '3' }, /IRISPAIR_PARTY="3": give an integer from 0 to 2/],
      [{ IRISPAIR_PARTY: '2' }, /has it as that of party 1, and IRISPAIR_PARTY is 2: correct one/],
      [{ IRISPAIR_PARTY_KEY: '/nowhere' }, /IRISPAIR_PARTY_KEY=\/nowhere: ENOENT.*give the path/],
      [{ IRISPAIR_PARTY_KEY: files.path('party-0.key') }, /not the key of IRISPAIR_PARTY_CERTIFICATE/],
      [{ IRISPAIR_PARTY_KEY: files.path('party-1.crt') }, /give a private key in PEM form/],
      [{ IRISPAIR_PARTY_CERTIFICATE: files.path('parties.crt') }, /holds 3 PEM certificates: it must hold 1/],
      [
        {
          IRISPAIR_PARTY_CERTIFICATE: files.path('stranger.crt'),
          IRISPAIR_PARTY_KEY: files.path('stranger.key'),
        },
        /is none of those in IRISPAIR_PARTY_CERTIFICATES: put it there as that of party 1/,
      ],
      [certificates('party-0', 'party-1'), /holds 2 PEM certificates: it must hold 3/],
      [certificates('party-0', 'party-1', 'party-0'), /parties 0 and 2 have the same certificate/],
      [certificates('party-0', 'party-1', 'signed'), /party 2 is signed by another/],
    ];
    for (const [wrong, message] of cases) {
      assert.throws(
        () => read({ ...own, ...wrong }),
        (error) => {
          assert.ok(error instanceof MisconfiguredError);
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /PRIVATE KEY/);
          return true;
        },
      );
    }
  });

  it('is refused on days for which its certificate was not made', () => {
    const day = 86_400_000;
    const cases: [days: number, RegExp][] = [
      [-1, /PARTY_CERTIFICATE=.*not valid before .*: check this machine's clock/],
      [3, /PARTY_CERTIFICATE=.*it expired on .*: make a new one and give it to the other parties/],
    ];
    for (const [days, message] of cases) {
      mock.timers.enable({ apis: ['Date'], now: Date.now() + days * day });
      assert.throws(() => read(own), message);
      mock.timers.reset();
    }
  });

  it('knows whose certificate it is shown', () => {
    const identity = read(own);
    const shown = (name: string) => new X509Certificate(pem(name)).raw;
    assert.equal(certificateTrouble(identity, shown('party-0'), PARTIES[0]), undefined);
    assert.match(
      String(certificateTrouble(identity, shown('party-0'), PARTIES[2])),
      /that of party 0, .*that of party 2 is /,
    );
    assert.match(String(certificateTrouble(identity, shown('stranger'), PARTIES[2])), /no party's/);
    assert.match(String(certificateTrouble(identity, undefined, PARTIES[2])), /no certificate was shown/);
  });
});

describe('the addresses of three parties', () => {
  const schema = z.object({ ADDRESSES: partyAddressesSetting() });

  it('are three', () => {
    assert.deepEqual(readEnvironment(schema, { ADDRESSES: 'a:1, b:2,[::1]:3' }).ADDRESSES, [
      'a:1',
      'b:2',
      '[::1]:3',
    ]);
    for (const wrong of ['a:1,b:2', 'a:1,b:2,c', 'a:1,b:2,c:3,d:4']) {
      assert.throws(
        () => readEnvironment(schema, { ADDRESSES: wrong }),
        /give HOST:PORT,HOST:PORT,HOST:PORT/,
      );
    }
  });
});
