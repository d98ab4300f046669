/**
 * How long batches take, measured, and so how long a request will wait.
 *
 * A batch of n requests is taken to last `a + b n`: both are fitted to the batches that ended, where older ones count
 * less and less (least squares with weights that fall by a tenth from batch to batch).
 */

/** How much a batch counts less than the one after it. */
const DECAY = 0.9;

/** Below this variance of sizes, requests squared, there is no slope to be seen. */
const LEAST_VARIANCE = 0.5;

/** Weighted sums over the batches that ended. */
interface Sums {
  readonly weight: number;
  readonly size: number;
  readonly sizeSquared: number;
  readonly time: number;
  readonly sizeTimesTime: number;
}

const NONE: Sums = { weight: 0, size: 0, sizeSquared: 0, time: 0, sizeTimesTime: 0 };

/** Measures the batches of one batcher, which go one after the other. */
export class ServiceTimes {
  private sums = NONE;
  private running: { readonly size: number; readonly began: number } | undefined;

  /** @param now milliseconds of a clock that never goes back */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** A batch begins. @param size its requests, from 1 */
  begin(size: number): void {
    this.running = { size, began: this.now() };
  }

  /** The batch that began last has ended. */
  end(): void {
    if (this.running === undefined) return;
    const { size, began } = this.running;
    this.running = undefined;
    const time = this.now() - began;
    this.sums = {
      weight: DECAY * this.sums.weight + 1,
      size: DECAY * this.sums.size + size,
      sizeSquared: DECAY * this.sums.sizeSquared + size * size,
      time: DECAY * this.sums.time + time,
      sizeTimesTime: DECAY * this.sums.sizeTimesTime + size * time,
    };
  }

  get isRunning(): boolean {
    return this.running !== undefined;
  }

  /** What a batch of this size is expected to take, milliseconds; 0 before the first one has ended. */
  ofBatch(size: number): number {
    const { weight, time } = this.sums;
    if (weight === 0) return 0;
    const meanSize = this.sums.size / weight;
    const meanTime = time / weight;
    const ofEach = this.slope(meanSize, meanTime);
    return meanTime + ofEach * (size - meanSize);
  }

  /** What the batch that runs is expected to take still, milliseconds; 0 when none runs. */
  ofRest(): number {
    if (this.running === undefined) return 0;
    return Math.max(0, this.ofBatch(this.running.size) - (this.now() - this.running.began));
  }

  /** Milliseconds for each further request: never less than none, nor more than its part of the mean. */
  private slope(meanSize: number, meanTime: number): number {
    const { weight, sizeSquared, sizeTimesTime } = this.sums;
    const most = meanTime / meanSize;
    const variance = sizeSquared / weight - meanSize * meanSize;
    if (variance < LEAST_VARIANCE) return most;
    const covariance = sizeTimesTime / weight - meanSize * meanTime;
    return Math.min(most, Math.max(0, covariance / variance));
  }
}
