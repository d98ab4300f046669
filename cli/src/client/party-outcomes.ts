/**
 * Three answers to one request: they must say the same.
 *
 * 1. All answered alike: that is the answer.
 * 2. None answered: their errors, each with who said it.
 * 3. Anything else: an error that names the parties and what differs.
 */
import { isDeepStrictEqual } from 'node:util';
import { status } from '@grpc/grpc-js';
import type { OfEachParty } from '@irispair/common/parties/party';

/** What a party answered; or why it did not, with the gRPC status code. */
export type PartyOutcome<Answer> =
  { readonly answer: Answer } | { readonly code: number; readonly problem: string };

type PartyFailure = Exclude<PartyOutcome<never>, { readonly answer: unknown }>;

/** The parties did not answer, or not alike. In form a ServiceError. */
export class PartiesError extends Error {
  /** @param code gRPC status: that of the party at fault, INTERNAL when answers differ */
  constructor(
    readonly code: number,
    readonly details: string,
  ) {
    super(details);
    this.name = 'PartiesError';
  }
}

const AWAY: number = status.UNAVAILABLE;

/** What parties say of the others' failures: the party that failed knows more. One that is away is why others wait. */
const HEARSAY: ReadonlySet<number> = new Set([
  status.UNAVAILABLE,
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
]);

/**
 * The answer that all three gave.
 * @param names of the parties, for errors
 * @throws PartiesError
 */
export function agreedAnswer<Answer extends object>(
  outcomes: OfEachParty<PartyOutcome<Answer>>,
  names: OfEachParty<string>,
): Answer {
  const [first, ...others] = outcomes;
  if ('answer' in first && others.every((other) => isDeepStrictEqual(other, first))) return first.answer;
  const answers = allAnswers(outcomes, names);
  throw new PartiesError(
    status.INTERNAL,
    `the parties do not answer alike: ${differences(answers, names).join('; ')}: ` +
      'compare them with `irispair status --parties` before anything else is enrolled',
  );
}

/**
 * The answers of all three, whether or not they are the same.
 * @throws PartiesError when a party gave none
 */
export function allAnswers<Answer>(
  outcomes: OfEachParty<PartyOutcome<Answer>>,
  names: OfEachParty<string>,
): OfEachParty<Answer> {
  const [first, second, third] = outcomes;
  if ('answer' in first && 'answer' in second && 'answer' in third) {
    return [first.answer, second.answer, third.answer];
  }
  throw failure(outcomes, names);
}

function failure(outcomes: OfEachParty<PartyOutcome<unknown>>, names: OfEachParty<string>): PartiesError {
  const failed = outcomes.filter((outcome): outcome is PartyFailure => 'problem' in outcome);
  const { code } =
    failed.find((outcome) => !HEARSAY.has(outcome.code)) ??
    failed.find((outcome) => outcome.code === AWAY) ??
    failed[0];
  const problems = new Set(failed.map(({ problem }) => problem));
  if (failed.length === outcomes.length && problems.size === 1)
    return new PartiesError(code, failed[0].problem);
  const said = outcomes.map(
    (outcome, party) =>
      `${names[party]}: ${'problem' in outcome ? outcome.problem : JSON.stringify(outcome.answer)}`,
  );
  return new PartiesError(
    code,
    failed.length === outcomes.length
      ? said.join('; ')
      : `not every party answers, so what the others answer is not to be relied on: ${said.join('; ')}`,
  );
}

function differences(answers: OfEachParty<object>, names: OfEachParty<string>): string[] {
  const [first, ...others] = answers.map((answer) => answer as Readonly<Record<string, unknown>>);
  return Object.keys(first)
    .filter((field) => others.some((other) => !isDeepStrictEqual(other[field], first[field])))
    .map(
      (field) =>
        `${field}: ${[first, ...others].map((answer, party) => `${names[party]} ${JSON.stringify(answer[field])}`).join(', ')}`,
    );
}
