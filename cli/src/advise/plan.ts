/**
 * What is measured, in which order, and how long that takes.
 *
 * A round measures every placement once. The order of the placements shifts by one from round to round, so that none always
 * comes first, and what drifts hits all alike. A pair is started anew for each placement and mix of requests, so that every
 * round also draws its own placement of memory.
 */
import type { Placement } from '@irispair/common/placement/decide';
import { MIX, SCENARIOS, type Scenario } from './scenarios.js';

/** How long everything lasts, seconds. */
export interface Durations {
  /** One scenario; the two halves of the third share it. */
  readonly scenario: number;
  /** Warming up before each measurement. */
  readonly warming: number;
  /** Measuring the capacity of one placement. */
  readonly capacity: number;
}

/** One measurement. */
export interface PlannedRun {
  readonly round: number;
  readonly placement: Placement;
  readonly scenario: Scenario;
  readonly seconds: number;
}

/** Measurements that one pair makes one after the other. */
export interface PlannedPair {
  readonly placement: Placement;
  readonly settings: Readonly<Record<string, string>>;
  readonly runs: readonly PlannedRun[];
}

/** A pair's start and stop, seconds; estimated. */
const RESTART_SECONDS = 5;

/** @param seconds of a scenario */
export function durationsOf(seconds: number): Durations {
  return {
    scenario: seconds,
    warming: Math.min(5, Math.max(0.5, seconds / 10)),
    capacity: Math.min(30, Math.max(1, seconds / 3)),
  };
}

/** All pairs of all rounds. */
export function planRounds(
  rounds: number,
  placements: readonly Placement[],
  durations: Durations,
): PlannedPair[] {
  return Array.from({ length: rounds }, (_, index) => index + 1).flatMap((round) =>
    shifted(placements, round - 1).flatMap((placement) => planPairs(round, placement, durations)),
  );
}

function planPairs(round: number, placement: Placement, { scenario: seconds }: Durations): PlannedPair[] {
  const mixes = [...new Set(SCENARIOS.map((scenario) => MIX[scenario]))];
  return mixes.map((mix) => ({
    placement,
    settings: mix.settings,
    runs: SCENARIOS.filter((scenario) => MIX[scenario] === mix).map((scenario) => ({
      round,
      placement,
      scenario,
      seconds: scenario === 'iris-heavy' || scenario === 'graph-heavy' ? seconds / 2 : seconds,
    })),
  }));
}

function shifted<Item>(items: readonly Item[], by: number): Item[] {
  return items.map((_, index) => items[(index + by) % items.length]);
}

/** Seconds that measuring takes, without making people up and enrolling them. */
export function secondsOf(
  pairs: readonly PlannedPair[],
  placements: readonly Placement[],
  durations: Durations,
): number {
  const runs = pairs.flatMap((pair) => pair.runs);
  const measuring = runs.reduce((sum, { seconds }) => sum + seconds + durations.warming, 0);
  const capacity = placements.length * (durations.warming + durations.capacity);
  return measuring + capacity + (pairs.length + placements.length) * RESTART_SECONDS;
}

/** `2 h 5 min`, `13 min`, `40 s`. */
export function formatDuration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
