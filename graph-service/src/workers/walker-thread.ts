/** A walker thread: its own stream to the iris service, many walks at once. */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '@irispair/common/errors/message';
import { monotonicMicroseconds } from '@irispair/common/clock/monotonic';
import { IrisPairError, UnavailableError } from '@irispair/common/errors/errors';
import type { SpanPlace } from '@irispair/common/traces/place';
import { nameThread } from '@irispair/native/thread-name';
import { GraphMemory } from '../graph/graph-memory.js';
import { durationsIn } from '../hop/hop-durations.js';
import { HopStream } from '../hop/hop-stream.js';
import type { StepTrace, TracedHop } from '../traces/traced-hop.js';
import type { EntryPoints, SearchOrder } from '../walk/order.js';
import { walk } from '../walk/walk.js';
import type { FromWalker, ThreadSetup, ToWalker, TracedWalk, WalkOutcome } from './messages.js';

const setup = workerData as ThreadSetup;
nameThread(setup.name);
const memory = new GraphMemory(setup.rowLimit);
const hop = new HopStream(setup.socket, durationsIn(setup.durations));
let entryPoints: EntryPoints = { topLayer: 0, serials: new Uint32Array() };

async function outcomeOf(order: SearchOrder, trace?: StepTrace): Promise<WalkOutcome> {
  try {
    return { ok: true, result: await walk(order, { memory, entryPoints, terms: setup.terms }, hop, trace) };
  } catch (error) {
    const message = messageOf(error);
    return { ok: false, code: error instanceof IrisPairError ? error.code : null, message };
  }
}

async function work(job: number, orders: readonly SearchOrder[]): Promise<void> {
  const traced: TracedWalk[] = [];
  const outcomes = await Promise.all(
    orders.map((order, index) =>
      order.trace === undefined ? outcomeOf(order) : tracedOutcomeOf(order, index, order.trace, traced),
    ),
  );
  const answer: FromWalker = { job, outcomes, counters: hop.counters, traced };
  parentPort?.postMessage(answer);
}

async function tracedOutcomeOf(
  order: SearchOrder,
  index: number,
  above: SpanPlace,
  traced: TracedWalk[],
): Promise<WalkOutcome> {
  const hops: TracedHop[] = [];
  const outcome = await outcomeOf(order, { above, note: (one) => hops.push(one) });
  traced.push({ index, ended: monotonicMicroseconds(), hops });
  return outcome;
}

parentPort?.on('message', (message: ToWalker) => {
  switch (message.kind) {
    case 'chunk':
      memory.adopt(message.chunk);
      break;
    case 'entry points':
      entryPoints = message.entryPoints;
      break;
    case 'search':
      void work(message.job, message.orders);
      break;
    case 'suspend':
      hop.suspend(new UnavailableError(message.reason));
      break;
    case 'resume':
      hop.resume();
      break;
    case 'reconnect':
      hop.reconnect(message.reason);
      break;
    case 'stop':
      hop.close();
      parentPort?.close();
      break;
  }
});
