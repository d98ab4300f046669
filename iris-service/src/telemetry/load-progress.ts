/** Tells how far the start-up load is: to whoever reads the metrics, and now and then in the log. */
import type { Logger } from '@irispair/common/log/logger';
import { ProgressLog } from '@irispair/common/log/progress-log';
import { Gauge, type Registry } from 'prom-client';

/** The clock is read once for so many of millions. */
const STEPS_A_LOOK = 256;

/** How far loading is. */
export class LoadProgress {
  private all = 0;
  private done = 0;
  private started: number | undefined;
  private ended: number | undefined;
  private log: ProgressLog | undefined;

  constructor(
    registry: Registry,
    private readonly logger: Logger,
  ) {
    this.show(
      registry,
      'irispair_store_load_expected_irises',
      'Serial ids that the start-up load brings into memory, deleted ones included',
      () => this.all,
    );
    this.show(
      registry,
      'irispair_store_load_loaded_irises',
      'Serial ids that the start-up load has brought into memory so far, deleted ones included',
      () => this.done,
    );
    this.show(
      registry,
      'irispair_store_load_seconds',
      'Time that the start-up load has taken so far; in the end, that it took',
      () => this.seconds,
    );
  }

  /** @param all serial ids to load */
  begin(all: number): void {
    this.all = all;
    this.started = performance.now();
    this.log = new ProgressLog('loading irises', all, this.logger);
  }

  /** One more serial id is in memory. */
  step(): void {
    this.done += 1;
    if (this.done % STEPS_A_LOOK === 0) this.log?.reach(this.done);
  }

  /** All are in memory. */
  end(): void {
    this.ended = performance.now();
    this.logger.info({ loaded: this.done, seconds: Number(this.seconds.toFixed(3)) }, 'irises loaded');
  }

  private get seconds(): number {
    if (this.started === undefined) return 0;
    return ((this.ended ?? performance.now()) - this.started) / 1_000;
  }

  private show(registry: Registry, name: string, help: string, value: () => number): void {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
  }
}
