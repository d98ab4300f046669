/**
 * The graph service: takes requests, walks the graph, decides; knows irises only as ids.
 *
 * 1. Answer those who watch, open the graph store, start the walkers, listen; not serving yet.
 * 2. Join the iris service: read its registry, catch the graph up, then serve. Again whenever the session is lost.
 * 3. On stop: finish what waits, then close everything.
 */
import { HealthImplementation } from 'grpc-health-check';
import { DamagedStoreError } from '@irispair/common/errors/errors';
import { drainServer } from '@irispair/common/grpc/drain';
import type { Logger } from '@irispair/common/log/logger';
import { matchLimit } from '@irispair/common/matching/threshold';
import { isSplitAsked, type PlacementDecision } from '@irispair/common/placement/decide';
import { nodesOfPolicy } from '@irispair/common/placement/memory-policy';
import { Closers } from '@irispair/common/process/closers';
import { Turns } from '@irispair/common/process/turns';
import { Monitoring } from '@irispair/common/telemetry/monitoring';
import { showDecision, showHugepages, showPlacement } from '@irispair/common/telemetry/placement-metrics';
import { RequestMetrics } from '@irispair/common/telemetry/request-metrics';
import { showTraces } from '@irispair/common/telemetry/trace-metrics';
import { hopNodes } from '@irispair/common/traces/hop-nodes';
import { startTracing } from '@irispair/common/traces/start-tracing';
import { ServiceReporter } from '@irispair/native/service-reporter';
import { readTopology } from '@irispair/native/topology';
import { publicCalls } from './api/calls.js';
import { adminCalls } from './api/admin-calls.js';
import { publicLimits } from './api/public-limits.js';
import { createPublicServer, guardPort, listen } from './api/public-server.js';
import { decideBatch, type BatchParts, type BatchTerms } from './batch/decide-batch.js';
import type { Desk } from './batch/desk.js';
import type { Pending } from './batch/request.js';
import { HopStream } from './hop/hop-stream.js';
import { settleBelonging } from './index/belonging.js';
import { GraphIndex, rowLimitFor, type GraphIndexOptions } from './index/graph-index.js';
import { IrisClient } from './iris/iris-client.js';
import { IrisLink } from './iris/iris-link.js';
import { PopulationShape } from './iris/population-shape.js';
import { Registry } from './iris/registry.js';
import { Matcher } from './matching/matcher.js';
import { plainMode } from './mode/plain-mode.js';
import { sharedMode } from './mode/shared-mode.js';
import { Page } from './page/page.js';
import { RecentPlacement } from './page/recent-placement.js';
import { Snapshots } from './page/snapshots.js';
import { PlacementReport, readGraph } from './placement/placement-report.js';
import { Readiness, SERVICES, stopping } from './readiness.js';
import { Auditor } from './recall/auditor.js';
import { RecallMeasurement } from './recall/measurement.js';
import type { GraphServiceSettings } from './settings.js';
import { StatusReport } from './status/status-report.js';
import type { GraphStore } from './store/graph-store.js';
import { openGraphStore } from './store/open-graph-store.js';
import { setAside } from './store/set-aside.js';
import { AdmissionMetrics } from './telemetry/admission-metrics.js';
import { BatchMetrics } from './telemetry/batch-metrics.js';
import { CatchUpProgress } from './telemetry/catch-up-progress.js';
import { showGraph, showRequests } from './telemetry/graph-metrics.js';
import { showHop } from './telemetry/hop-metrics.js';
import { showLanes } from './telemetry/lane-metrics.js';
import { RecallMetrics } from './telemetry/recall-metrics.js';
import { SlowRequests } from './telemetry/slow-requests.js';
import { showCalls } from './telemetry/call-metrics.js';
import { watchedCalls } from './telemetry/watched-calls.js';
import { watchStores } from './telemetry/watched-store.js';
import type { ComparisonTerms } from './walk/order.js';

const DRAIN_MILLISECONDS = 3_000;
const SAVE_AGAIN_MILLISECONDS = 1_000;

/** A running graph service. */
export interface GraphService {
  /** Port of the public API. */
  readonly port: number;
  readonly index: GraphIndex;
  stop(): Promise<void>;
}

/** @throws MisconfiguredError when the settings, the machine or the store do not allow it */
export async function startGraphService(
  settings: GraphServiceSettings,
  decision: PlacementDecision,
  logger: Logger,
): Promise<GraphService> {
  logger.info({ placement: decision.placement, reason: decision.reason }, 'placement decided');
  const closers = new Closers();
  try {
    const monitoring = await Monitoring.start(settings, logger);
    closers.add(() => monitoring.close());
    const snapshots = new Snapshots(decision, () => monitoring.notReady);
    showPage(settings, monitoring, snapshots, logger);
    showDecision(monitoring.registry, decision);
    showHugepages(monitoring.registry, () => readTopology().nodes);
    return await startServing(settings, decision, monitoring, snapshots, closers, logger);
  } catch (error) {
    await closers.close();
    throw error;
  }
}

