/** How far the iris service is with loading: a bar on a terminal, a line now and then elsewhere. */
import type { Loading } from '@irispair/iris-service/telemetry/load-line';
import { note } from '../output/print.js';
import { startProgress, type Progress } from '../output/progress.js';

/** The bar of one pair. It comes with the first news and may come again. */
export class LoadBar {
  private bar: Progress | undefined;

  show({ loaded, all }: Loading): void {
    if (!process.stderr.isTTY) {
      note(`loading irises: ${loaded} of ${all}`);
      return;
    }
    this.bar ??= startProgress('loading irises', all);
    this.bar.reach(loaded);
  }

  /** Leaves the bar as it is, so that something else can be printed. */
  stop(): void {
    this.bar?.stop();
    this.bar = undefined;
  }
}
