/** Where the three parties are. */
import { InvalidInputError } from '@irispair/common/errors/errors';
import { PARTY_COUNT, type OfEachParty } from '@irispair/common/parties/party';
import { parseServerAddress } from './server-address.js';

/**
 * Reads HOST:PORT,HOST:PORT,HOST:PORT, party 0 first.
 * @throws InvalidInputError saying what it must be
 */
export function parsePartyAddresses(text: string): OfEachParty<string> {
  const addresses = text.split(',').map((address) => address.trim());
  if (addresses.length !== PARTY_COUNT) {
    throw new InvalidInputError(
      'parties',
      `${JSON.stringify(text)}: give the addresses of three graph services, party 0 first: HOST:PORT,HOST:PORT,HOST:PORT`,
    );
  }
  for (const address of addresses) parseServerAddress(address, 'parties');
  if (new Set(addresses).size !== PARTY_COUNT) {
    throw new InvalidInputError('parties', `${JSON.stringify(text)}: one address is given twice`);
  }
  const [first, second, third] = addresses;
  return [first, second, third];
}
