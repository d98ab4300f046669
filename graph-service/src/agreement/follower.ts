/**
 * The desk of parties 1 and 2, which follow party 0.
 *
 * 1. Join the leader whenever the own iris service is there, and say what this party holds.
 * 2. Apply or drop what an earlier term left prepared, as the leader says. When its graph is another, take it.
 * 3. Tell the leader of every request that arrives; do its batches; answer once all three came to the same.
 * 4. When the call ends, refuse all that waits, and join again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@irispair/common/errors/message';
import { status } from '@grpc/grpc-js';
import { monotonicMicroseconds } from '@irispair/common/clock/monotonic';
import {
  ConflictError,
  ExhaustedError,
  InvalidInputError,
  UnavailableError,
} from '@irispair/common/errors/errors';
import { isServiceError } from '@irispair/common/grpc/status';
import { Turns } from '@irispair/common/process/turns';
import type { AgreementClient, Batch, JoinResponse, Settle, Welcome } from '@irispair/proto/agreement';
import type { Answer, Ask, Patience, Pending } from '../batch/request.js';
import type { AgreementParts } from './agreement-parts.js';
import { receiveGraph } from './graph-copy.js';
import { unpackIrises } from './irises.js';
import type { Council } from './party-batches.js';
import { inWork, PartyDesk } from './party-desk.js';
import { refusalError } from './refusals.js';
import { Term, type TermEnd } from './term.js';
import { connectToLeader, type FollowerStream } from './wire.js';

const RETRY_MILLISECONDS = 300;

/** The leader's reply to an outcome: store the batch, or it is over. */
type Reply = Extract<JoinResponse['kind'], { $case: 'store' | 'settled' }>;

/** One time that this party takes part. */
interface Membership {
  readonly term: Term;
  readonly call: FollowerStream;
  /** The leader's messages that take time, one after the other. */
  readonly steps: Turns;
  nonce: Uint8Array;
  isServing: boolean;
  isCatchingUp: boolean;
  replied: (reply: Reply) => void;
}

/** Follows. */
export class Follower extends PartyDesk {
  private readonly client: AgreementClient;
  private readonly held = new Map<string, Pending>();
  private readonly inBatch = new Set<string>();
  private readonly running: Promise<void>;
  private member: Membership | undefined;
  private readonly closing = new AbortController();

  constructor(parts: AgreementParts) {
    super(parts);
    this.client = connectToLeader(parts.identity, parts.address);
    this.running = this.run();
  }

  protected get presentTerm(): Term | undefined {
    return this.member?.term;
  }

  get waiting(): number {
    return this.held.size - this.inBatch.size;
  }

  /** The queue is party 0's. */
  readonly expectedMilliseconds = 0;

  submit(ask: Ask, patience: Patience): Promise<Answer> {
    const { member } = this;
    const { name } = ask;
    if (name === undefined) return Promise.reject(new InvalidInputError('request_id', 'missing'));
    if (member?.isServing !== true) return Promise.reject(new UnavailableError(this.told));
    if (this.held.has(name.requestId)) {
      return Promise.reject(inWork(name.requestId));
    }
    const { queue } = this.parts.limits;
    if (this.waiting >= queue) {
      return Promise.reject(new ExhaustedError(`${queue} requests are waiting already: try again later`));
    }
    return new Promise((resolve, reject) => {
      const submitted = monotonicMicroseconds();
      this.held.set(name.requestId, { ask, patience, submitted, resolve, reject });
      member.call.write({ kind: { $case: 'arrived', value: name } });
    });
  }

