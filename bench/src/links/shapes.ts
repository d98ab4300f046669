/** What the parties exchange in the bench, in the same order at all three. */

/** Runs side by side, each with rounds of messages of one size. */
export interface Shape {
  readonly bytes: number;
  readonly runs: number;
  readonly rounds: number;
}

/** What one carrier made of a shape once. */
export interface ShapeTime {
  readonly carrier: 'tls' | 'grpc';
  readonly shape: number;
  readonly milliseconds: number;
}

export const SHAPES: readonly Shape[] = [
  { bytes: 64, runs: 1, rounds: 300 },
  { bytes: 4_096, runs: 1, rounds: 300 },
  { bytes: 4_096, runs: 64, rounds: 20 },
  { bytes: 262_144, runs: 8, rounds: 8 },
];
export const REPETITIONS = 15;
