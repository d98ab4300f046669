/**
 * The iris service: holds the irises and does all distance work.
 *
 * 1. Own the socket, answer those who watch, own the store, start the engine (arenas, pools) where the
 *    placement says.
 * 2. Load the store into the arenas.
 * 3. Serve; on stop, finish what is in flight, then close everything and remove the socket.
 */
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import { drainServer } from '@irispair/common/grpc/drain';
import { HOP_SERVER_OPTIONS } from '@irispair/common/grpc/limits';
import { SessionGuard } from '@irispair/common/grpc/session-guard';
import type { Logger } from '@irispair/common/log/logger';
import { isSplitAsked, type PlacementDecision } from '@irispair/common/placement/decide';
import { nodesOfPolicy } from '@irispair/common/placement/memory-policy';
import { Closers } from '@irispair/common/process/closers';
import { readMemoryLimit } from '@irispair/common/process/memory-limit';
import { Monitoring } from '@irispair/common/telemetry/monitoring';
import { showDecision, showHugepages, showPlacement } from '@irispair/common/telemetry/placement-metrics';
import { RequestMetrics } from '@irispair/common/telemetry/request-metrics';
import { showTraces } from '@irispair/common/telemetry/trace-metrics';
import { hopNodes } from '@irispair/common/traces/hop-nodes';
import { startTracing } from '@irispair/common/traces/start-tracing';
import { nativeErrorCode } from '@irispair/native/engine';
import type { ArenaPlacement, EngineCore, EngineOptions, PoolPlan } from '@irispair/native/engine-types';
import { ServiceReporter } from '@irispair/native/service-reporter';
import { readTopology } from '@irispair/native/topology';
import { IrisComputeService } from '@irispair/proto/compute';
import type { Comparing } from './comparing/comparing.js';
import { AgreedBatches } from './gallery/agreed-batches.js';
import { Gallery } from './gallery/gallery.js';
import { computeHandlers } from './hop/compute-server.js';
import { OwnedSocket } from './hop/owned-socket.js';
import { Sessions } from './hop/sessions.js';
import { provideMemory } from './memory/memory-need.js';
import { modeOf } from './mode/configured-mode.js';
import { PlacementReport, readArenas } from './placement/placement-report.js';
import type { IrisServiceSettings } from './settings.js';
import { openIrisStore } from './store/open-iris-store.js';
import { recordFormOf, type RecordForm } from './store/record-form.js';
import { showEngine } from './telemetry/engine-metrics.js';
import { LoadProgress } from './telemetry/load-progress.js';
import { showStore, watchedStore } from './telemetry/store-metrics.js';
import { HopTraces } from './traces/hop-traces.js';

const EXPIRY_CHECK_MILLISECONDS = 1_000;
/** A graph service takes one for each walker and kind of call; the command some more. */
const HOP_PORT = {
  name: 'hop',
  connections: 256,
  remedy: 'one graph service is to use it; look for others at the socket',
};
const DRAIN_MILLISECONDS = 5_000;
/** Each further segment of an arena holds this share of the first one. */
const GROWTH_SHARE = 0.25;

/** A running iris service. */
export interface IrisService {
  readonly socket: string;
  readonly engine: EngineCore;
  stop(): Promise<void>;
}

/** @throws MisconfiguredError when the settings, the machine or the store do not allow it */
export async function startIrisService(
  settings: IrisServiceSettings,
  decision: PlacementDecision,
  logger: Logger,
): Promise<IrisService> {
  const mode = modeOf(settings);
  logger.info({ placement: decision.placement, reason: decision.reason }, 'placement decided');
  const closers = new Closers();
  try {
    const socket = await OwnedSocket.claim(settings.IRISPAIR_IRIS_SOCKET, settings.IRISPAIR_SOCKET_GROUP);
    closers.add(() => socket.release());
    const monitoring = await Monitoring.start(settings, logger);
    closers.add(() => monitoring.close());
    const metrics = monitoring.registry;
    showDecision(metrics, decision);
    showHugepages(metrics, () => readTopology().nodes);
    const tracing = await startTracing(settings, 'iris', logger);
    if (tracing !== undefined) closers.add(() => tracing.close());
    showTraces(metrics, tracing);
    const store = watchedStore(await openIrisStore(settings, mode.identity, logger), metrics);
    closers.add(() => store.close());
    const form = recordFormOf(store.identity);
    monitoring.notReady = 'mapping the arenas';
    const options = engineOptions(settings, decision, form);
    provideMemory(
      {
        arena: options.arena,
        recordBytes: form.recordBytes,
        stored: await store.count(),
        topology: readTopology(),
        residentBytes: process.memoryUsage.rss(),
      },
      readMemoryLimit(),
      logger,
    );
    const { engine, comparing } = await reportNative(() => mode.open({ options, metrics, logger }));
    closers.add(() => engine.close());
    closers.add(() => comparing.close());
    logArenas(engine, logger);
    showEngine(metrics, engine, settings.IRISPAIR_STORE_MAXIMUM_CAPACITY);
    const reporter = startReporter(settings, decision, engine);
    closers.add(() => {
      reporter.close();
      return Promise.resolve();
    });
    showPlacement(metrics, () => reporter.read(true));
    monitoring.notReady = 'loading irises';
    const gallery = new Gallery(engine, store);
    showStore(metrics, gallery);
    await gallery.load(new LoadProgress(metrics, logger));
    const traces =
      tracing === undefined ? undefined : new HopTraces(tracing, hopNodes(decision, readTopology(), 'iris'));
    return await serve({
      settings,
      socket,
      reporter,
      gallery,
      agreed: store.journal === undefined ? undefined : new AgreedBatches(gallery, store.journal),
      engine,
      comparing,
      form,
      monitoring,
      traces,
      closers,
      logger,
    });
  } catch (error) {
    await closers.close();
    throw error;
  }
}

