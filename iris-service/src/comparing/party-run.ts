/**
 * One run of a protocol, carried between the engine and the links: the engine's message goes to the next party, that of the
 * previous party comes back to the engine, round by round, until there is an answer. Whatever goes wrong ends the run at all
 * three.
 */
import { monotonicMicroseconds } from '@irispair/common/clock/monotonic';
import { PartyFailedError } from '@irispair/common/errors/errors';
import { previousParty, type PartyIndex } from '@irispair/common/parties/party';
import type { SpanAttributes } from '@irispair/common/traces/span';
import { nativeErrorCode } from '@irispair/native/engine';
import type { ProtocolRun, RunKeys } from '@irispair/native/shared-engine-types';
import type { RunChannel } from '../parties/party-links.js';

const NOTHING = new Uint8Array();

/** What a run cost. */
export interface RunCost {
  rounds: number;
  bytesSent: number;
  bytesReceived: number;
  /** From the handing over of a message until the one for it is there. */
  waitMicroseconds: number;
}

/** No run yet. */
export function noCost(): RunCost {
  return { rounds: 0, bytesSent: 0, bytesReceived: 0, waitMicroseconds: 0 };
}

/** What traces say of a run. */
export function costAttributes({
  rounds,
  bytesSent,
  bytesReceived,
  waitMicroseconds,
}: RunCost): SpanAttributes {
  return {
    'irispair.parties.rounds': rounds,
    'irispair.parties.bytes_sent': bytesSent,
    'irispair.parties.bytes_received': bytesReceived,
    'irispair.parties.wait_microseconds': waitMicroseconds,
  };
}

/**
 * Carries a run to its answer. The channel stays open for the caller to close or to abort.
 * @param own this party
 * @param begin has the engine begin it
 * @param cost counted up as it goes
 * @throws PartyFailedError when a party is away or does not keep to the protocol; what the engine refuses it with
 */
export async function carryRun<Answer>(
  own: PartyIndex,
  channel: RunChannel,
  begin: (keys: RunKeys) => Promise<ProtocolRun<Answer>>,
  cost: RunCost,
): Promise<Answer> {
  const run = await begin(await channel.keys());
  try {
    let progress = await run.advance(NOTHING);
    while ('message' in progress) {
      const { message } = progress;
      const sent = monotonicMicroseconds();
      cost.rounds += 1;
      cost.bytesSent += message.byteLength;
      const received = await channel.exchange(message);
      cost.bytesReceived += received.byteLength;
      cost.waitMicroseconds += monotonicMicroseconds() - sent;
      progress = await run.advance(received);
    }
    return progress.answer;
  } catch (error) {
    run.abandon();
    throw asPartyFailed(own, error);
  }
}

function asPartyFailed(own: PartyIndex, error: unknown): unknown {
  if (nativeErrorCode(error) !== 'PARTY_FAILED') return error;
  const problem = `what it sent is not what this run calls for: ${(error as Error).message}`;
  return new PartyFailedError(previousParty(own), problem, { cause: error });
}