  async drained(): Promise<void> {
    // What is in work ends first; nothing else is begun without the leader.
    await this.parts.batches.idle();
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.member?.term.end(new UnavailableError(`party ${this.parts.identity.party} stops`));
    this.changed();
    await this.running;
    this.client.close();
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      if (!this.isReady) {
        this.tellWhenJoined(this.unready);
        await new Promise<void>((resolve) => {
          this.changed = resolve;
        });
        continue;
      }
      const reason = await this.takePart().catch(asTermEnd);
      this.leave(reason);
      await this.parts.batches.abandon(reason.message);
      await sleep(RETRY_MILLISECONDS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Resolves to why it was over. */
  private async takePart(): Promise<TermEnd> {
    const standing = await this.parts.batches.standing();
    const term = new Term();
    const call = this.client.join();
    const member: Membership = {
      term,
      call,
      steps: new Turns(),
      nonce: new Uint8Array(),
      isServing: false,
      isCatchingUp: false,
      replied: () => undefined,
    };
    this.member = member;
    call.on('data', (response: JoinResponse) => {
      this.receive(member, response);
    });
    call.on('error', (error) => {
      term.end(readEnd(error));
    });
    call.on('end', () => {
      term.end(new UnavailableError('the leader ended the call'));
    });
    call.write({ kind: { $case: 'standing', value: standing } });
    if (!this.isReady || this.closing.signal.aborted) term.end(new UnavailableError(this.unready));
    try {
      await term.until(new Promise<never>(() => undefined));
    } catch {
      // That is how every term ends.
    }
    call.cancel();
    return term.reason ?? new UnavailableError('the term is over');
  }

  private leave(reason: TermEnd): void {
    this.member = undefined;
    this.parts.metrics.serving = false;
    this.tell(reason.message);
    for (const [requestId, { reject }] of this.held) {
      if (!this.inBatch.has(requestId)) reject(new UnavailableError(reason.message));
    }
    this.held.clear();
  }

  private receive(member: Membership, { kind }: JoinResponse): void {
    switch (kind?.$case) {
      case 'delay':
        this.tell(kind.value.reason);
        return;
      case 'settle':
        this.step(member, () => this.settle(member, kind.value));
        return;
      case 'welcome':
        this.step(member, () => this.becomeEqual(member, kind.value));
        return;
      case 'serving':
        this.step(member, () => this.serve(member));
        return;
      case 'batch':
        this.step(member, () => this.doBatch(member, kind.value));
        return;
      case 'store':
      case 'settled':
        member.replied(kind);
        return;
      case 'refused': {
        const { requestId, refusal, detail } = kind.value;
        this.parts.metrics.refused(refusal);
        this.held.get(requestId)?.reject(refusalError(refusal, detail));
        this.held.delete(requestId);
        return;
      }
      case undefined:
        return;
    }
  }

  private step(member: Membership, work: () => Promise<void>): void {
    member.steps.take(work).catch((error: unknown) => {
      if (member.term.isOver) return;
      this.parts.logger.error({ err: error }, 'what the leader asked for failed');
      member.term.end(new UnavailableError(messageOf(error)));
    });
  }

  private async settle({ call }: Membership, settle: Settle): Promise<void> {
    const { batches } = this.parts;
    await batches.settle(settle);
    call.write({ kind: { $case: 'standing', value: await batches.standing() } });
  }

  private async becomeEqual(member: Membership, { standing, layerKey, nonce }: Welcome): Promise<void> {
    const { batches, index, turns, logger, metrics, readiness } = this.parts;
    metrics.began();
    member.nonce = nonce;
    if (!index.layerKey.equals(layerKey)) await turns.take(() => index.takeLayerKey(layerKey));
    const own = await batches.standing();
    if (own.graphChecksum.equals(standing?.graphChecksum ?? Buffer.alloc(0))) return;
    logger.warn("the graph differs from the leader's: taking the leader's");
    readiness.noteApart("taking the leader's graph");
    const copy = this.client.copyGraph({});
    member.term.whenOver(() => {
      copy.cancel();
    });
    await turns.take(() => index.replace(receiveGraph(copy)));
    member.call.write({ kind: { $case: 'standing', value: await batches.standing() } });
  }

  private serve(member: Membership): Promise<void> {
    member.isServing = true;
    this.tellServing();
    return Promise.resolve();
  }

  private async doBatch(member: Membership, { number, work }: Batch): Promise<void> {
    const { batches, readiness } = this.parts;
    if (number <= batches.last) throw new UnavailableError(`the leader used batch number ${number} again`);
    const name = { number, nonce: member.nonce };
    const council = this.council(member, number);
    switch (work?.$case) {
      case 'catchUp': {
        const { ids, done, all } = work.value;
        if (!member.isCatchingUp) {
          member.isCatchingUp = true;
          readiness.noteApart('the graphs of the three parties are catching up');
          await batches.beginCatchUp();
        }
        await batches.catchUp({ ...name, done, all }, unpackIrises(ids), council);
        return;
      }
      case 'requests':
        await this.decide(name, work.value.requestIds, council);
        return;
      case undefined:
        throw new UnavailableError(`the leader named no work for batch ${number}`);
    }
  }

  private async decide(
    name: { readonly number: number; readonly nonce: Uint8Array },
    requestIds: readonly string[],
    council: Council,
  ): Promise<void> {
    const pendings = requestIds.map((requestId) => {
      const pending = this.held.get(requestId);
      if (pending === undefined)
        throw new UnavailableError(
          `the leader would decide a request that did not arrive here: ${requestId}`,
        );
      return pending;
    });
    for (const requestId of requestIds) this.inBatch.add(requestId);
    try {
      await this.parts.batches.decide(name, pendings, council);
    } catch (error) {
      this.parts.logger.debug({ err: error, batch: name.number }, 'a batch failed');
    } finally {
      for (const requestId of requestIds) {
        this.inBatch.delete(requestId);
        this.held.delete(requestId);
      }
    }
  }

  private council(member: Membership, batch: number): Council {
    const reply = async (say: () => void): Promise<Reply> => {
      const replied = new Promise<Reply>((resolve) => {
        member.replied = resolve;
      });
      say();
      const answer = await member.term.until(replied);
      if (answer.value.batch !== batch) {
        throw endedBy(member, `the leader replied to batch ${answer.value.batch} instead of ${batch}`);
      }
      if (answer.$case === 'settled' && answer.value.failure !== '')
        throw new UnavailableError(answer.value.failure);
      return answer;
    };
    return {
      decided: async (outcome, changes) => {
        const { $case } = await reply(() =>
          member.call.write({ kind: { $case: 'decided', value: outcome } }),
        );
        if (($case === 'store') !== changes)
          throw endedBy(member, `the leader's reply to batch ${batch} is ${$case}`);
      },
      stored: async (outcome) => {
        const { $case } = await reply(() => member.call.write({ kind: { $case: 'stored', value: outcome } }));
        if ($case !== 'settled') throw endedBy(member, `the leader's reply to batch ${batch} is ${$case}`);
      },
    };
  }
}

function endedBy({ term }: Membership, problem: string): UnavailableError {
  const reason = new UnavailableError(problem);
  term.end(reason);
  return reason;
}

function asTermEnd(error: unknown): TermEnd {
  return error instanceof UnavailableError ? error : new UnavailableError(messageOf(error));
}

function readEnd(error: Error): TermEnd {
  if (!isServiceError(error)) return new UnavailableError(error.message);
  if (error.code === status.FAILED_PRECONDITION) return new ConflictError(error.details);
  return new UnavailableError(`the leader (party 0) is away or not ready: ${error.details}`);
}
