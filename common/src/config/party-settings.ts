/** The settings of secret-shared mode, alike in both services of a party. */
import { z } from 'zod';
import { PARTY_COUNT, type OfEachParty, type PartyIndex } from '../parties/party.js';
import { choiceSetting, integerSetting } from './environment.js';

const LAST_PARTY = PARTY_COUNT - 1;
const ADDRESS = /^.+:\d{1,5}$/;
const ADDRESSES_REMEDY = 'give HOST:PORT,HOST:PORT,HOST:PORT, party 0 first';

/** Zod shape to spread into a service's schema. What secret-shared mode needs is checked by `readPartyIdentity`. */
export const PARTY_SETTINGS = {
  /** `shared`: irises are secret-shared between three parties; `plain`: this deployment holds them itself. */
  IRISPAIR_MODE: choiceSetting(['plain', 'shared']).default('plain'),
  /** Which party this service belongs to. */
  IRISPAIR_PARTY: integerSetting(0, LAST_PARTY)
    .transform((party) => party as PartyIndex)
    .optional(),
  /** PEM file with this party's own certificate. */
  IRISPAIR_PARTY_CERTIFICATE: pathSetting(),
  /** PEM file with its private key. */
  IRISPAIR_PARTY_KEY: pathSetting(),
  /** PEM file with the certificates of all three parties, party 0's first: no others are talked to. */
  IRISPAIR_PARTY_CERTIFICATES: pathSetting(),
} satisfies z.ZodRawShape;

/** Checked settings of secret-shared mode. */
export type PartySettings = z.output<z.ZodObject<typeof PARTY_SETTINGS>>;

/** One address for each party: `HOST:PORT,HOST:PORT,HOST:PORT`. */
export function partyAddressesSetting() {
  return z
    .string(ADDRESSES_REMEDY)
    .transform((text) => text.split(',').map((address) => address.trim()))
    .refine((addresses) => addresses.length === PARTY_COUNT && addresses.every((one) => ADDRESS.test(one)), {
      error: ADDRESSES_REMEDY,
    })
    .transform((addresses) => addresses as unknown as OfEachParty<string>);
}

function pathSetting() {
  return z.string('give the path of a PEM file').optional();
}
