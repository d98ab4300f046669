/** Answers in the public API's terms. */
import { Orientation } from '@irispair/common/iris/side';
import * as api from '@irispair/proto/public';
import type { Answer } from '../batch/request.js';
import { Decision, type Sighting } from '../matching/decision.js';
import type { SideComparison } from '../matching/matcher.js';

const DECISION: Readonly<Record<Decision, api.Decision>> = {
  [Decision.Unique]: api.Decision.UNIQUE,
  [Decision.Duplicate]: api.Decision.DUPLICATE,
  [Decision.MirrorAttack]: api.Decision.MIRROR_ATTACK,
};

/** The answer of one kind; anything else is a fault of this service. */
function only<Kind extends Answer['kind']>(answer: Answer, kind: Kind): Extract<Answer, { kind: Kind }> {
  if (answer.kind !== kind) throw new Error(`expected an answer of kind ${kind}, got ${answer.kind}`);
  return answer as Extract<Answer, { kind: Kind }>;
}

export function writeEnroll(answer: Answer): api.EnrollResponse {
  const { verdict, enrolled } = only(answer, 'verdict');
  return {
    decision: DECISION[verdict.decision],
    serialId: enrolled ?? 0,
    version: 0,
    matches: verdict.matches.map(writeMatch),
  };
}

export function writeSearch(answer: Answer): api.SearchResponse {
  const { verdict } = only(answer, 'verdict');
  return { decision: DECISION[verdict.decision], matches: verdict.matches.map(writeMatch) };
}

/** For Verify and Reauthenticate. */
export function writeVerified(answer: Answer): api.VerifyResponse & api.ReauthenticateResponse {
  const { left, right, version } = only(answer, 'verified');
  return {
    matched: left.matches && right.matches,
    left: writeDistance(left),
    right: writeDistance(right),
    version,
  };
}

export function writeDeleted(answer: Answer): api.DeleteResponse {
  return { version: only(answer, 'deleted').version };
}

function writeMatch({ id, orientation, left, right }: Sighting): api.Match {
  return {
    serialId: id.serialId,
    version: id.version,
    left,
    right,
    mirrored: orientation === Orientation.Mirror,
  };
}

function writeDistance({ distance }: SideComparison): api.Distance | undefined {
  if (distance === undefined) return undefined;
  const { differing, unmasked, rotation } = distance;
  return {
    fractionalHammingDistance: unmasked === 0 ? 0 : differing / unmasked,
    differingBits: differing,
    unmaskedBits: unmasked,
    rotation,
  };
}
