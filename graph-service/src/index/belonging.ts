/**
 * Whether the graph was built from the irises that the iris service has.
 *
 * Nodes know irises by serial id and version alone. Over other irises with the same ids the old links stay in use, and people are
 * missed. So a graph remembers the identity of its iris store and the latest commit that it may know, and every time the
 * services join, both are compared with what the iris service says.
 *
 * 1. An empty graph takes any irises.
 * 2. Irises that are fewer than the graph knows are refused when their store is empty or not the graph's own: a wrong
 *    place is more likely than the wish to forget people.
 * 3. A graph of another store, or one that knows a later commit, a higher serial id or a newer version than its store has (a
 *    backup was put back), is built anew.
 */
import { MisconfiguredError } from '@irispair/common/errors/errors';
import type { SerialId } from '@irispair/common/ids/vector-id';
import type { Logger } from '@irispair/common/log/logger';
import type { RegisteredIris } from '../iris/registered-iris.js';
import type { IrisPoint } from '../store/graph-store.js';

/** What a graph knows, compared with the registry. */
export interface KnownIrises {
  /** Of the graph's store, for messages. */
  readonly place: string;
  /** The irises that it was built from; undefined when it remembers none. */
  readonly irises: IrisPoint | undefined;
  /** How many serial ids it knows, deleted ones included. */
  readonly ids: number;
  /** The highest of them; 0 when there is none. */
  readonly highest: number;
  /** One that it knows at a newer version than is registered; undefined when there is none. */
  readonly newer: SerialId | undefined;
}

/** What the iris service has. */
export interface ServedIrises extends IrisPoint {
  /** The highest serial id ever given; 0 when none. */
  readonly highest: number;
}

/** What becomes of the graph. */
export enum Verdict {
  Keep = 'keep',
  BuildAnew = 'build anew',
  Refuse = 'refuse',
}

/** A verdict and why. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly why: string;
}

/** Judges by the rules above. */
export function judge(known: KnownIrises, served: ServedIrises): Judgement {
  if (known.ids === 0) return { verdict: Verdict.Keep, why: 'the graph is empty' };
  const isOwn = known.irises?.storeId === served.storeId;
  if (served.highest < known.highest && (served.highest === 0 || !isOwn)) {
    return { verdict: Verdict.Refuse, why: whyFewer(known, served) };
  }
  const why = whyOther(known, served) ?? whyAhead(known, served);
  return why === undefined
    ? { verdict: Verdict.Keep, why: 'the graph was built from these irises' }
    : { verdict: Verdict.BuildAnew, why };
}

function whyFewer({ place, highest, irises }: KnownIrises, served: ServedIrises): string {
  const store = served.storeId === '' ? 'the iris store' : `the iris store ${served.storeId}`;
  const holds = served.highest === 0 ? 'is empty' : `ends at serial id ${served.highest}`;
  const from = irises === undefined ? '' : `was built from the iris store ${irises.storeId} and `;
  return `${store} ${holds}, but the graph in ${place} ${from}knows serial ids up to ${highest}`;
}

function whyOther({ irises }: KnownIrises, { storeId }: ServedIrises): string | undefined {
  if (irises === undefined || storeId === '' || irises.storeId === storeId) return undefined;
  return `the irises are those of the store ${storeId}, the graph was built from the store ${irises.storeId}`;
}

/** Why a graph of the same store, or one that remembers none, knows more than the irises say. */
function whyAhead({ irises, highest, newer }: KnownIrises, served: ServedIrises): string | undefined {
  const { storeId, commitCount } = served;
  if (irises?.storeId === storeId && irises.commitCount > commitCount) {
    return `the iris store is at commit ${commitCount}, the graph at ${irises.commitCount}: an earlier state was put back`;
  }
  if (highest > served.highest) {
    return `the iris store ends at serial id ${served.highest}, the graph knows serial ids up to ${highest}`;
  }
  if (newer !== undefined) return `the graph knows serial id ${newer} at a newer version than the iris store`;
  return undefined;
}

/** A graph that can be judged. */
export interface JudgedGraph {
  /** What it knows, compared with the registry. */
  knownIrises(registered: (serial: number) => RegisteredIris | undefined): KnownIrises;
  /** Durably remembers these irises. */
  belongTo(irises: IrisPoint): Promise<void>;
  /** Durably forgets every node and remembers these irises. */
  beginAnew(irises: IrisPoint): Promise<void>;
}

/** The registry of these irises. */
export interface Registered {
  /** The highest serial id; 0 when none. */
  readonly highest: number;
  entry(serial: number): RegisteredIris | undefined;
}

/**
 * Keeps the graph, or empties it so that it is built anew from these irises.
 * @param irises of the session; further commits are counted in it
 * @throws MisconfiguredError when irises that the graph knows are missing, with the remedies
 */
export async function settleBelonging(
  graph: JudgedGraph,
  irises: IrisPoint,
  registry: Registered,
  logger: Logger,
): Promise<void> {
  const known = graph.knownIrises((serial) => registry.entry(serial));
  const { storeId, commitCount } = irises;
  const { verdict, why } = judge(known, { storeId, commitCount, highest: registry.highest });
  switch (verdict) {
    case Verdict.Keep:
      await graph.belongTo(irises);
      return;
    case Verdict.BuildAnew:
      logger.warn({ why, ids: known.ids, storeId, commitCount }, 'the graph is built anew');
      await graph.beginAnew(irises);
      return;
    case Verdict.Refuse:
      throw new MisconfiguredError(
        `${why}: those people would not be found. Correct IRISPAIR_IRIS_STORE, or put a backup of the irises back; to go on ` +
          'with these irises remove the graph store, or name another by IRISPAIR_GRAPH_STORE',
      );
  }
}
