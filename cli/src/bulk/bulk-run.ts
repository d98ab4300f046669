/**
 * One run of a bulk command over a stream that may be cut.
 *
 * 1. Send the lines, and hand out answers as they come.
 * 2. A line that was refused for want of room changed nothing: it is sent again.
 * 3. When the stream is cut, wait until the service is ready again, and go on. A search is repeated; an enrolment that was sent
 *    without an answer is not, for it may have been stored.
 * 4. Without any progress for a time, say what was answered, what was sent without an answer, and what was not sent.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import pRetry from 'p-retry';
import type * as api from '@irispair/proto/public';
import { detailsOf, isNotConnected, isUnavailable } from '../client/pair-client.js';
import type { PublicClient } from '../client/public-client.js';
import type { LineSource } from './line-source.js';

/** What a line asks for. */
export interface BulkItem {
  readonly id: string;
  readonly request: NonNullable<api.ProcessRequest['request']>;
}

/** A line that was read. */
export interface BulkLine {
  readonly number: number;
  readonly item: BulkItem;
}

type Answer = Exclude<NonNullable<api.ProcessResponse['response']>, { $case: 'error' }>;

/** Hears what becomes of the lines. */
export interface BulkListener {
  answered(line: BulkLine, answer: Answer): void;
  /** @param problem for people */
  failed(number: number, problem: string): void;
  /** The stream was cut; the run waits for the service. */
  waits(reason: string): void;
}

/** How a run deals with what goes wrong. */
export interface BulkPlan {
  /** Whether a line that was sent without an answer may be sent again. */
  readonly isRepeatable: boolean;
  /** Milliseconds without progress after which the run ends. */
  readonly patience: number;
  /** Ends the run. */
  readonly signal: AbortSignal;
}

/** How a run ended. */
export interface BulkEnd {
  /** Why it ended early; undefined when it went through. */
  readonly error: Error | undefined;
  /** Lines that were sent before the stream was cut and have no answer. */
  readonly unanswered: readonly number[];
}

const LEAST_WAIT_MILLISECONDS = 250;
const MOST_WAIT_MILLISECONDS = 5_000;

/** Sends the lines of one command. */
export class BulkRun {
  /** In the stream, by request id. */
  private readonly sent = new Map<string, BulkLine>();
  private readonly refused: BulkLine[] = [];
  private readonly unanswered: number[] = [];
  private progressed = Date.now();
  private answers = 0;

  constructor(
    private readonly client: PublicClient,
    private readonly source: LineSource<BulkItem>,
    private readonly plan: BulkPlan,
    private readonly listener: BulkListener,
  ) {}

  /** Settles when every line has its answer, or cannot have one. */
  async run(): Promise<BulkEnd> {
    for (;;) {
      try {
        await this.attempt();
      } catch (error) {
        this.takeBack(error);
        if (await this.isBack(error)) continue;
        const reason = error instanceof Error ? error : new Error(String(error));
        return { error: reason, unanswered: this.unanswered };
      }
      for (const { number } of this.sent.values()) {
        this.listener.failed(number, 'the service ended the stream without an answer');
      }
      this.sent.clear();
      if (this.refused.length === 0) return { error: undefined, unanswered: this.unanswered };
      this.source.putBack(this.refused.splice(0));
      await sleep(LEAST_WAIT_MILLISECONDS);
    }
  }

  private async attempt(): Promise<void> {
    const attempt = { isOver: false };
    try {
      await this.client.process(this.requests(attempt), this.hear.bind(this), this.plan.signal);
    } finally {
      attempt.isOver = true;
    }
  }

  private async *requests(attempt: { readonly isOver: boolean }): AsyncGenerator<api.ProcessRequest> {
    for (;;) {
      const line = await this.source.next();
      if (line === undefined) return;
      if (attempt.isOver) {
        this.source.putBack([line]);
        return;
      }
      if ('problem' in line) {
        this.listener.failed(line.number, line.problem);
        continue;
      }
      const requestId = String(line.number);
      this.sent.set(requestId, line);
      yield { requestId, request: line.item.request };
    }
  }

  private hear({ requestId, response }: api.ProcessResponse): void {
    const line = this.sent.get(requestId);
    if (line === undefined || response === undefined) return;
    this.sent.delete(requestId);
    if (response.$case === 'error') {
      this.hearProblem(line, response.value);
      return;
    }
    this.noteProgress();
    this.listener.answered(line, response);
  }

  private hearProblem(line: BulkLine, { code, message }: api.ProcessError): void {
    if (code === (status.RESOURCE_EXHAUSTED as number) && this.hasPatience) {
      this.refused.push(line);
      return;
    }
    this.noteProgress();
    this.listener.failed(line.number, message);
  }

  private noteProgress(): void {
    this.answers += 1;
    this.progressed = Date.now();
  }

  private get patienceLeft(): number {
    return this.progressed + this.plan.patience - Date.now();
  }

  private get hasPatience(): boolean {
    return !this.plan.signal.aborted && this.patienceLeft > 0;
  }

  /** What of a stream that was cut is to be sent again, and what must not be. */
  private takeBack(error: unknown): void {
    this.source.putBack(this.refused.splice(0));
    const lines = [...this.sent.values()];
    this.sent.clear();
    if (this.plan.isRepeatable || isNotConnected(error)) this.source.putBack(lines);
    else this.unanswered.push(...lines.map(({ number }) => number));
  }

  /** Whether the service is there again. One that never answered is not waited for. */
  private async isBack(error: unknown): Promise<boolean> {
    if (!isUnavailable(error) || this.answers === 0 || !this.hasPatience) return false;
    this.listener.waits(detailsOf(error));
    try {
      await this.waitUntilReady();
      return true;
    } catch {
      // The cut is the reason that the run ends, not the last of the questions.
      return false;
    }
  }

  private waitUntilReady(): Promise<void> {
    return pRetry(
      async () => {
        if (!(await this.client.isReady())) throw new Error('not ready');
      },
      {
        retries: Number.POSITIVE_INFINITY,
        minTimeout: LEAST_WAIT_MILLISECONDS,
        maxTimeout: MOST_WAIT_MILLISECONDS,
        maxRetryTime: Math.max(1, this.patienceLeft),
        signal: this.plan.signal,
      },
    );
  }
}
