/** A progress bar on standard error, when that is a terminal. */
import { Presets, SingleBar } from 'cli-progress';

/** A started bar. */
export interface Progress {
  step(): void;
  /** So many steps are done. */
  reach(steps: number): void;
  /** It is known now how many there are. */
  expect(total: number): void;
  stop(): void;
}

/** @param total steps, or null when it is not known */
export function startProgress(title: string, total: number | null): Progress {
  const format = `${title} {bar} {value}${total === null ? '' : '/{total}  {eta_formatted} left'}`;
  const bar = new SingleBar({ format, hideCursor: true, stream: process.stderr }, Presets.shades_classic);
  bar.start(total ?? 0, 0);
  return {
    step() {
      bar.increment();
      if (total === null) bar.setTotal(bar.getTotal() + 1);
    },
    reach(steps) {
      bar.update(steps);
    },
    expect(total) {
      bar.setTotal(total);
    },
    stop() {
      bar.stop();
    },
  };
}
