/**
 * Exact answers, straight from the iris service: what recall is measured against.
 *
 * Joins the hop as a second client, uploads probes and has every stored iris compared with them.
 */
import { credentials } from '@grpc/grpc-js';
import { HOP_CHANNEL_OPTIONS } from '@irispair/common/grpc/limits';
import { socketTarget } from '@irispair/common/grpc/local-socket';
import { callUnary } from '@irispair/common/grpc/unary-call';
import { unpackVectorIds } from '@irispair/common/ids/vector-id';
import { irisMessage } from '@irispair/common/iris/message';
import type { Iris } from '@irispair/common/iris/template';
import { matchLimit } from '@irispair/common/matching/threshold';
import {
  IrisComputeClient,
  Orientation,
  ScanManner,
  Side,
  type OpenSearch,
  type ScanResponse,
} from '@irispair/proto/compute';

const PROBES_AT_ONCE = 32;
const MOST_MATCHES = 256;
const CALL_MILLISECONDS = 30_000;

/** Who matches on both sides, in one orientation. */
export interface ExactMatches {
  readonly normal: ReadonlySet<number>;
  readonly mirror: ReadonlySet<number>;
}

/** A second client of the iris service. */
export class Auditor {
  private constructor(
    private readonly client: IrisComputeClient,
    private readonly sessionId: number,
    private readonly leave: () => void,
  ) {}

  static async join(socket: string): Promise<Auditor> {
    const client = new IrisComputeClient(
      socketTarget(socket),
      credentials.createInsecure(),
      HOP_CHANNEL_OPTIONS,
    );
    const session = client.session({ client: 'auditor' });
    const sessionId = await new Promise<number>((resolve, reject) => {
      session.once('data', (first: { sessionId: number }) => {
        resolve(first.sessionId);
      });
      session.on('error', reject);
    });
    return new Auditor(client, sessionId, () => {
      session.cancel();
      client.close();
    });
  }

  /**
   * Whom each capture matches on both sides, among all that is stored.
   * @param done told after each batch how many are done
   */
  async matches(
    irises: readonly Iris[],
    threshold: number,
    reach: number,
    done: (count: number) => void,
  ): Promise<ExactMatches[]> {
    const all: ExactMatches[] = [];
    for (let first = 0; first < irises.length; first += PROBES_AT_ONCE) {
      all.push(...(await this.matchesOfBatch(irises.slice(first, first + PROBES_AT_ONCE), threshold, reach)));
      done(all.length);
    }
    return all;
  }

  close(): void {
    this.leave();
  }

  private async matchesOfBatch(
    irises: readonly Iris[],
    threshold: number,
    reach: number,
  ): Promise<ExactMatches[]> {
    const handles = await this.prepare(irises);
    const terms = {
      baseRotation: 0,
      rotationReach: reach,
      ef: MOST_MATCHES,
      matchLimit: matchLimit(threshold),
    };
    const searches = handles.flatMap((handle) =>
      [Orientation.NORMAL, Orientation.MIRROR].flatMap((orientation) =>
        [Side.LEFT, Side.RIGHT].map((side): OpenSearch => ({
          query: { $case: 'queryHandle', value: handle },
          side,
          orientation,
          ...terms,
        })),
      ),
    );
    const found: ReadonlySet<number>[] = [];
    const call = this.client.scan({
      searches,
      withDistances: false,
      trace: undefined,
      manner: ScanManner.AWAITED,
    });
    for await (const answer of call as AsyncIterable<ScanResponse>) {
      const matching = unpackVectorIds(answer.nearest).slice(0, answer.matchCount);
      found[answer.searchIndex] = new Set(matching.map(({ serialId }) => serialId));
    }
    await this.release(handles);
    return handles.map((_, index) => {
      const [left, right, mirrorLeft, mirrorRight] = found.slice(4 * index, 4 * index + 4);
      return { normal: both(left, right), mirror: both(mirrorLeft, mirrorRight) };
    });
  }

  private async prepare(irises: readonly Iris[]): Promise<number[]> {
    const request = { sessionId: this.sessionId, probes: irises.map(irisMessage), trace: undefined };
    const prepare = this.client.prepareQuery.bind(this.client);
    return (await callUnary(prepare, request, CALL_MILLISECONDS)).queryHandles;
  }

  private async release(queryHandles: number[]): Promise<void> {
    await callUnary(this.client.releaseQuery.bind(this.client), { queryHandles }, CALL_MILLISECONDS);
  }
}

function both(left: ReadonlySet<number>, right: ReadonlySet<number>): ReadonlySet<number> {
  return new Set([...left].filter((serialId) => right.has(serialId)));
}
