/**
 * Sees threads move between nodes.
 *
 * The kernel counts moves between CPUs and says where a thread ran last, but counts no moves between nodes. So every few
 * seconds this looks where each thread ran last, a fraction of a millisecond for a hundred of them. A thread that was away
 * and came back between two looks is not seen: there were at least as many moves as counted. With one node there is
 * nothing to see, and nobody looks.
 */
import type { NumaNode } from '@irispair/common/placement/topology';
import { readThreadPlaces, type ThreadPlace } from './threads.js';

const LOOK_MILLISECONDS = 2_000;

interface Seen {
  readonly startedAt: number;
  node: number | null;
  moves: number;
}

/** Counts moves of this process's threads from its start on. */
export class ThreadWatch {
  private readonly nodeOfCpu: ReadonlyMap<number, number>;
  private readonly seen = new Map<number, Seen>();
  private readonly timer: NodeJS.Timeout | undefined;
  private moves = 0;

  /**
   * @param nodes the nodes of the machine
   * @param readPlaces where the threads ran last
   */
  constructor(
    nodes: readonly NumaNode[],
    private readonly readPlaces: () => readonly ThreadPlace[] = readThreadPlaces,
  ) {
    this.nodeOfCpu = new Map(nodes.flatMap(({ id, allCpus }) => allCpus.map((cpu) => [cpu, id] as const)));
    if (new Set(this.nodeOfCpu.values()).size < 2) return;
    this.look();
    this.timer = setInterval(() => {
      this.look();
    }, LOOK_MILLISECONDS).unref();
  }

  /** Moves of all threads, those that ended included. */
  get total(): number {
    return this.moves;
  }

  /** Moves of one thread. */
  movesOf(threadId: number): number {
    return this.seen.get(threadId)?.moves ?? 0;
  }

  /** The node of a CPU; null when it is of none that is known. */
  nodeOf(cpu: number): number | null {
    return this.nodeOfCpu.get(cpu) ?? null;
  }

  /** Looks now. Holds as many threads as there are: those that ended are forgotten. */
  look(): void {
    const places = this.readPlaces();
    for (const place of places) this.note(place);
    const running = new Set(places.map(({ threadId }) => threadId));
    for (const threadId of this.seen.keys()) if (!running.has(threadId)) this.seen.delete(threadId);
  }

  close(): void {
    clearInterval(this.timer);
  }

  private note({ threadId, startedAt, lastCpu }: ThreadPlace): void {
    const node = this.nodeOf(lastCpu);
    const before = this.seen.get(threadId);
    if (before?.startedAt !== startedAt) {
      this.seen.set(threadId, { startedAt, node, moves: 0 });
      return;
    }
    if (before.node !== null && node !== null && before.node !== node) {
      before.moves += 1;
      this.moves += 1;
    }
    before.node = node;
  }
}
