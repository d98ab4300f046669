/**
 * Decides one batch (DESIGN section 5).
 *
 * 0. Upload the probes.
 * 1. Search both sides, normal and mirror.
 * 2. Compare the batch's own requests with each other.
 * 3. Compare directly what was found on one side only, and the OR-lists.
 * 4. Decide each request in order: an earlier one that will be enrolled counts as enrolled.
 * 5. Store what is to be stored, durably; then link it; then answer.
 *    When the database refuses one of the changes, each request that waits for them is decided anew, by itself.
 * 6. Hand over the searches that were drawn for an audit, with their probes; release the others'.
 */
import { monotonicMicroseconds } from '@irispair/common/clock/monotonic';
import {
  ExhaustedError,
  NotFoundError,
  RefusedChangeError,
  StoreAwayError,
  UnavailableError,
} from '@irispair/common/errors/errors';
import type { SerialId, VectorId } from '@irispair/common/ids/vector-id';
import { FIRST_VERSION, serialId } from '@irispair/common/ids/vector-id';
import { Side } from '@irispair/common/iris/side';
import type { Logger } from '@irispair/common/log/logger';
import { nodeAttributes, type HopNodes } from '@irispair/common/traces/hop-nodes';
import { SpanKind, type OpenSpan } from '@irispair/common/traces/span';
import type { SpanGroup } from '@irispair/common/traces/span-group';
import type { Change, TraceContext } from '@irispair/proto/compute';
import { NO_RUN_NAMES, type RunNames } from '../agreement/run-names.js';
import type { GraphIndex, NewNode } from '../index/graph-index.js';
import type { IrisClient } from '../iris/iris-client.js';
import type { IrisLink } from '../iris/iris-link.js';
import type { Registry } from '../iris/registry.js';
import { releaseQueries } from '../iris/release-queries.js';
import type { BatchMates } from '../matching/batch-mates.js';
import { decide, Decision, type Sighting, type Verdict } from '../matching/decision.js';
import type { Matcher } from '../matching/matcher.js';
import { sightings, type FourSearches } from '../matching/sightings.js';
import type { Auditor, DrawnSearch } from '../recall/auditor.js';
import type { BatchObserver } from '../telemetry/slow-requests.js';
import { BatchTraces } from '../traces/batch-traces.js';
import { lost } from './admission.js';
import type { Answer, Ask, Patience, Pending } from './request.js';

/** What a batch is decided with. */
export interface BatchParts {
  readonly client: IrisClient;
  readonly link: () => IrisLink;
  readonly nodes: HopNodes;
  readonly index: GraphIndex;
  readonly matcher: Matcher;
  readonly registry: Registry;
  readonly auditor: Auditor;
  readonly logger: Logger;
  /** The graph could not follow a stored change: it must be caught up before anything else is decided. */
  readonly fellBehind: () => void;
}

/** What becomes of a batch when the database refuses one of its changes. */
export enum Refusal {
  /** Each of its requests is decided anew, by itself: only the one to blame is refused. */
  Apart,
  /** All of its requests are refused. */
  Together,
}

/** How a batch is decided: alone, or as two other parties decide it. */
export interface BatchTerms {
  readonly runs: RunNames;
  readonly refusal: Refusal;
  /** Why a request needs no work any more, looked at before each stage; undefined for one that does. */
  lost(patience: Patience): Error | undefined;
  /**
   * Asked once it is decided, before anything is stored.
   * @param traces of the requests that change something
   * @throws whatever all its requests are to be rejected with
   */
  consent(outcomes: readonly Outcome[], traces: SpanGroup): Promise<void>;
  /** Stores the changes that were consented to, durably; resolves to the new ids. */
  store(changes: readonly Change[], trace: TraceContext | undefined, client: IrisClient): Promise<VectorId[]>;
}

/** Plain mode. */
export const ALONE: BatchTerms = {
  runs: NO_RUN_NAMES,
  refusal: Refusal.Apart,
  lost,
  consent: () => Promise.resolve(),
  store: (changes, trace, client) => client.commit(changes, trace),
};

/** Who looks on while a batch is decided. */
interface Watchers {
  readonly terms: BatchTerms;
  readonly traces: BatchTraces;
  readonly stages: BatchObserver;
  /** Searches that an audit is to repeat. */
  readonly drawn: DrawnSearch[];
}

type WithIris = Extract<Ask, { iris: unknown }>;
type Searching = Extract<Ask, { kind: 'enroll' | 'search' }>;

/** A request in work. */
interface Case<Kind extends Ask = Ask> {
  readonly pending: Pending;
  readonly ask: Kind;
  /** Its prepared query; 0 for a deletion. */
  readonly handle: number;
  /** Its place in the batch. */
  readonly place: number;
}

