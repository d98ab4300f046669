/** The files of a party: its certificate, its key and the certificates of all three; and what makes them on one machine. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MisconfiguredError } from '../errors/errors.js';
import { PARTIES, type PartyIndex } from './party.js';

const run = promisify(execFile);

const VALID_DAYS = 2;

/** The files of one party, and the one that all have. */
export interface PartyFiles {
  readonly certificate: string;
  readonly key: string;
  /** The certificates of all three, party 0's first. */
  readonly certificates: string;
}

/** Where they lie in a directory. */
export function partyFiles(directory: string, party: PartyIndex): PartyFiles {
  const path = (name: string) => join(directory, name);
  return {
    certificate: path(`party-${party}.crt`),
    key: path(`party-${party}.key`),
    certificates: path('parties.crt'),
  };
}

/** What the services of a party are started with, addresses aside. */
export function partySettings(directory: string, party: PartyIndex): Readonly<Record<string, string>> {
  const { certificate, key, certificates } = partyFiles(directory, party);
  return {
    IRISPAIR_MODE: 'shared',
    IRISPAIR_PARTY: String(party),
    IRISPAIR_PARTY_CERTIFICATE: certificate,
    IRISPAIR_PARTY_KEY: key,
    IRISPAIR_PARTY_CERTIFICATES: certificates,
  };
}

/** Makes those of all three parties with openssl: for trying secret-shared mode out. @throws MisconfiguredError when there is no openssl */
export async function makePartyFiles(directory: string): Promise<void> {
  await Promise.all(PARTIES.map((party) => certify(directory, `party-${party}`)));
  const all = await Promise.all(
    PARTIES.map((party) => readFile(partyFiles(directory, party).certificate, 'utf8')),
  );
  await writeFile(partyFiles(directory, PARTIES[0]).certificates, all.join(''));
}

/**
 * Makes NAME.crt and NAME.key.
 * @param more of `openssl req`
 * @throws MisconfiguredError when there is no openssl
 */
export async function certify(directory: string, name: string, more: readonly string[] = []): Promise<void> {
  const path = join(directory, name);
  try {
    await run('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...[
        '-days',
        String(VALID_DAYS),
        '-subj',
        `/CN=${name}`,
        '-out',
        `${path}.crt`,
        '-keyout',
        `${path}.key`,
      ],
      ...more,
    ]);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    throw new MisconfiguredError('openssl, which makes the parties’ certificates, is missing: install it', {
      cause: error,
    });
  }
}