function showPage(
  settings: GraphServiceSettings,
  monitoring: Monitoring,
  snapshots: Snapshots,
  logger: Logger,
): void {
  if (monitoring.reach === undefined) return;
  const page = new Page(settings.IRISPAIR_PAGE, snapshots);
  monitoring.further = (path, reach) => page.answer(path, reach);
  if (page.isShown(monitoring.reach))
    logger.info({ listen: settings.IRISPAIR_HTTP_LISTEN, port: monitoring.port }, 'the page is shown');
}

async function startServing(
  settings: GraphServiceSettings,
  decision: PlacementDecision,
  monitoring: Monitoring,
  snapshots: Snapshots,
  closers: Closers,
  logger: Logger,
): Promise<GraphService> {
  const metrics = monitoring.registry;
  const socket = settings.IRISPAIR_IRIS_SOCKET;
  const rotations = Number(settings.IRISPAIR_ROTATIONS);
  const terms: ComparisonTerms = {
    rotationReach: (rotations - 1) / 2,
    matchLimit: matchLimit(settings.IRISPAIR_THRESHOLD),
  };
  const overrides = { m: settings.IRISPAIR_M, mMax: settings.IRISPAIR_M_MAX, ef: settings.IRISPAIR_EF };

  const shape = new PopulationShape();
  const accepted = () => ({ columns: shape.columns, masks: settings.IRISPAIR_MASKS });
  const mode = settings.IRISPAIR_MODE === 'shared' ? sharedMode(settings) : plainMode(settings, accepted);
  const tracing = await startTracing(settings, 'graph', logger);
  if (tracing !== undefined) closers.add(() => tracing.close());
  showTraces(metrics, tracing);
  monitoring.notReady = 'loading the graph';
  const rowLimit = rowLimitFor(settings.IRIS_STORE_INITIAL_CAPACITY, overrides);
  const watched = watchStores(metrics);
  const openStore = async () => watched(await openGraphStore(settings, rowLimit, mode.holder, logger));
  const hop = new HopStream(socket);
  closers.add(() => {
    hop.close();
    return Promise.resolve();
  });
  const nodes = hopNodes(decision, readTopology(), 'graph');
  const index = await openIndex(openStore, {
    socket,
    hop,
    walkers: settings.IRISPAIR_WALKERS,
    overrides,
    terms,
    hopNodes: nodes,
    sum: mode.sums.graph,
    logger,
  });
  closers.add(() => index.close());
  const client = new IrisClient(socket);
  closers.add(() => {
    client.close();
    return Promise.resolve();
  });
  const registry = new Registry(mode.sums.registry);
  const batchMetrics = new BatchMetrics(metrics);
  const matcher = new Matcher(index, client, hop, terms, mode.index, batchMetrics, nodes, mode.distances);
  const auditor = new Auditor(mode.auditShare, {
    client,
    registry,
    index,
    terms,
    metrics: new RecallMetrics(metrics),
    logger,
  });
  const health = new HealthImplementation(
    Object.fromEntries(SERVICES.map((name) => [name, 'NOT_SERVING' as const])),
  );
  const readiness = new Readiness(health, monitoring, logger);

  // Deciding and catching up both write the graph: never at once.
  const turns = new Turns();
  const progress = new CatchUpProgress(metrics, logger);
  readiness.serveNot('joining the iris service');
  const parts: BatchParts = {
    client,
    link: () => link,
    nodes,
    index,
    matcher,
    registry,
    auditor,
    logger,
    fellBehind: () => {
      desk.fellBehind();
    },
  };
  const slowRequests = new SlowRequests();
  const decide = (batch: readonly Pending[], batchTerms: BatchTerms) =>
    batchMetrics.watch(batch.length, () =>
      slowRequests.watch(batch, (watched, observer) => decideBatch(watched, parts, observer, batchTerms)),
    );
  const admission = new AdmissionMetrics(metrics);
  const desk: Desk = await mode.openDesk({
    limits: {
      size: settings.IRISPAIR_BATCH_SIZE,
      milliseconds: settings.IRISPAIR_BATCH_MILLISECONDS,
      queue: settings.IRISPAIR_QUEUE_SIZE,
    },
    decide,
    noteTurned: (reason) => {
      admission.note(reason);
    },
    client,
    index,
    registry,
    progress,
    readiness,
    link: () => link,
    turns,
    metrics,
    logger,
  });
  const link = new IrisLink(
    client,
    {
      joined: (session, irises, columns) =>
        turns.take(async () => {
          shape.note(columns);
          readiness.noteIrisAway('the graph is catching up with the iris service');
          await desk.greet(session);
          const followed = client.follow(irises);
          registry.reset(await client.registry());
          await settleBelonging(index, followed, registry, logger);
          progress.begin();
          await desk.catchUp();
        }),
      ready: () => {
        desk.joined();
      },
      lost: () => {
        desk.lost();
        logger.warn('the iris service is away');
      },
      away: (reason) => {
        readiness.noteIrisAway(reason);
      },
      silent: (reason) => {
        readiness.noteSilence(reason);
      },
      cut: (reason) => {
        index.reconnect(reason);
      },
      partyAway: (reason) => {
        desk.partyAway(reason);
      },
      storeAway: (reason) => {
        readiness.noteStoreAway(reason);
      },
    },
    logger,
  );
  // The auditor goes before the desk, the desk before the link.
  closers.add(() => link.close());
  closers.add(() => desk.close());
  closers.add(() => auditor.close());
  const status = new StatusReport({
    party: mode.party,
    shape,
    index,
    registry,
    matcher,
    client,
    decision,
    threshold: settings.IRISPAIR_THRESHOLD,
    rotations,
    isReady: () => readiness.isReady,
    irisAway: () => readiness.irisAway,
    storeAway: () => readiness.storeAway,
    logger,
  });
  const reporter = new ServiceReporter({
    service: 'graph',
    decision,
    splitAsked: isSplitAsked(settings),
    memoryNodes: nodesOfPolicy(decision.graph.memory),
    parts: (countPages) => readGraph(index, countPages),
  });
  const placement = new PlacementReport(reporter, client, () => readiness.irisAway);
  const checkReady = () => {
    readiness.check();
  };
  const calls = publicCalls({
    desk,
    requests: mode.requests,
    client,
    registry,
    status,
    placement,
    checkReady,
  });
  const requests = new RequestMetrics(metrics);
  const measurement = new RecallMeasurement({
    client,
    registry,
    index,
    terms,
    sessionId: () => link.sessionId,
    logger,
  });
  const admin = adminCalls({
    measurement,
    accepted,
    requests,
    usesWalks: () => matcher.usesWalks,
    nodes: () => ({ nodes: index.size, ...index.shape }),
    checkReady: () => {
      mode.checkMeasurable();
      checkReady();
    },
  });
  const stop = new AbortController();
  const callsWatched = watchedCalls(calls, requests, metrics);
  const limits = publicLimits(settings, logger);
  const server = createPublicServer(callsWatched, admin, health, logger, tracing, limits, stop.signal);
  showCalls(metrics, limits.calls);
  showGraph(metrics, index);
  showHop(metrics, index);
  showLanes(metrics, client.lanes);
  showRequests(metrics, registry, desk);
  showPlacement(metrics, () => reporter.read(true));
  snapshots.watch({
    index,
    registry,
    matcher,
    desk,
    slowRequests,
    catchUp: progress,
    placement: new RecentPlacement(() => placement.read(), logger),
    storeAway: () => readiness.storeAway,
  });

  const savingAgain = setInterval(() => {
    void turns.take(() => index.saveWhatIsLeft());
  }, SAVE_AGAIN_MILLISECONDS);

  closers.add(() => {
    clearInterval(savingAgain);
    reporter.close();
    return Promise.resolve();
  });

  const port = await listen(server, settings.IRISPAIR_LISTEN);
  const guard = guardPort(server, settings, logger);
  monitoring.connections.add('api', guard);
  closers.add(() => {
    guard.close();
    limits.calls.close();
    return Promise.resolve();
  });
  logger.info({ listen: settings.IRISPAIR_LISTEN, port }, 'graph service listening');
  return {
    port,
    index,
    async stop() {
      readiness.stop();
      stop.abort();
      await drainServer(server, DRAIN_MILLISECONDS, () => {
        desk.dismiss(stopping());
      });
      await desk.drained();
      await closers.close();
      logger.info('graph service stopped');
    },
  };
}

/** Opens the graph that is stored; one that is damaged is begun anew. */
async function openIndex(
  openStore: () => Promise<GraphStore>,
  options: Omit<GraphIndexOptions, 'store'>,
): Promise<GraphIndex> {
  try {
    return await openStoredIndex(openStore, options);
  } catch (error) {
    if (!(error instanceof DamagedStoreError)) throw error;
    await setAside(error, options.logger);
    options.sum.clear();
    return openStoredIndex(openStore, options);
  }
}

async function openStoredIndex(
  openStore: () => Promise<GraphStore>,
  options: Omit<GraphIndexOptions, 'store'>,
): Promise<GraphIndex> {
  const store = await openStore();
  try {
    return await GraphIndex.open({ ...options, store });
  } catch (error) {
    await store.close();
    throw error;
  }
}