/** What a case changes in the store, and how it is answered once that is done. */
export interface Outcome {
  readonly pending: Pending;
  readonly change: Change | undefined;
  readonly near: NewNode['near'] | undefined;
  /** Whether the answer names a request of the same batch, which must be stored for it to hold. */
  readonly needsMates: boolean;
  readonly answer: (id: VectorId | undefined) => Answer;
}

/**
 * Settles every request of the batch.
 * @param stages is told of its stages
 */
export async function decideBatch(
  given: readonly Pending[],
  parts: BatchParts,
  stages: BatchObserver,
  terms: BatchTerms = ALONE,
): Promise<void> {
  // Catching up with the iris service may have come between.
  const batch = given.filter((pending) => isWanted(pending, terms));
  if (batch.length === 0) return;
  const handles: number[] = [];
  const watchers: Watchers = { traces: BatchTraces.begin(batch), stages, terms, drawn: [] };
  const { traces } = watchers;
  let kept: ReadonlySet<number> = new Set();
  let refused: readonly Pending[] = [];
  try {
    const prepared = await stages.during('upload of probes', () => prepare(batch, parts, handles, traces));
    const cases = prepared.filter(({ pending }) => isWanted(pending, terms, traces));
    const searching = cases.filter(isSearching);
    const [verdicts, others] = await Promise.all([
      decideSearches(searching, parts, watchers),
      decideOthers(
        cases.filter((one) => !isSearching(one)),
        parts,
        watchers,
      ),
    ]);
    refused = await storeAndAnswer([...verdicts, ...others], parts, watchers);
    if (refused.length === 0) kept = parts.auditor.take(watchers.drawn);
  } catch (error) {
    // A query or session that is gone went with the iris service: no fault of the caller.
    const reason =
      error instanceof NotFoundError
        ? new UnavailableError(`the iris service restarted: ${error.message}`)
        : error;
    for (const pending of batch) traces.reject(pending, reason);
  } finally {
    traces.all().end();
    const over = handles.filter((handle) => !kept.has(handle));
    void releaseQueries(parts.client, over, parts.logger);
  }
  for (const pending of refused) await decideBatch([pending], parts, stages, terms);
}

/** Whether anybody waits for the answer; rejects the request when not. */
function isWanted(pending: Pending, terms: BatchTerms, traces?: BatchTraces): boolean {
  const impatience = terms.lost(pending.patience);
  if (impatience === undefined) return true;
  if (traces === undefined) pending.reject(impatience);
  else traces.reject(pending, impatience);
  return false;
}

function isSearching(one: Case): one is Case<Searching> {
  return one.ask.kind === 'enroll' || one.ask.kind === 'search';
}

async function prepare(
  batch: readonly Pending[],
  { client, link, nodes }: BatchParts,
  handles: number[],
  traces: BatchTraces,
): Promise<Case[]> {
  const probes = batch.flatMap(({ ask }) => ('iris' in ask ? [ask.iris] : []));
  const session = link().sessionId;
  if (probes.length > 0) {
    const prepared = traces
      .group(batch)
      .watch('prepare', SpanKind.Client, ({ context }) => client.prepare(session, probes, context), {
        ...nodeAttributes(nodes),
        'irispair.prepare.probes': probes.length,
      });
    handles.push(...(await prepared));
  }
  let next = 0;
  return batch.map((pending, place) => ({
    pending,
    place,
    ask: pending.ask,
    handle: 'iris' in pending.ask ? handles[next++] : 0,
  }));
}

async function decideSearches(
  cases: readonly Case<Searching>[],
  parts: BatchParts,
  watchers: Watchers,
): Promise<Outcome[]> {
  if (cases.length === 0) return [];
  const { traces, stages, terms } = watchers;
  const handles = cases.map(({ handle }) => handle);
  const spans = cases.map(({ pending }) => traces.of(pending));
  const [searched, mates] = await Promise.all([
    stages.during('searches', () =>
      parts.matcher.searchAll(handles, cases.map(deadlineOf), spans, terms.runs),
    ),
    stages.during('batch mates', () => parts.matcher.compareBatch(handles, spans, terms.runs)),
  ]);
  cases.forEach(({ pending }, place) => {
    stages.searched(pending, searched[place]);
  });
  const seen = await stages.during('direct comparisons', () =>
    Promise.all(
      cases.map((one, index) => sightingsOf(one, searched[index], parts, terms.runs, spans[index])),
    ),
  );
  return decideInOrder(cases, searched, seen, mates, parts, watchers);
}

function deadlineOf({ pending }: Case): number {
  const { deadline } = pending.patience;
  return deadline === Infinity ? 0 : monotonicMicroseconds() + (deadline - Date.now()) * 1_000;
}

