/** Answers of three bulk streams: one is told when all parties have answered a request. */
import { status } from '@grpc/grpc-js';
import type { OfEachParty, PartyIndex } from '@irispair/common/parties/party';
import type * as api from '@irispair/proto/public';
import { ofEachParty } from './of-each-party.js';
import { agreedAnswer, allAnswers, PartiesError, type PartyOutcome } from './party-outcomes.js';
import { recombinedAnswer } from './recombined-answer.js';

type Answer = Exclude<NonNullable<api.ProcessResponse['response']>, { $case: 'error' }>;

/** Of one call of `process`. */
export class GatheredAnswers {
  private readonly byRequest = new Map<string, Map<PartyIndex, PartyOutcome<Answer>>>();

  /** @param answered told of each answer that is complete; of an error where the parties do not agree */
  constructor(
    private readonly names: OfEachParty<string>,
    private readonly answered: (response: api.ProcessResponse) => void,
  ) {}

  /** What a party answered. */
  add(party: PartyIndex, { requestId, response }: api.ProcessResponse): void {
    const known = this.byRequest.get(requestId) ?? new Map<PartyIndex, PartyOutcome<Answer>>();
    this.byRequest.set(requestId, known);
    known.set(party, outcomeOf(response));
    const [first, second, third] = ofEachParty((one) => known.get(one));
    if (first === undefined || second === undefined || third === undefined) return;
    this.byRequest.delete(requestId);
    this.answered({ requestId, response: this.agreed([first, second, third]) });
  }

  private agreed(outcomes: OfEachParty<PartyOutcome<Answer>>): api.ProcessResponse['response'] {
    try {
      const answers = allAnswers(outcomes, this.names);
      const [first, second, third] = answers;
      if (first.$case === 'getIris' && second.$case === 'getIris' && third.$case === 'getIris') {
        const value = recombinedAnswer([first.value, second.value, third.value], this.names);
        return { $case: 'getIris', value };
      }
      agreedAnswer(
        ofEachParty((party) => ({ answer: answers[party].value })),
        this.names,
      );
      return first;
    } catch (error) {
      if (!(error instanceof PartiesError)) throw error;
      return { $case: 'error', value: { code: error.code, message: error.details } };
    }
  }
}

function outcomeOf(response: api.ProcessResponse['response']): PartyOutcome<Answer> {
  if (response === undefined) {
    return { code: status.INTERNAL, problem: 'an empty answer: is it of another version?' };
  }
  if (response.$case === 'error') return { code: response.value.code, problem: response.value.message };
  return { answer: response };
}
