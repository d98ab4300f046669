/** A pair that is measured: one placement, one mix of requests, on a store that outlives it. */
import { status } from '@grpc/grpc-js';
import type { Placement } from '@irispair/common/placement/decide';
import type { PlacementResponse } from '@irispair/proto/public';
import { PairClient } from '../client/pair-client.js';
import { note } from '../output/print.js';
import { freePort } from '../pair/free-port.js';
import { Pair } from '../pair/pair.js';
import { SERVICES, type Service } from './looks.js';
import type { Outcome } from './offered-load.js';
import type { Capture } from './people.js';
import type { RequestMix } from './scenarios.js';

const CONNECTIONS = 4;
const LOG_LINES_KEPT = 30;

/** Requests that a pair lets wait: far above what it works on at once, far below what would hide an overload. */
export const QUEUE_SIZE = 256;

/** How to run it. */
export interface MeasuredPairOptions {
  readonly directory: string;
  readonly placement: Placement;
  readonly people: number;
  readonly settings: Readonly<Record<string, string>>;
  /** Aborted when a service ends by itself. */
  readonly failed: AbortController;
  /** Ends the waiting for it to serve. */
  readonly signal: AbortSignal;
}

/** A running pair. */
export class MeasuredPair {
  private next = 0;

  private constructor(
    private readonly pair: Pair,
    private readonly clients: readonly PairClient[],
    /** HOST:PORT of each service's metrics. */
    readonly metrics: Readonly<Record<Service, string>>,
  ) {}

  /** Starts it and waits until it serves. @throws Error when it does not, or runs elsewhere than it should */
  static async start({
    directory,
    placement,
    people,
    settings,
    failed,
    signal,
  }: MeasuredPairOptions): Promise<MeasuredPair> {
    const [listen, graph, iris] = await Promise.all([loopback(), loopback(), loopback()]);
    const log: string[] = [];
    const pair = Pair.start({
      directory,
      listen,
      http: { graph, iris },
      environment: {
        IRIS_STORE_INITIAL_CAPACITY: String(people + QUEUE_SIZE),
        IRISPAIR_QUEUE_SIZE: String(QUEUE_SIZE),
        // A long load says how far it is, and is waited for.
        IRISPAIR_LOG_LEVEL: 'info',
        ...settings,
        IRISPAIR_PLACEMENT: placement,
        IRISPAIR_PLACEMENT_STRICT: '1',
      },
      logged: (service, line) => {
        log.push(`[${service}] ${line}`);
        if (log.length > LOG_LINES_KEPT) log.shift();
      },
      died: (service, { reason }) => {
        failed.abort(new Error([...log, `the ${service} service ended: ${reason}`].join('\n')));
      },
    });
    const clients = Array.from({ length: CONNECTIONS }, () => new PairClient(listen));
    const measured = new MeasuredPair(pair, clients, { graph, iris });
    try {
      await unlessAborted(pair.ready(), signal);
      await measured.checkPlacement(placement);
      return measured;
    } catch (error) {
      if (!signal.aborted) note(log.join('\n'));
      await measured.stop();
      throw error;
    }
  }

  /** One of its connections. */
  get client(): PairClient {
    this.next = (this.next + 1) % this.clients.length;
    return this.clients[this.next];
  }

  /** The kernel's ids of both services. @throws Error when one of them is gone */
  processIds(): Record<Service, number> {
    const [graph, iris] = SERVICES.map((service) => {
      const id = this.pair.pid(service);
      if (id === undefined) throw new Error(`the ${service} service is gone`);
      return id;
    });
    return { graph, iris };
  }

  /** Where it is, as it says itself. */
  placement(): Promise<PlacementResponse> {
    return this.clients[0].placement();
  }

  /** Sends one request of a mix. @param index counts the requests, from 0 */
  async ask(
    { searches, verifications }: RequestMix,
    captures: readonly Capture[],
    index: number,
  ): Promise<Outcome> {
    const { iris, serialId } = captures[index % captures.length];
    try {
      if (index % (searches + verifications) < searches) await this.client.search({ iris, orList: [] });
      else await this.client.verify({ iris, serialId });
      return 'answered';
    } catch (error) {
      const isOverload =
        error instanceof Error && 'code' in error && error.code === status.RESOURCE_EXHAUSTED;
      return isOverload ? 'overloaded' : 'failed';
    }
  }

  /** Stops both services. */
  async stop(): Promise<void> {
    for (const client of this.clients) client.close();
    await this.pair.stop();
  }

  private async checkPlacement(wanted: Placement): Promise<void> {
    const { services } = await this.placement();
    const other = services.find(({ placement }) => placement !== wanted);
    if (other !== undefined) {
      throw new Error(
        `the ${other.service} service is placed ${other.placement} instead of ${wanted}: ${other.reason}`,
      );
    }
  }
}

async function loopback(): Promise<string> {
  return `127.0.0.1:${await freePort()}`;
}

/** What a promise resolves to, or the reason of an abort that comes before. */
export function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      reject(signal.reason instanceof Error ? signal.reason : new Error('stopped'));
    };
    if (signal.aborted) {
      work.catch(() => undefined);
      stop();
      return;
    }
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', stop);
    });
  });
}
