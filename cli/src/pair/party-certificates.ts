/** Certificates of three parties on one machine, made with openssl: for trying secret-shared mode out. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import { PARTIES, type PartyIndex } from '@irispair/common/parties/party';

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

/** Makes them. @throws MisconfiguredError when there is no openssl */
export async function makePartyCertificates(directory: string): Promise<void> {
  await Promise.all(PARTIES.map((party) => certify(partyFiles(directory, party), party)));
  const all = await Promise.all(
    PARTIES.map((party) => readFile(partyFiles(directory, party).certificate, 'utf8')),
  );
  await writeFile(partyFiles(directory, PARTIES[0]).certificates, all.join(''));
}

async function certify({ certificate, key }: PartyFiles, party: PartyIndex): Promise<void> {
  try {
    await run('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-days', String(VALID_DAYS), '-subj', `/CN=party-${party}`, '-out', certificate, '-keyout', key],
    ]);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    throw new MisconfiguredError('openssl, which makes the parties’ certificates, is missing: install it', {
      cause: error,
    });
  }
}
