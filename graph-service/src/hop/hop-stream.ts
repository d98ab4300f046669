/**
 * The client end of the hop: one stream, many searches.
 *
 * Steps of concurrent searches gather until the event loop has run what was ready, then go out as one message. A few
 * messages may be unanswered; what comes meanwhile gathers for the next. Answers are matched by request id. When the
 * stream is lost everything unanswered fails as unavailable, and the next step opens a new stream.
 */
import { credentials, type ClientDuplexStream } from '@grpc/grpc-js';
import { monotonicMicroseconds } from '@irispair/common/clock/monotonic';
import { DeadlineExceededError, UnavailableError } from '@irispair/common/errors/errors';
import { HOP_CHANNEL_OPTIONS } from '@irispair/common/grpc/limits';
import { socketTarget } from '@irispair/common/grpc/local-socket';
import { VECTOR_ID_BYTES } from '@irispair/common/ids/vector-id';
import {
  IrisComputeClient,
  StepStatus,
  type EvaluateRequest,
  type EvaluateResponse,
  type StepAnswer,
} from '@irispair/proto/compute';
import { noHops, type HopCounters } from './hop-counters.js';
import { countHop, durationMemory, durationsIn, type HopDurations } from './hop-durations.js';
import type { HopPort, HopStep } from './hop-port.js';
import { TracedMessage } from '../traces/traced-hop.js';

const MOST_IN_FLIGHT = 2;

interface Waiting {
  readonly step: HopStep;
  readonly resolve: (answer: StepAnswer) => void;
  readonly reject: (error: Error) => void;
}

interface InFlight {
  readonly sent: number;
  readonly waiting: readonly Waiting[];
  /** Undefined when none of its steps is traced. */
  readonly traced: TracedMessage | undefined;
}

type Stream = ClientDuplexStream<EvaluateRequest, EvaluateResponse>;

/** A stream to the iris service. */
export class HopStream implements HopPort {
  readonly counters: HopCounters = noHops();
  private client: IrisComputeClient;
  private stream: Stream | undefined;
  private gathered: Waiting[] = [];
  private readonly inFlight = new Map<number, InFlight>();
  private flushScheduled = false;
  private lastRequestId = 0;
  private lastSearchId = 0;
  private closed = false;
  /** Why steps fail at once; undefined while they do not. */
  private suspended: Error | undefined;

  /** @param durations counts how long its messages take */
  constructor(
    private readonly socket: string,
    readonly durations: HopDurations = durationsIn(durationMemory()),
  ) {
    this.client = connect(socket);
  }

  nextSearchId(): number {
    this.lastSearchId += 1;
    return this.lastSearchId;
  }

  evaluate(step: HopStep): Promise<StepAnswer> {
    if (this.closed) return Promise.reject(new UnavailableError('the hop is closed'));
    if (this.suspended !== undefined) return Promise.reject(this.suspended);
    return new Promise((resolve, reject) => {
      this.gathered.push({ step, resolve, reject });
      this.scheduleFlush();
    });
  }

  /**
   * Fails what is unanswered, and all steps until {@link resume}: the other parties will not come to them. Ending the
   * stream tells the iris service.
   */
  suspend(reason: Error): void {
    this.suspended = reason;
    this.giveUpStream(reason);
  }

  /** Takes steps again. */
  resume(): void {
    this.suspended = undefined;
  }

  /** Fails what is unanswered, and takes another connection: nothing passes on this one. */
  reconnect(reason: string): void {
    if (this.closed) return;
    const { client } = this;
    this.client = connect(this.socket);
    if (this.stream !== undefined) this.counters.disconnects += 1;
    this.giveUpStream(new UnavailableError(`the iris service is away: ${reason}`));
    client.close();
  }

  /** Ends the stream; unanswered steps fail. */
  close(): void {
    this.closed = true;
    this.stream?.cancel();
    this.fail(new UnavailableError('the hop is closed'));
    this.client.close();
  }

  private giveUpStream(reason: Error): void {
    const { stream } = this;
    this.stream = undefined;
    stream?.cancel();
    this.fail(reason);
  }

  private scheduleFlush(): void {
    if (this.flushScheduled || this.inFlight.size >= MOST_IN_FLIGHT || this.gathered.length === 0) return;
    this.flushScheduled = true;
    setImmediate(() => {
      this.flushScheduled = false;
      this.flush();
    });
  }

