/** What the parties hold of one person, back in one piece: two shares give the templates, the third must fit them. */
import { status } from '@grpc/grpc-js';
import type { OfEachParty } from '@irispair/common/parties/party';
import type * as api from '@irispair/proto/public';
import { recombineIris } from '../shares/iris-shares.js';
import { ofEachParty } from './of-each-party.js';
import { agreedAnswer, PartiesError } from './party-outcomes.js';

/** @throws PartiesError when versions differ or the shares are of different irises */
export function recombinedAnswer(
  answers: OfEachParty<api.GetIrisResponse>,
  names: OfEachParty<string>,
): api.GetIrisResponse {
  const { version } = agreedAnswer(
    ofEachParty((party) => ({ answer: { version: answers[party].version } })),
    names,
  );
  const shares = ofEachParty((party) => {
    const { share } = answers[party];
    if (share !== undefined) return share;
    throw new PartiesError(
      status.FAILED_PRECONDITION,
      `${names[party]}: no share came: is it in plain mode?`,
    );
  });
  const iris = recombineIris(shares);
  if (iris === undefined) {
    throw new PartiesError(
      status.DATA_LOSS,
      'the shares of the three parties do not belong together: at least one of them holds another iris under this serial id',
    );
  }
  return { iris, version };
}