async function sightingsOf(
  { ask, handle, place }: Case<Searching>,
  four: FourSearches | Error,
  { matcher, registry }: BatchParts,
  runs: RunNames,
  trace: OpenSpan | undefined,
): Promise<Sighting[] | Error> {
  if (four instanceof Error) return four;
  const orList = ask.orList.flatMap((serial) => registry.find(serial) ?? []);
  return sightings(four, orList, (side, orientation, ids) => {
    const run = runs.next('direct', place, side, orientation);
    return matcher.compareDirectly(handle, side, orientation, ids, run, trace);
  });
}

function decideInOrder(
  cases: readonly Case<Searching>[],
  searched: readonly (FourSearches | Error)[],
  seen: readonly (Sighting[] | Error)[],
  mates: BatchMates,
  parts: BatchParts,
  watchers: Watchers,
): Outcome[] {
  const outcomes: Outcome[] = [];
  const enrolled: { place: number; id: VectorId }[] = [];
  let next: number = parts.registry.next;
  cases.forEach(({ pending, ask, handle }, place) => {
    const four = searched[place];
    const own = seen[place];
    const impatience = lost(pending.patience);
    if (four instanceof Error || own instanceof Error || impatience !== undefined) {
      watchers.traces.reject(pending, impatience ?? (four instanceof Error ? four : own));
      return;
    }
    const fromMates = enrolled.flatMap((earlier) => mates.sightings(earlier.place, place, earlier.id));
    const verdict = decide([...own, ...fromMates], new Set(ask.orList));
    const isEnrolled = ask.kind === 'enroll' && verdict.decision === Decision.Unique;
    drawForAudit(cases[place], four, verdict, isEnrolled ? next : null, parts, watchers);
    if (!isEnrolled) {
      outcomes.push({
        pending,
        change: undefined,
        near: undefined,
        needsMates: fromMates.length > 0,
        answer: () => answered(verdict, null),
      });
      return;
    }
    const serial = serialId(next);
    next += 1;
    enrolled.push({ place, id: { serialId: serial, version: FIRST_VERSION } });
    outcomes.push({
      pending,
      change: { kind: { $case: 'insert', value: { queryHandle: handle, serialId: serial } } },
      near: [four.normal[Side.Left].neighbours, four.normal[Side.Right].neighbours],
      needsMates: fromMates.length > 0,
      answer: () => answered(verdict, serial),
    });
  });
  return outcomes;
}

/** Has an audit repeat the search, if it is drawn. @param enrolledAs serial id; null when it enrols nobody */
function drawForAudit(
  { pending, ask, handle }: Case<Searching>,
  walked: FourSearches,
  { decision }: Verdict,
  enrolledAs: number | null,
  { matcher, auditor, registry, index }: BatchParts,
  { drawn }: Watchers,
): void {
  if (!matcher.usesWalks || !auditor.draw()) return;
  drawn.push({
    handle,
    walked,
    moment: registry.moment(),
    about: {
      requestId: pending.patience.requestId,
      request: ask.kind,
      decision,
      enrolledAs,
      ef: index.parameters.ef,
      ...index.shape,
    },
  });
}

function answered(verdict: Verdict, enrolled: SerialId | null): Answer {
  return { kind: 'verdict', verdict, enrolled };
}

async function decideOthers(
  cases: readonly Case[],
  parts: BatchParts,
  { traces, stages, terms }: Watchers,
): Promise<Outcome[]> {
  if (cases.length === 0) return [];
  const decided = await stages.during('verification', () =>
    Promise.all(cases.map((one) => decideOther(one, parts, terms.runs, traces))),
  );
  return decided.flat();
}

/** Verify, reauthenticate, delete. A request that cannot be decided is rejected and changes nothing. */
async function decideOther(
  one: Case,
  { registry, matcher }: BatchParts,
  runs: RunNames,
  traces: BatchTraces,
): Promise<Outcome[]> {
  const { pending, ask } = one;
  try {
    if (ask.kind === 'delete') {
      const expected = registry.get(ask.serialId);
      return [
        {
          pending,
          change: { kind: { $case: 'delete', value: { expected } } },
          near: undefined,
          needsMates: false,
          answer: (id) => ({ kind: 'deleted', version: id?.version ?? expected.version }),
        },
      ];
    }
    const verifying = one as Case<Exclude<WithIris, Searching>>;
    return [await verify(verifying, registry, matcher, runs, traces.of(pending))];
  } catch (error) {
    traces.reject(pending, error);
    return [];
  }
}