  private flush(): void {
    if (this.gathered.length === 0 || this.closed) return;
    const waiting = this.gathered;
    this.gathered = [];
    this.lastRequestId += 1;
    const sent = monotonicMicroseconds();
    const traced = TracedMessage.of(waiting.map(({ step }) => step));
    this.inFlight.set(this.lastRequestId, { sent, waiting, traced });
    this.openStream().write({
      requestId: this.lastRequestId,
      trace: traced?.context,
      sentMicroseconds: sent,
      steps: waiting.map(({ step }, index) => ({
        searchId: step.searchId,
        open: step.open,
        candidates: step.candidates,
        close: step.close,
        withDistances: step.withDistances,
        deadlineMicroseconds: step.deadline,
        trace: traced?.contextOfStep(index),
      })),
    });
    this.scheduleFlush();
  }

  private openStream(): Stream {
    if (this.stream !== undefined) return this.stream;
    const stream = this.client.evaluate();
    stream.on('data', (response: EvaluateResponse) => {
      this.receive(response);
    });
    const lost = (reason: string) => {
      if (this.stream !== stream) return;
      this.stream = undefined;
      this.counters.disconnects += 1;
      this.fail(new UnavailableError(`the iris service is away: ${reason}`));
    };
    stream.on('error', (error) => {
      lost(error.message);
    });
    stream.on('end', () => {
      lost('it ended the stream');
    });
    this.stream = stream;
    return stream;
  }

  private fail(error: Error): void {
    for (const { traced, sent } of this.inFlight.values()) traced?.fail(sent, error);
    const waiting = [...this.inFlight.values()].flatMap((message) => message.waiting).concat(this.gathered);
    this.inFlight.clear();
    this.gathered = [];
    for (const { reject } of waiting) reject(error);
  }

  private receive(response: EvaluateResponse): void {
    const message = this.inFlight.get(response.requestId);
    if (message === undefined) return;
    this.inFlight.delete(response.requestId);
    this.count(message, response);
    const errors = response.answers.map(errorOf);
    message.traced?.answer(message.sent, response, errors);
    message.waiting.forEach(({ resolve, reject }, index) => {
      const error = errors[index];
      if (error === undefined) resolve(response.answers[index]);
      else reject(error);
    });
    this.scheduleFlush();
  }

  private count({ sent, waiting }: InFlight, response: EvaluateResponse): void {
    const counters = this.counters;
    const now = monotonicMicroseconds();
    counters.hops += 1;
    counters.steps += waiting.length;
    for (const { step } of waiting) {
      counters.candidates += step.candidates.byteLength / VECTOR_ID_BYTES;
      counters.bytes += step.candidates.byteLength;
      if (step.open !== undefined) counters.searches += 1;
    }
    for (const { entered, distances } of response.answers)
      counters.bytes += entered.byteLength + distances.byteLength;
    const { receivedMicroseconds, startedMicroseconds, finishedMicroseconds } = response;
    const stages = {
      transit_out: receivedMicroseconds - sent,
      queue: startedMicroseconds - receivedMicroseconds,
      compute: finishedMicroseconds - startedMicroseconds,
      transit_back: now - finishedMicroseconds,
    };
    counters.roundTripMicroseconds += now - sent;
    counters.transitOutMicroseconds += stages.transit_out;
    counters.queueMicroseconds += stages.queue;
    counters.computeMicroseconds += stages.compute;
    counters.transitBackMicroseconds += stages.transit_back;
    countHop(this.durations, stages);
  }
}

function connect(socket: string): IrisComputeClient {
  return new IrisComputeClient(socketTarget(socket), credentials.createInsecure(), HOP_CHANNEL_OPTIONS);
}

function errorOf({ status, detail }: StepAnswer): Error | undefined {
  switch (status) {
    case StepStatus.OK:
      return undefined;
    case StepStatus.DEADLINE_EXCEEDED:
      return new DeadlineExceededError(detail);
    case StepStatus.UNKNOWN_QUERY:
      return new UnavailableError(`the query went with the iris service: ${detail}`);
    case StepStatus.PARTY_FAILED:
      return new UnavailableError(detail);
    case StepStatus.UNSPECIFIED:
    case StepStatus.UNKNOWN_SEARCH:
    case StepStatus.INVALID:
      return new Error(`the iris service refused a step: ${detail}`);
  }
}
