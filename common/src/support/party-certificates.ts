/** Certificates of three parties, made with openssl: for tests. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Environment } from '../config/environment.js';
import { PARTIES, type PartyIndex } from '../parties/party.js';

const run = promisify(execFile);

/** The files of three parties in a directory of their own. */
export class PartyCertificates {
  private constructor(readonly directory: string) {}

  static async make(): Promise<PartyCertificates> {
    const made = new PartyCertificates(await mkdtemp(join(tmpdir(), 'irispair-parties-')));
    await Promise.all(PARTIES.map((party) => made.certify(`party-${party}`)));
    const all = await Promise.all(PARTIES.map((party) => readFile(made.path(`party-${party}.crt`), 'utf8')));
    await writeFile(made.path('parties.crt'), all.join(''));
    return made;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** Makes NAME.crt and NAME.key. @param more of `openssl req` */
  async certify(name: string, more: readonly string[] = []): Promise<void> {
    await run('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', `/CN=${name}`, '-out', this.path(`${name}.crt`), '-keyout', this.path(`${name}.key`)],
      ...more,
    ]);
  }

  /** What the services of a party are started with, addresses aside. */
  settings(party: PartyIndex): Environment {
    return {
      IRISPAIR_MODE: 'shared',
      IRISPAIR_PARTY: String(party),
      IRISPAIR_PARTY_CERTIFICATE: this.path(`party-${party}.crt`),
      IRISPAIR_PARTY_KEY: this.path(`party-${party}.key`),
      IRISPAIR_PARTY_CERTIFICATES: this.path('parties.crt'),
    };
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true });
  }
}
