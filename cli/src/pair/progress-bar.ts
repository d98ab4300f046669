/** How far a service is with a long piece of work: a bar on a terminal, a line now and then elsewhere. */
import type { LoggedProgress } from '@irispair/common/log/progress-log';
import { note } from '../output/print.js';
import { startProgress, type Progress } from '../output/progress.js';

/** The bar of one pair. It comes with the first news and may come again. */
export class ProgressBar {
  private bar: Progress | undefined;
  private task = '';

  show({ task, done, all }: LoggedProgress): void {
    if (!process.stderr.isTTY) {
      note(`${task}: ${done} of ${all}`);
      return;
    }
    if (task !== this.task) this.stop();
    this.bar ??= startProgress(task, all);
    this.task = task;
    this.bar.reach(done);
  }

  /** Leaves the bar as it is, so that something else can be printed. */
  stop(): void {
    this.bar?.stop();
    this.bar = undefined;
  }
}
