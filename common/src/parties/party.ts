/** Which of the three parties of secret-shared mode: 0, 1 and 2, in a ring. */
import { InvalidInputError } from '../errors/errors.js';

declare const partyBrand: unique symbol;

/** One of three operators in secret-shared mode: 0, 1 or 2. */
export type PartyIndex = number & { readonly [partyBrand]: true };

/** One of something for each party, party 0's first. */
export type OfEachParty<Something> = readonly [Something, Something, Something];

/** How many there are. */
export const PARTY_COUNT = 3;

/** All of them, in order. */
export const PARTIES = [0, 1, 2] as unknown as OfEachParty<PartyIndex>;

/**
 * Checks a number that came from outside.
 * @throws InvalidInputError naming `field` when it is not 0, 1 or 2
 */
export function partyIndex(value: number, field = 'party'): PartyIndex {
  if (!Number.isInteger(value) || value < 0 || value >= PARTY_COUNT) {
    throw new InvalidInputError(field, `${String(value)} is not a party: give 0, 1 or 2`);
  }
  return value as PartyIndex;
}

/** The party that this one sends to. */
export function nextParty(party: PartyIndex): PartyIndex {
  return PARTIES[(party + 1) % PARTY_COUNT];
}

/** The party that this one receives from. */
export function previousParty(party: PartyIndex): PartyIndex {
  return PARTIES[(party + 2) % PARTY_COUNT];
}
