/**
 * A whole iris service whose irises are places on a number line, one an eye, for graph services under test. It knows no
 * protocols: a share's first bytes tell the place, the same at all parties.
 */
import { randomUUID } from 'node:crypto';
import { messageOf } from '@irispair/common/errors/message';
import {
  Server,
  ServerCredentials,
  status,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { Turns } from '@irispair/common/process/turns';
import { socketTarget } from '@irispair/common/grpc/local-socket';
import {
  IrisComputeService,
  Orientation,
  Side,
  StepStatus,
  type Change,
  type CommitPreparedRequest,
  type CommitPreparedResponse,
  type CompareQueriesRequest,
  type CompareQueriesResponse,
  type DropPreparedRequest,
  type DropPreparedResponse,
  type EvaluateRequest,
  type EvaluateResponse,
  type FetchRequest,
  type FetchResponse,
  type OpenSearch,
  type PrepareChangesRequest,
  type PrepareChangesResponse,
  type PrepareQueryRequest,
  type PrepareQueryResponse,
  type Probe,
  type RegistryRequest,
  type RegistryResponse,
  type ReleaseQueryRequest,
  type ReleaseQueryResponse,
  type SearchStep,
  type SessionRequest,
  type SessionResponse,
  type StepAnswer,
  type TakeJournalRequest,
  type TakeJournalResponse,
  type VectorId,
} from '@irispair/proto/compute';
import type { IrisShare } from '@irispair/proto/public';
import { type LineRing, RingError } from './line-ring.js';
import { NumberLine } from './number-line.js';

/** Places of both eyes. */
export interface Places {
  readonly left: number;
  readonly right: number;
}

const HEARTBEAT_MILLISECONDS = 2_000;
const PLACE_BYTES = 6;
/** People at most this far apart match. */
const REACH = 10;
/** No eye lives there: mirrored probes match nobody. */
const NOWHERE = 2 ** 50;

/** Writes a place where {@link LineIrisService} finds it. */
export function writePlace(code: Buffer, place: number): void {
  code.writeUIntBE(place, 0, PLACE_BYTES);
}

interface Stored {
  readonly version: number;
  readonly deleted: boolean;
  readonly iris: Probe;
}

/** A batch, what it makes of irises by serial id, and what it was asked for. */
interface Prepared {
  readonly batch: string;
  readonly changes: readonly (readonly [serialId: number, Stored])[];
}

/** What an iris service keeps when its process dies. */
export class LineStore {
  readonly storeId = randomUUID();
  readonly irises: (Stored | undefined)[] = [undefined];
  /** Name of the batch that was applied last. */
  applied = '';
  prepared: Prepared | undefined;

  /** Where the eyes of an iris are. */
  placeOf(serialId: number): Places {
    const stored = this.irises[serialId];
    if (stored === undefined) throw new Error(`serial id ${serialId} is unknown`);
    return placesOf(stored.iris);
  }

  /** Applies what is prepared. */
  apply(): VectorId[] {
    const { prepared } = this;
    if (prepared === undefined) throw new Error('nothing is prepared');
    for (const [serialId, stored] of prepared.changes) this.irises[serialId] = stored;
    this.applied = prepared.batch;
    this.prepared = undefined;
    return prepared.changes.map(([serialId, { version }]) => ({ serialId, version }));
  }

  /** Somebody enrolled before. */
  enrol({ left, right }: IrisShare): void {
    const [leftEye, rightEye] = [left, right].map((eye) => ({
      irisCodes: eye?.code ?? Buffer.alloc(0),
      maskCodes: eye?.mask ?? Buffer.alloc(0),
    }));
    this.irises.push({ version: 0, deleted: false, iris: { left: leftEye, right: rightEye } });
  }
}

/** Where in its work on a batch an iris service is: called to do something, or having done it and not answered yet. */
export type LinePoint = 'prepare' | 'prepared' | 'commit' | 'committed' | 'drop' | 'dropped';

/** How a service under test behaves. */
export interface LineOptions {
  readonly party: number;
  readonly store: LineStore;
  readonly ring: LineRing;
  /** Resolves when an answer may go out. */
  readonly delay: () => Promise<void>;
  /** Resolves when it may go on from a point. */
  readonly pause: (point: LinePoint) => Promise<void>;
}

/** A running service. */
export class LineIrisService {
  /** Names of the runs that it was given, and how often. */
  readonly runNames = new Map<string, number>();
  /** Commits fail while it is set. */
  refuseCommits = false;
  /** The next row that is linked gets its first two neighbours the wrong way round. */
  misranks = false;
  private readonly turns = new Turns();
  private isStopped = false;
  private lastSession = 0;
  /** The session that took the journal last. */
  private holder = 0;
  private readonly server = new Server({ 'grpc.max_receive_message_length': 64 << 20 });
  private readonly queries = new Map<number, Probe>();
  private lastHandle = 0;

  private constructor(private readonly options: LineOptions) {
    this.server.addService(IrisComputeService, {
      session: (call: ServerWritableStream<SessionRequest, SessionResponse>) => {
        this.lastSession += 1;
        this.keepSession(call, this.lastSession);
      },
      prepareQuery: answering((request: PrepareQueryRequest) => this.prepare(request)),
      releaseQuery: answering(({ queryHandles }: ReleaseQueryRequest): ReleaseQueryResponse => {
        for (const handle of queryHandles) this.queries.delete(handle);
        return { released: queryHandles.length };
      }),
      compareQueries: answering((request: CompareQueriesRequest) => this.compare(request)),
      takeJournal: answering((request: TakeJournalRequest) => this.takeJournal(request)),
      prepareChanges: answering((request: PrepareChangesRequest) => this.prepareChanges(request)),
      commitPrepared: answering((request: CommitPreparedRequest) => this.commitPrepared(request)),
      dropPrepared: answering((request: DropPreparedRequest) => this.dropPrepared(request)),
      fetch: answering(({ serialId }: FetchRequest): FetchResponse => {
        const stored = this.options.store.irises[serialId];
        return { vectorId: { serialId, version: stored?.version ?? 0 }, iris: stored?.iris };
      }),
      registry: (call: ServerWritableStream<RegistryRequest, RegistryResponse>) => {
        call.write({ entries: this.entries(), commitCount: 0 });
        call.end();
      },
      evaluate: (call: ServerDuplexStream<EvaluateRequest, EvaluateResponse>) => {
        this.evaluate(call);
      },
    });
  }

  static async start(socket: string, options: LineOptions): Promise<LineIrisService> {
    const service = new LineIrisService(options);
    await new Promise<void>((resolve, reject) => {
      service.server.bindAsync(socketTarget(socket), ServerCredentials.createInsecure(), (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
    options.ring.enter(options.party);
    return service;
  }

  /** As when its process dies. */
  stop(): void {
    this.isStopped = true;
    this.options.ring.leave(this.options.party);
    this.server.forceShutdown();
  }

  private prepare({ probes }: PrepareQueryRequest): PrepareQueryResponse {
    return {
      queryHandles: probes.map((probe) => {
        this.lastHandle += 1;
        this.queries.set(this.lastHandle, probe);
        return this.lastHandle;
      }),
    };
  }

  private async compare({ queryHandles, run }: CompareQueriesRequest): Promise<CompareQueriesResponse> {
    await this.meet(run, 0, `mates ${queryHandles.length}`);
    const places = queryHandles.map((handle) => placesOf(this.query(handle)));
    const bits = places.flatMap((first, index) =>
      places
        .slice(index + 1)
        .map(
          (second) => Number(isNear(first.left, second.left)) + 2 * Number(isNear(first.right, second.right)),
        ),
    );
    return { matchBits: Buffer.from(bits) };
  }

  private keepSession(call: ServerWritableStream<SessionRequest, SessionResponse>, sessionId: number): void {
    const say = () =>
      call.write({
        sessionId,
        maximumRequestsInFlight: 2,
        maximumCandidatesAStep: 65_536,
        queryExpirySeconds: 60,
        commitCount: 0,
        storeAway: '',
        storeId: this.options.store.storeId,
        columns: 200,
      });
    say();
    const heartbeat = setInterval(say, HEARTBEAT_MILLISECONDS);
    call.on('close', () => {
      clearInterval(heartbeat);
    });
  }

  private async takeJournal({ sessionId }: TakeJournalRequest): Promise<TakeJournalResponse> {
    this.holder = sessionId;
    const { store } = this.options;
    return this.turns.take(() =>
      Promise.resolve({
        applied: Buffer.from(store.applied, 'hex'),
        prepared: Buffer.from(store.prepared?.batch ?? '', 'hex'),
      }),
    );
  }

  private prepareChanges({
    sessionId,
    batch,
    changes,
  }: PrepareChangesRequest): Promise<PrepareChangesResponse> {
    return this.inTurn(sessionId, 'prepare', 'prepared', () => {
      const { store } = this.options;
      if (store.prepared !== undefined) throw new Error('another batch is prepared');
      let next = store.irises.length;
      const planned = changes.map((change) => {
        if (change.kind?.$case === 'insert') next += 1;
        return this.plan(change, next - 1);
      });
      store.prepared = { batch: batch.toString('hex'), changes: planned };
      return {};
    });
  }

  private commitPrepared({ sessionId, batch }: CommitPreparedRequest): Promise<CommitPreparedResponse> {
    return this.inTurn(sessionId, 'commit', 'committed', () => {
      if (this.refuseCommits) throw new Error('the store is full');
      this.checkPrepared(batch);
      return { vectorIds: this.options.store.apply(), commitCount: 0 };
    });
  }

  private dropPrepared({ sessionId, batch }: DropPreparedRequest): Promise<DropPreparedResponse> {
    return this.inTurn(sessionId, 'drop', 'dropped', () => {
      this.checkPrepared(batch);
      this.options.store.prepared = undefined;
      return {};
    });
  }

  private checkPrepared(batch: Buffer): void {
    if (this.options.store.prepared?.batch !== batch.toString('hex'))
      throw new Error(`batch ${batch.toString('hex')} is not prepared`);
  }

  /** Does something with the store, unless it is stopped before. */
  private inTurn<Response>(
    session: number,
    before: LinePoint,
    after: LinePoint,
    work: () => Response,
  ): Promise<Response> {
    if (session !== this.holder) throw new Error(`session ${session} has not taken the journal`);
    return this.turns.take(async () => {
      await this.options.pause(before);
      if (this.isStopped) throw new Error('stopped');
      const response = work();
      await this.options.pause(after);
      return response;
    });
  }

  private plan({ kind }: Change, next: number): [number, Stored] {
    const { irises } = this.options.store;
    switch (kind?.$case) {
      case 'insert': {
        const { queryHandle, serialId } = kind.value;
        if (serialId !== next) throw new Error(`serial id ${serialId}, expected ${next}`);
        return [serialId, { version: 0, deleted: false, iris: this.query(queryHandle) }];
      }
      case 'update': {
        const serialId = kind.value.expected?.serialId ?? 0;
        const version = (irises[serialId]?.version ?? 0) + 1;
        return [serialId, { version, deleted: false, iris: this.query(kind.value.queryHandle) }];
      }
      case 'delete': {
        const serialId = kind.value.expected?.serialId ?? 0;
        const stored = irises[serialId];
        if (stored === undefined) throw new Error(`serial id ${serialId} is unknown`);
        return [serialId, { ...stored, version: stored.version + 1, deleted: true }];
      }
      case undefined:
        throw new Error('a change without a kind');
    }
  }

  private entries(): Buffer {
    const { irises } = this.options.store;
    const packed = Buffer.alloc(8 * (irises.length - 1));
    irises.forEach((stored, serial) => {
      if (stored === undefined) return;
      packed.writeUInt32LE(serial, 8 * (serial - 1));
      packed.writeUInt16LE(stored.version, 8 * (serial - 1) + 4);
      packed.writeUInt16LE(Number(stored.deleted), 8 * (serial - 1) + 6);
    });
    return packed;
  }

  private evaluate(call: ServerDuplexStream<EvaluateRequest, EvaluateResponse>): void {
    const lines = [Side.LEFT, Side.RIGHT].map(
      (side) => new NumberLine((serial) => this.placeOf(serial, side), REACH),
    );
    const searches = new Map<number, { side: Side; run: Buffer | undefined; steps: number }>();
    const answer = async (step: SearchStep): Promise<StepAnswer> => {
      const { open, searchId } = step;
      const search = searches.get(searchId) ?? { side: open?.side ?? Side.LEFT, run: open?.run, steps: 0 };
      searches.set(searchId, search);
      const number = search.steps;
      search.steps += 1;
      try {
        if (step.candidates.length > 0)
          await this.meet(search.run, number, `${search.side} ${step.candidates.toString('base64')}`);
        const line = lines[search.side === Side.LEFT ? 0 : 1];
        const ranked = await line.evaluate({
          ...step,
          open: open === undefined ? undefined : this.placed(open),
          trace: undefined,
          deadline: step.deadlineMicroseconds,
        });
        return this.misranks && open?.query?.$case === 'stored' ? this.misranked(ranked) : ranked;
      } catch (error) {
        return failed(step, error);
      }
    };
    call.on('data', ({ requestId, steps }: EvaluateRequest) => {
      void Promise.all(steps.map(answer)).then(async (answers) => {
        await this.options.delay();
        const times = { receivedMicroseconds: 0, startedMicroseconds: 0, finishedMicroseconds: 0 };
        call.write({ requestId, answers, ...times });
      });
    });
    call.on('end', () => {
      call.end();
    });
  }

  private misranked(answer: StepAnswer): StepAnswer {
    this.misranks = false;
    const entered = Buffer.from(answer.entered);
    // Pairs of a candidate and its rank, 4 bytes each.
    answer.entered.copy(entered, 0, 8, 12);
    answer.entered.copy(entered, 8, 0, 4);
    return { ...answer, entered };
  }

  /** The line knows places only. */
  private placed(open: OpenSearch): OpenSearch {
    const { query, side, orientation } = open;
    if (query?.$case !== 'queryHandle') return open;
    const { left, right } = placesOf(this.query(query.value));
    const place = orientation === Orientation.MIRROR ? NOWHERE : side === Side.LEFT ? left : right;
    return { ...open, query: { $case: 'queryHandle', value: place } };
  }

  private async meet(run: Buffer | undefined, step: number, about: string): Promise<void> {
    if (run?.byteLength !== 16) throw new RingError(`a run's name has ${run?.byteLength ?? 0} bytes`);
    const name = run.toString('hex');
    const runStep = `${name}/${step}`;
    this.runNames.set(runStep, (this.runNames.get(runStep) ?? 0) + 1);
    await this.options.delay();
    await this.options.ring.meet(this.options.party, runStep, about);
  }

  private query(handle: number): Probe {
    const probe = this.queries.get(handle);
    if (probe === undefined) throw new Error(`query ${handle} is unknown`);
    return probe;
  }

  private placeOf(serial: number, side: Side): number {
    const { left, right } = this.options.store.placeOf(serial);
    return side === Side.LEFT ? left : right;
  }
}

function placesOf({ left, right }: Probe): Places {
  return {
    left: left?.irisCodes.readUIntBE(0, PLACE_BYTES) ?? 0,
    right: right?.irisCodes.readUIntBE(0, PLACE_BYTES) ?? 0,
  };
}

function isNear(one: number, other: number): boolean {
  return Math.abs(one - other) <= REACH;
}

function failed({ searchId }: SearchStep, error: unknown): StepAnswer {
  return {
    searchId,
    status: error instanceof RingError ? StepStatus.PARTY_FAILED : StepStatus.INVALID,
    entered: Buffer.alloc(0),
    matchCount: 0,
    neighbourhoodSize: 0,
    stale: 0,
    distances: Buffer.alloc(0),
    detail: messageOf(error),
  };
}

function answering<Request, Response>(answer: (request: Request) => Response | Promise<Response>) {
  return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
    Promise.resolve()
      .then(() => answer(call.request))
      .then(
        (response) => {
          callback(null, response);
        },
        (error: unknown) => {
          const code = error instanceof RingError ? status.UNAVAILABLE : status.RESOURCE_EXHAUSTED;
          callback({ code, details: messageOf(error) });
        },
      );
  };
}
