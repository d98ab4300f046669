/** Making what there is once for each of the three parties. */
import { PARTIES, type OfEachParty, type PartyIndex } from '@irispair/common/parties/party';

/** One for each, party 0's first. */
export function ofEachParty<Something>(make: (party: PartyIndex) => Something): OfEachParty<Something> {
  const [first, second, third] = PARTIES;
  return [make(first), make(second), make(third)];
}
