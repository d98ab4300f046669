/** Certificates of three parties in a directory of their own: for tests. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../config/environment.js';
import type { PartyIndex } from '../parties/party.js';
import { certify, makePartyFiles, partySettings } from '../parties/party-files.js';

/** The files of three parties. */
export class PartyCertificates {
  private constructor(readonly directory: string) {}

  static async make(): Promise<PartyCertificates> {
    const made = new PartyCertificates(await mkdtemp(join(tmpdir(), 'irispair-parties-')));
    await makePartyFiles(made.directory);
    return made;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** Makes NAME.crt and NAME.key. @param more of `openssl req` */
  certify(name: string, more: readonly string[] = []): Promise<void> {
    return certify(this.directory, name, more);
  }

  /** What the services of a party are started with, addresses aside. */
  settings(party: PartyIndex): Environment {
    return partySettings(this.directory, party);
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true });
  }
}
