/**
 * One party of the bench in a process of its own: a shared engine and links as the iris service has them. It holds shares
 * and takes steps of searches, as it is ordered to.
 */
import { z } from 'zod';
import { readEnvironment } from '@irispair/common/config/environment';
import { PARTY_SETTINGS, partyAddressesSetting } from '@irispair/common/config/party-settings';
import { FIRST_VERSION, packVectorIds, serialId } from '@irispair/common/ids/vector-id';
import { Orientation, SIDES } from '@irispair/common/iris/side';
import { createLogger } from '@irispair/common/log/logger';
import { DEFAULT_THRESHOLD, matchLimit } from '@irispair/common/matching/threshold';
import { readPartyIdentity } from '@irispair/common/parties/party-identity';
import { until } from '@irispair/common/support/until';
import { carryRun, noCost, type RunCost } from '@irispair/iris-service/comparing/party-run';
import { RUN_NAME_BYTES } from '@irispair/common/parties/run-name';
import { PartyLinks, type RunChannel } from '@irispair/iris-service/parties/party-links';
import { StepOutcome, type OpenSearch, type StepAnswer } from '@irispair/native/engine-types';
import { createSharedEngine } from '@irispair/native/shared-engine';
import { SHARED_IRIS_RECORD_BYTES, type SharedEngine } from '@irispair/native/shared-engine-types';
import { IdleTime } from './idle-time.js';
import type { HoldOrder, Order, Walked, WalkOrder } from './orders.js';

const SETTINGS = z.object({
  ...PARTY_SETTINGS,
  IRISPAIR_PARTIES: partyAddressesSetting(),
  BENCH_LISTEN: z.string(),
});
const STREAM = 1;
const ROTATION_REACH = 5;
/** Odd, and far apart: candidates lie all over the gallery, and come once before any comes again. */
const STRIDE = 5_003;

/** A search that is open. Its neighbourhood is full with its own iris, so that nothing else enters. */
interface Search {
  readonly id: number;
  readonly name: Buffer;
  nextStep: number;
  nextCandidate: number;
}

/** What this party holds, and the searches over it. */
class Walker {
  private readonly searches: Search[] = [];

  constructor(
    private readonly engine: SharedEngine,
    private readonly links: PartyLinks,
    private readonly order: HoldOrder,
  ) {}

  async open(): Promise<void> {
    const { engine, order } = this;
    const own = order.records.subarray(0, order.searches * SHARED_IRIS_RECORD_BYTES);
    const queries = await engine.prepareQueries(own);
    for (const [index, query] of queries.entries()) {
      const name = Buffer.alloc(RUN_NAME_BYTES);
      name.writeUInt32LE(index + 1, RUN_NAME_BYTES - Uint32Array.BYTES_PER_ELEMENT);
      const search = { id: index + 1, name, nextStep: 0, nextCandidate: index };
      const open: OpenSearch = {
        query: { handle: query },
        side: SIDES[index % SIDES.length],
        orientation: Orientation.Normal,
        baseRotation: 0,
        rotationReach: ROTATION_REACH,
        ef: 1,
        matchLimit: matchLimit(DEFAULT_THRESHOLD),
      };
      await this.step(search, [index + 1], open, new IdleTime(1), noCost());
      this.searches.push(search);
    }
  }

  async walk({ batch, searches, steps }: WalkOrder): Promise<Walked> {
    const idle = new IdleTime(searches);
    const cost = noCost();
    const dots = this.dotMilliseconds();
    const cpu = process.cpuUsage();
    const start = performance.now();
    await Promise.all(
      this.searches.slice(0, searches).map(async (search) => {
        for (let step = 0; step < steps; step++) {
          const { entered } = await this.step(search, this.candidates(search, batch), null, idle, cost);
          if (entered.byteLength > 0) throw new Error('something entered, which takes further rounds');
        }
        idle.end();
      }),
    );
    const time = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    return {
      time,
      cpu: (user + system) / 1_000,
      dots: this.dotMilliseconds() - dots,
      waited: cost.waitMicroseconds / 1_000,
      idle: idle.milliseconds,
      rounds: cost.rounds,
      bytesSent: cost.bytesSent,
    };
  }

  private async step(
    search: Search,
    candidates: readonly number[],
    open: OpenSearch | null,
    idle: IdleTime,
    cost: RunCost,
  ): Promise<StepAnswer> {
    const run = this.links.run(search.name, search.nextStep++);
    const channel: RunChannel = {
      exchange: (message) => idle.during(run.exchange(message)),
      keys: () => idle.during(run.keys()),
      close: () => {
        run.close();
      },
      abort: (reason) => {
        run.abort(reason);
      },
    };
    const step = {
      searchId: search.id,
      open,
      candidates: packVectorIds(candidates.map((id) => ({ serialId: serialId(id), version: FIRST_VERSION }))),
      close: false,
      withDistances: false,
      deadlineMicroseconds: 0,
    };
    const begin = this.engine.beginStep.bind(this.engine, STREAM, step);
    const answer = await carryRun(identity.party, channel, begin, cost);
    channel.close();
    if (answer.outcome !== StepOutcome.Ok) throw new Error(`a step was not answered: ${answer.detail}`);
    return answer;
  }

  /** Serial ids, the same at all parties; the next call goes on behind them. */
  private candidates(search: Search, count: number): number[] {
    const { gallery, searches } = this.order;
    const first = search.nextCandidate;
    search.nextCandidate += count;
    return Array.from({ length: count }, (_, index) => 1 + searches + (((first + index) * STRIDE) % gallery));
  }

  private dotMilliseconds(): number {
    const { left, right } = this.engine.counters();
    return (left.kernelNanoseconds + right.kernelNanoseconds) / 1e6;
  }
}

function fillEngine({ records, gallery, searches }: HoldOrder): SharedEngine {
  const capacity = searches + gallery;
  const engine = createSharedEngine({
    party: identity.party,
    left: { cpus: [0], node: null, pinned: false },
    right: { cpus: [0], node: null, pinned: false },
    arena: {
      policy: { kind: 'default' },
      fallbackNodes: [],
      hugepages: 'prefer',
      hugetlbfs: null,
      initialCapacity: capacity,
      growBy: 1,
      maximumCapacity: capacity,
      strict: false,
    },
    kernel: null,
  });
  const different = records.byteLength / SHARED_IRIS_RECORD_BYTES - searches;
  for (let index = 0; index < capacity; index++) {
    const place = index < searches ? index : searches + ((index - searches) % different);
    const at = place * SHARED_IRIS_RECORD_BYTES;
    engine.loadIris(index + 1, FIRST_VERSION, records.subarray(at, at + SHARED_IRIS_RECORD_BYTES));
  }
  return engine;
}

const settings = readEnvironment(SETTINGS, process.env);
const identity = readPartyIdentity(settings);
const links = await PartyLinks.open({
  identity,
  addresses: settings.IRISPAIR_PARTIES,
  listen: settings.BENCH_LISTEN,
  logger: createLogger('iris', 'error'),
});
let walker: Walker | undefined;

async function obey(order: Order): Promise<Walked | undefined> {
  if (order.kind === 'walk') return walker?.walk(order);
  walker = new Walker(fillEngine(order), links, order);
  await until('the parties are linked', () => links.away === undefined);
  await walker.open();
  return undefined;
}

process.on('message', (order: Order) => {
  void obey(order).then((walked) => process.send?.(walked ?? {}));
});
// The others may be at their last messages still.
process.once('disconnect', () => process.exit());