/** What is there before the service serves. */
interface Parts {
  readonly settings: IrisServiceSettings;
  readonly socket: OwnedSocket;
  readonly gallery: Gallery;
  readonly agreed: AgreedBatches | undefined;
  readonly engine: EngineCore;
  readonly comparing: Comparing;
  readonly form: RecordForm;
  readonly reporter: ServiceReporter;
  readonly monitoring: Monitoring;
  readonly traces: HopTraces | undefined;
  readonly closers: Closers;
  readonly logger: Logger;
}

async function serve(parts: Parts): Promise<IrisService> {
  const {
    settings,
    socket,
    reporter,
    gallery,
    agreed,
    engine,
    comparing,
    form,
    monitoring,
    traces,
    closers,
    logger,
  } = parts;
  const sessions = new Sessions(engine, settings.IRISPAIR_QUERY_EXPIRY_SECONDS);
  const health = new HealthImplementation({ '': 'NOT_SERVING' });
  const server = new Server(HOP_SERVER_OPTIONS);
  health.addToServer(server);
  server.addService(
    IrisComputeService,
    computeHandlers({
      engine,
      comparing,
      form,
      gallery,
      agreed,
      sessions,
      placement: new PlacementReport(reporter, engine, gallery),
      requests: new RequestMetrics(monitoring.registry),
      traces,
      queryExpirySeconds: settings.IRISPAIR_QUERY_EXPIRY_SECONDS,
      logger,
    }),
  );
  await listen(server, socket);
  const guard = new SessionGuard(server, HOP_PORT, logger);
  monitoring.connections.add('hop', guard);
  const sayReady = () => {
    const { storeAway } = gallery;
    const reason = storeAway === undefined ? comparing.away : `the store takes no changes: ${storeAway}`;
    monitoring.notReady = reason;
    health.setStatus('', reason === undefined ? 'SERVING' : 'NOT_SERVING');
  };
  gallery.events.on('away', sayReady);
  comparing.events.on('away', sayReady);
  sayReady();
  logger.info(
    { socket: socket.path, irises: gallery.live, columns: form.columns, kernel: engine.kernel },
    'iris service serving',
  );
  const expiry = setInterval(() => {
    sessions.expire();
  }, EXPIRY_CHECK_MILLISECONDS);

  return {
    socket: socket.path,
    engine,
    async stop() {
      clearInterval(expiry);
      gallery.events.removeAllListeners();
      comparing.events.removeAllListeners();
      health.setStatus('', 'NOT_SERVING');
      monitoring.notReady = 'stopping';
      await drainServer(server, DRAIN_MILLISECONDS);
      sessions.close();
      guard.close();
      await closers.close();
      logger.info('iris service stopped');
    },
  };
}

function engineOptions(
  settings: IrisServiceSettings,
  { iris, arenas, placement }: PlacementDecision,
  { columns }: RecordForm,
): EngineOptions {
  const initialCapacity = settings.IRIS_STORE_INITIAL_CAPACITY;
  const pool: PoolPlan = { cpus: iris.cpus, node: iris.node, pinned: placement === 'split' };
  return {
    left: pool,
    right: pool,
    arena: {
      ...arenas,
      hugepages: settings.IRISPAIR_HUGEPAGES,
      hugetlbfs: settings.IRISPAIR_HUGETLBFS,
      initialCapacity,
      growBy: Math.max(1, Math.ceil(initialCapacity * GROWTH_SHARE)),
      maximumCapacity: settings.IRISPAIR_STORE_MAXIMUM_CAPACITY,
      strict: settings.IRISPAIR_PLACEMENT_STRICT,
    },
    kernel: null,
    columns,
  };
}

/** What the native layer refuses at the start, the settings or the machine do not allow. */
async function reportNative<Opened>(open: () => Promise<Opened>): Promise<Opened> {
  try {
    return await open();
  } catch (error) {
    if (nativeErrorCode(error) === undefined || !(error instanceof Error)) throw error;
    throw new MisconfiguredError(error.message, { cause: error });
  }
}

function startReporter(
  settings: IrisServiceSettings,
  decision: PlacementDecision,
  engine: EngineCore,
): ServiceReporter {
  return new ServiceReporter({
    service: 'iris',
    decision,
    splitAsked: isSplitAsked(settings),
    memoryNodes: nodesOfPolicy(decision.arenas.policy),
    parts: (countPages) => readArenas(engine, countPages),
  });
}

function logArenas(engine: EngineCore, logger: Logger): void {
  const { left, right } = engine.placement(false);
  const describe = ({ capacity, segments }: ArenaPlacement) => ({
    capacity,
    segments: segments.map(({ backing, bytes, policy, fallbacks }) => ({
      backing,
      bytes,
      policy,
      fallbacks,
    })),
  });
  logger.info({ left: describe(left), right: describe(right) }, 'arenas mapped');
}

async function listen(server: Server, socket: OwnedSocket): Promise<void> {
  await bind(server, socket.privateTarget);
  try {
    await socket.publish();
  } catch (error) {
    server.forceShutdown();
    throw error;
  }
}

function bind(server: Server, target: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.bindAsync(target, ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}
