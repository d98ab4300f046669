/**
 * Hops as traces show them.
 *
 * A message may carry steps of several searches, of several requests. Each traced step is a client span of its own below its
 * search, with an id of its own in the message, so that every request's trace shows all of its hops; the others of the
 * message are linked to the first. The end of the stream measures them and hands them on as plain records: walkers have no
 * part of OpenTelemetry.
 */
import { monotonicMicroseconds } from '@irispair/common/clock/monotonic';
import { VECTOR_ID_BYTES } from '@irispair/common/ids/vector-id';
import { traceContextOf } from '@irispair/common/traces/context';
import { nodeAttributes, type HopNodes } from '@irispair/common/traces/hop-nodes';
import { placeBeside, type SpanPlace } from '@irispair/common/traces/place';
import {
  SpanKind,
  type MeasuredSpan,
  type OpenSpan,
  type SpanAttributes,
} from '@irispair/common/traces/span';
import type { EvaluateResponse, TraceContext } from '@irispair/proto/compute';

/** Who traces a step. */
export interface StepTrace {
  /** The span that it is shown below. */
  readonly above: SpanPlace;
  readonly note: (hop: TracedHop) => void;
}

/** One step's share of a message that is over. Plain: it crosses threads. Times are monotonic microseconds. */
export interface TracedHop {
  readonly spanId: string;
  readonly sent: number;
  readonly answered: number;
  readonly candidates: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly message: TracedMessageFacts;
  /** Undefined when there was no answer. */
  readonly stages: TracedStages | undefined;
  readonly error: string | undefined;
}

/** What all shares of a message have in common. */
export interface TracedMessageFacts {
  /** Where its first traced share stands. */
  readonly first: SpanPlace;
  readonly steps: number;
  readonly candidates: number;
}

/** Where the time of a message went, microseconds. */
export interface TracedStages {
  readonly transitOut: number;
  readonly queue: number;
  readonly compute: number;
  readonly transitBack: number;
}

interface Step {
  readonly candidates: Buffer;
  readonly trace?: StepTrace | undefined;
}

/** A message with traced steps. */
export class TracedMessage {
  private constructor(
    private readonly steps: readonly Step[],
    /** Where each step's span stands; undefined for those that are not traced. */
    private readonly places: readonly (SpanPlace | undefined)[],
    private readonly facts: TracedMessageFacts,
  ) {}

  /** Undefined when no step is traced. */
  static of(steps: readonly Step[]): TracedMessage | undefined {
    if (!steps.some(({ trace }) => trace !== undefined)) return undefined;
    const places = steps.map(({ trace }) => (trace === undefined ? undefined : placeBeside(trace.above)));
    const first = places.find((place) => place !== undefined);
    if (first === undefined) return undefined;
    const bytes = steps.reduce((sum, { candidates }) => sum + candidates.byteLength, 0);
    return new TracedMessage(steps, places, {
      first,
      steps: steps.length,
      candidates: bytes / VECTOR_ID_BYTES,
    });
  }

  /** Of the whole message. */
  get context(): TraceContext {
    return traceContextOf(this.facts.first);
  }

  contextOfStep(index: number): TraceContext | undefined {
    const place = this.places[index];
    return place === undefined ? undefined : traceContextOf(place);
  }

  /** It was answered, each step with its error or with none. */
  answer(sent: number, response: EvaluateResponse, errors: readonly (Error | undefined)[]): void {
    const answered = monotonicMicroseconds();
    const { receivedMicroseconds, startedMicroseconds, finishedMicroseconds } = response;
    const stages: TracedStages = {
      transitOut: receivedMicroseconds - sent,
      queue: startedMicroseconds - receivedMicroseconds,
      compute: finishedMicroseconds - startedMicroseconds,
      transitBack: answered - finishedMicroseconds,
    };
    this.note((index) => {
      const { entered, distances } = response.answers[index];
      const bytesReceived = entered.byteLength + distances.byteLength;
      return { sent, answered, bytesReceived, stages, error: errors[index]?.message };
    });
  }

  /** It was not answered. */
  fail(sent: number, error: Error): void {
    const answered = monotonicMicroseconds();
    this.note(() => ({ sent, answered, bytesReceived: 0, stages: undefined, error: error.message }));
  }

  private note(
    outcomeOf: (index: number) => Pick<TracedHop, 'sent' | 'answered' | 'bytesReceived' | 'stages' | 'error'>,
  ): void {
    this.steps.forEach(({ candidates, trace }, index) => {
      const place = this.places[index];
      if (trace === undefined || place === undefined) return;
      trace.note({
        ...outcomeOf(index),
        spanId: place.spanId,
        candidates: candidates.byteLength / VECTOR_ID_BYTES,
        bytesSent: candidates.byteLength,
        message: this.facts,
      });
    });
  }
}

/** Shows a hop below what it was made for. */
export function showHop(above: OpenSpan, hop: TracedHop, nodes: HopNodes): void {
  above.add(spanOf(hop, nodes));
}

/** Has steps shown below a span of this thread. */
export function tracedBelow(above: OpenSpan, nodes: HopNodes): StepTrace {
  return {
    above: above.place,
    note: (hop) => {
      showHop(above, hop, nodes);
    },
  };
}

function spanOf(hop: TracedHop, nodes: HopNodes): MeasuredSpan {
  const { message, spanId } = hop;
  return {
    spanId,
    name: 'hop',
    kind: SpanKind.Client,
    start: hop.sent,
    end: hop.answered,
    attributes: {
      ...nodeAttributes(nodes),
      'irispair.hop.candidates': hop.candidates,
      'irispair.hop.bytes_sent': hop.bytesSent,
      'irispair.hop.bytes_received': hop.bytesReceived,
      'irispair.message.id': message.first.spanId,
      'irispair.message.steps': message.steps,
      'irispair.message.candidates': message.candidates,
      ...stageAttributes(hop.stages),
    },
    links: message.first.spanId === spanId ? [] : [message.first],
    error: hop.error,
  };
}

function stageAttributes(stages: TracedStages | undefined): SpanAttributes {
  if (stages === undefined) return {};
  return {
    'irispair.hop.transit_out_microseconds': stages.transitOut,
    'irispair.hop.queue_microseconds': stages.queue,
    'irispair.hop.compute_microseconds': stages.compute,
    'irispair.hop.transit_back_microseconds': stages.transitBack,
  };
}