async function verify(
  { pending, ask, handle, place }: Case<Exclude<WithIris, Searching>>,
  registry: Registry,
  matcher: Matcher,
  runs: RunNames,
  trace: OpenSpan | undefined,
): Promise<Outcome> {
  const id = registry.get(ask.serialId);
  const [left, right] = await Promise.all(
    [Side.Left, Side.Right].map((side) =>
      matcher.compareOne(handle, side, id, runs.next('direct', place, side), trace),
    ),
  );
  const replaces = ask.kind === 'reauthenticate' && left.matches && right.matches;
  return {
    pending,
    change: replaces
      ? { kind: { $case: 'update', value: { queryHandle: handle, expected: id } } }
      : undefined,
    near: undefined,
    needsMates: false,
    answer: (now) => ({ kind: 'verified', left, right, version: now?.version ?? id.version }),
  };
}

/** @returns requests to be decided anew, each by itself: the database refuses a change, and others may do without it */
async function storeAndAnswer(
  outcomes: readonly Outcome[],
  parts: BatchParts,
  { traces, stages, terms }: Watchers,
): Promise<readonly Pending[]> {
  const changing = outcomes.filter(({ change }) => change !== undefined);
  const shown = traces.group(changing.map(({ pending }) => pending));
  await terms.consent(outcomes, shown);
  for (const { pending, answer } of outcomes.filter(isSettled)) pending.resolve(answer(undefined));
  const waiting = outcomes.filter((outcome) => !isSettled(outcome));
  if (waiting.length === 0) return [];
  let ids: VectorId[] = [];
  try {
    if (changing.length > 0) ids = await stages.during('commit', () => commit(changing, parts, shown, terms));
  } catch (error) {
    const isShared = error instanceof RefusedChangeError && waiting.length > 1;
    if (!isShared || terms.refusal === Refusal.Together) throw error;
    return waiting.map(({ pending }) => pending);
  }
  await stages.during('link', () => follow(changing, ids, parts, shown, terms.runs));
  const idOf = new Map(changing.map(({ pending }, place) => [pending, ids[place]]));
  for (const { pending, answer } of waiting) pending.resolve(answer(idOf.get(pending)));
  return [];
}

/** What neither is stored nor names what is: it holds whatever becomes of the commit. */
function isSettled({ change, needsMates }: Outcome): boolean {
  return change === undefined && !needsMates;
}

async function commit(
  changing: readonly Outcome[],
  { client, nodes, fellBehind }: BatchParts,
  traces: SpanGroup,
  terms: BatchTerms,
): Promise<VectorId[]> {
  const changes = changing.flatMap(({ change }) => change ?? []);
  try {
    return await traces.watch(
      'commit',
      SpanKind.Client,
      ({ context }) => terms.store(changes, context, client),
      { ...nodeAttributes(nodes), 'irispair.commit.changes': changes.length },
    );
  } catch (error) {
    // Unless it was refused whole, nobody knows whether it was stored.
    if (!isRefusedWhole(error)) fellBehind();
    throw error;
  }
}

function isRefusedWhole(error: unknown): boolean {
  return (
    error instanceof ExhaustedError || error instanceof StoreAwayError || error instanceof RefusedChangeError
  );
}

/** Has registry and graph follow what is stored. A graph that cannot is caught up before the next batch. */
async function follow(
  changing: readonly Outcome[],
  ids: readonly VectorId[],
  parts: BatchParts,
  traces: SpanGroup,
  runs: RunNames,
): Promise<void> {
  const inserted: { node: NewNode; place: number }[] = [];
  const deleted: { id: VectorId; place: number }[] = [];
  const replaced: { id: VectorId; place: number }[] = [];
  try {
    for (const [place, { change, near }] of changing.entries()) {
      const id = ids[place];
      const isDeleted = change?.kind?.$case === 'delete';
      parts.registry.set({ id, deleted: isDeleted });
      if (near !== undefined) inserted.push({ node: { id, near }, place });
      else (isDeleted ? deleted : replaced).push({ id, place });
    }
    if (deleted.length + replaced.length > 0) {
      const ofThem = traces.pick([...replaced, ...deleted].map(({ place }) => place));
      await ofThem.watch('link', SpanKind.Internal, (within) =>
        parts.index.change(
          deleted.map(({ id }) => id),
          replaced.map(({ id }) => id),
          within,
          runs,
        ),
      );
    }
    if (inserted.length > 0) {
      const ofThem = traces.pick(inserted.map(({ place }) => place));
      const nodes = inserted.map(({ node }) => node);
      await ofThem.watch('link', SpanKind.Internal, (within) => parts.index.insert(nodes, within, runs));
    }
  } catch (error) {
    parts.logger.warn(
      { err: error, ...traces.logFields },
      'the graph fell behind the store and is caught up',
    );
    parts.fellBehind();
  }
}
