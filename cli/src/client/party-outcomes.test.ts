import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import type { OfEachParty } from '@irispair/common/parties/party';
import { agreedAnswer, PartiesError, type PartyOutcome } from './party-outcomes.js';

interface Answer {
  readonly decision: number;
  readonly matches: readonly number[];
}

const NAMES = ['party 0 (a:1)', 'party 1 (b:2)', 'party 2 (c:3)'] as const;

function said(decision: number, ...matches: number[]): PartyOutcome<Answer> {
  return { answer: { decision, matches } };
}

function failed(code: status, problem: string): PartyOutcome<Answer> {
  return { code, problem };
}

function refusal(...outcomes: OfEachParty<PartyOutcome<Answer>>): PartiesError {
  try {
    agreedAnswer(outcomes, NAMES);
  } catch (error) {
    assert.ok(error instanceof PartiesError);
    return error;
  }
  return assert.fail('an answer was taken');
}

describe('the answers of three parties', () => {
  it('are one when they are alike', () => {
    assert.deepEqual(agreedAnswer([said(2, 7), said(2, 7), said(2, 7)], NAMES), {
      decision: 2,
      matches: [7],
    });
  });

  it('are none when one differs: the error says who says what', () => {
    const { code, details } = refusal(said(1), said(2, 7), said(1));
    assert.equal(code, status.INTERNAL);
    assert.match(details, /decision: party 0 \(a:1\) 1, party 1 \(b:2\) 2, party 2 \(c:3\) 1/);
    assert.match(details, /matches: party 0 \(a:1\) \[\], party 1 \(b:2\) \[7\]/);
  });

  it('are none when one fails, whatever the others say', () => {
    const { code, details } = refusal(said(1), said(1), failed(status.UNAVAILABLE, 'gone'));
    assert.equal(code, status.UNAVAILABLE);
    assert.match(details, /not every party answers.*party 0 \(a:1\): \{"decision":1.*party 2 \(c:3\): gone/);
  });

  it('are the error that all three give', () => {
    const lost = failed(status.NOT_FOUND, 'serial_id: 9 is not enrolled');
    const { code, details } = refusal(lost, lost, lost);
    assert.deepEqual([code, details], [status.NOT_FOUND, 'serial_id: 9 is not enrolled']);
  });

  it('have the code of the party at fault, not of those that waited for it', () => {
    const late = failed(status.DEADLINE_EXCEEDED, 'party 1 does not hold it');
    const away = failed(status.UNAVAILABLE, 'no connection');
    assert.equal(refusal(late, late, away).code, status.UNAVAILABLE);
    const { code, details } = refusal(late, failed(status.INVALID_ARGUMENT, 'share.left: missing'), late);
    assert.equal(code, status.INVALID_ARGUMENT);
    assert.match(details, /party 1 \(b:2\): share\.left: missing/);
  });
});
