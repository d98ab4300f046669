/** Tells how far catching the graph up is: to whoever reads the metrics, and now and then in the log. */
import type { Logger } from '@irispair/common/log/logger';
import { ProgressLog } from '@irispair/common/log/progress-log';
import { readGauge } from '@irispair/common/telemetry/read-metrics';
import type { Registry } from 'prom-client';

/** How far the last catching up is. */
export class CatchUpProgress {
  /** Irises in which the graph differed from the store when it began. */
  all = 0;
  /** Of them caught up. */
  done = 0;
  private log: ProgressLog | undefined;

  constructor(
    registry: Registry,
    private readonly logger: Logger,
  ) {
    readGauge(
      registry,
      {
        name: 'irispair_graph_catch_up_expected_irises',
        help: 'Irises in which the graph differed from the store when the last catching up began',
      },
      () => this.all,
    );
    readGauge(
      registry,
      { name: 'irispair_graph_catch_up_done_irises', help: 'Irises of them that are caught up' },
      () => this.done,
    );
  }

  /** The graph is compared anew. */
  begin(): void {
    this.all = 0;
    this.done = 0;
    this.log = undefined;
  }

  /** So many of so many are done. */
  reach(done: number, all: number): void {
    this.all = all;
    this.done = done;
    this.log ??= new ProgressLog('catching the graph up', all, this.logger);
    this.log.reach(done);
  }
}
