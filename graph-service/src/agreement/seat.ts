/** A follower that has joined, as the leader sees it. */
import { Metadata, status } from '@grpc/grpc-js';
import { ConflictError } from '@irispair/common/errors/errors';
import type { PartyIndex } from '@irispair/common/parties/party';
import type { JoinResponse, Standing } from '@irispair/proto/agreement';
import type { TermEnd } from './term.js';
import type { LeaderStream } from './wire.js';

/** One follower's call. */
export class Seat {
  /** It was told that its graph differs, and may take the leader's. */
  mayCopy = false;
  private isOver = false;
  private stood: (standing: Standing) => void = () => undefined;

  constructor(
    readonly party: PartyIndex,
    /** What it held when it said so last. */
    public standing: Standing,
    private readonly call: LeaderStream,
  ) {}

  send(kind: NonNullable<JoinResponse['kind']>): void {
    if (!this.isOver) this.call.write({ kind });
  }

  /** Resolves when it says anew what it holds. */
  standsAgain(): Promise<Standing> {
    return new Promise((resolve) => {
      this.stood = resolve;
    });
  }

  /** It says anew what it holds. */
  stand(standing: Standing): void {
    this.standing = standing;
    this.stood(standing);
  }

  /** Ends its call with the reason. */
  end(reason: TermEnd): void {
    if (this.isOver) return;
    this.isOver = true;
    endCall(this.call, reason);
  }
}

/** Ends a call with the reason. */
export function endCall(call: Pick<LeaderStream, 'emit'>, reason: TermEnd): void {
  const code = reason instanceof ConflictError ? status.FAILED_PRECONDITION : status.UNAVAILABLE;
  call.emit('error', { code, details: reason.message, metadata: new Metadata() });
}
