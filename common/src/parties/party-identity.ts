/**
 * Who this party is, and by which certificates it knows the others.
 *
 * Parties trust exactly three certificates, by SHA-256 fingerprint, and no authority. Each is signed by itself, so that
 * TLS can check its dates without any other.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { messageOf } from '../errors/message.js';
import type { PartySettings } from '../config/party-settings.js';
import { MisconfiguredError } from '../errors/errors.js';
import { PARTIES, PARTY_COUNT, type OfEachParty, type PartyIndex } from './party.js';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Who this party is. */
export interface PartyIdentity {
  readonly party: PartyIndex;
  /** Its own certificate, PEM. */
  readonly certificate: string;
  /** The private key of that, PEM. Never logged. */
  readonly key: string;
  /** SHA-256 of the three parties' certificates (of their DER form): `AB:CD:...`, as `openssl x509 -fingerprint` tells. */
  readonly pinned: OfEachParty<string>;
  /** The three certificates themselves, PEM: what TLS takes as its authorities. */
  readonly trusted: OfEachParty<string>;
}

/**
 * Reads and checks what secret-shared mode needs.
 * @throws MisconfiguredError naming every variable that is missing or wrong, and the remedy
 */
export function readPartyIdentity(settings: PartySettings): PartyIdentity {
  const given = {
    IRISPAIR_PARTY: settings.IRISPAIR_PARTY,
    IRISPAIR_PARTY_CERTIFICATE: settings.IRISPAIR_PARTY_CERTIFICATE,
    IRISPAIR_PARTY_KEY: settings.IRISPAIR_PARTY_KEY,
    IRISPAIR_PARTY_CERTIFICATES: settings.IRISPAIR_PARTY_CERTIFICATES,
  };
  const {
    IRISPAIR_PARTY: party,
    IRISPAIR_PARTY_CERTIFICATE: certificate,
    IRISPAIR_PARTY_KEY: key,
    IRISPAIR_PARTY_CERTIFICATES: certificates,
  } = given;
  if (party === undefined || certificate === undefined || key === undefined || certificates === undefined) {
    const missing = Object.entries(given).filter(([, value]) => value === undefined);
    throw new MisconfiguredError(
      `IRISPAIR_MODE=shared needs ${missing.map(([name]) => name).join(', ')}: set them, or leave out IRISPAIR_MODE`,
    );
  }
  const own = new SettingFile('IRISPAIR_PARTY_CERTIFICATE', certificate);
  const keyFile = new SettingFile('IRISPAIR_PARTY_KEY', key);
  const ownCertificate = readCertificate(own);
  checkKey(keyFile, ownCertificate);
  checkDates(own, ownCertificate);
  const all = readPinned(new SettingFile('IRISPAIR_PARTY_CERTIFICATES', certificates));
  checkPlace(party, own, ownCertificate, all);
  return {
    party,
    certificate: own.text,
    key: keyFile.text,
    pinned: ofEach(all, (one) => one.fingerprint256),
    trusted: ofEach(all, (one) => one.toString()),
  };
}

/**
 * What is wrong with the certificate that another showed.
 * @param shown its DER form; undefined when it showed none
 * @param expected whose it must be
 * @returns undefined when it is that party's
 */
export function certificateTrouble(
  identity: PartyIdentity,
  shown: Uint8Array | undefined,
  expected: PartyIndex,
): string | undefined {
  const wanted = identity.pinned[expected];
  if (shown === undefined) return `no certificate was shown; that of party ${expected} is ${wanted}`;
  const { fingerprint256 } = new X509Certificate(shown);
  if (fingerprint256 === wanted) return undefined;
  const whose = identity.pinned.indexOf(fingerprint256);
  return (
    `the certificate shown is ${whose < 0 ? "no party's" : `that of party ${whose}`}, ${fingerprint256}; ` +
    `that of party ${expected} is ${wanted}: compare IRISPAIR_PARTY_CERTIFICATES of both parties`
  );
}

/** A file that a setting names. */
class SettingFile {
  readonly text: string;

  constructor(
    readonly setting: string,
    readonly path: string,
  ) {
    try {
      this.text = readFileSync(path, 'utf8');
    } catch (error) {
      throw this.wrong(`${describe(error)}: give the path of a PEM file that this service may read`, error);
    }
  }

  wrong(problem: string, cause?: unknown): MisconfiguredError {
    return new MisconfiguredError(`${this.setting}=${this.path}: ${problem}`, { cause });
  }
}

function readCertificates(file: SettingFile): X509Certificate[] {
  return (file.text.match(CERTIFICATE) ?? []).map((pem, place) => {
    try {
      return new X509Certificate(pem);
    } catch (error) {
      throw file.wrong(`certificate ${place + 1} cannot be read: ${describe(error)}`, error);
    }
  });
}

function readCertificate(file: SettingFile): X509Certificate {
  const found = readCertificates(file);
  if (found.length !== 1)
    throw file.wrong(`it holds ${found.length} PEM certificates: it must hold 1, this party's own`);
  return found[0];
}

function readPinned(file: SettingFile): OfEachParty<X509Certificate> {
  const found = readCertificates(file);
  if (found.length !== PARTY_COUNT) {
    throw file.wrong(
      `it holds ${found.length} PEM certificates: it must hold ${PARTY_COUNT}, those of the parties 0, 1 and 2 in this order`,
    );
  }
  found.forEach((certificate, party) => {
    if (!certificate.checkIssued(certificate) || !certificate.verify(certificate.publicKey)) {
      throw file.wrong(
        `the certificate of party ${party} is signed by another: parties trust no authority, give one that is signed by itself`,
      );
    }
    const twin = found.findIndex((other) => other.fingerprint256 === certificate.fingerprint256);
    if (twin < party) {
      throw file.wrong(`parties ${twin} and ${party} have the same certificate: each party makes its own`);
    }
  });
  return found as unknown as OfEachParty<X509Certificate>;
}

function checkKey(file: SettingFile, certificate: X509Certificate): void {
  let fits: boolean;
  try {
    fits = certificate.checkPrivateKey(createPrivateKey(file.text));
  } catch (error) {
    throw file.wrong(`${describe(error)}: give a private key in PEM form without a passphrase`, error);
  }
  if (!fits) throw file.wrong('it is not the key of IRISPAIR_PARTY_CERTIFICATE: give both of one making');
}

function checkDates(file: SettingFile, { validFrom, validTo }: X509Certificate): void {
  const now = Date.now();
  if (now < Date.parse(validFrom)) {
    throw file.wrong(`it is not valid before ${validFrom}: check this machine's clock`);
  }
  if (now > Date.parse(validTo)) {
    throw file.wrong(`it expired on ${validTo}: make a new one and give it to the other parties`);
  }
}

function checkPlace(
  party: PartyIndex,
  own: SettingFile,
  { fingerprint256 }: X509Certificate,
  all: OfEachParty<X509Certificate>,
): void {
  if (all[party].fingerprint256 === fingerprint256) return;
  const place = all.findIndex((one) => one.fingerprint256 === fingerprint256);
  throw own.wrong(
    place < 0
      ? `${fingerprint256} is none of those in IRISPAIR_PARTY_CERTIFICATES: put it there as that of party ${party}`
      : `IRISPAIR_PARTY_CERTIFICATES has it as that of party ${place}, and IRISPAIR_PARTY is ${party}: correct one of them`,
  );
}

function ofEach<From, To>(all: OfEachParty<From>, make: (one: From) => To): OfEachParty<To> {
  return PARTIES.map((party) => make(all[party])) as unknown as OfEachParty<To>;
}

function describe(error: unknown): string {
  return messageOf(error);
}
