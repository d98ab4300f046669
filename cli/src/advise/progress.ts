/** What `advise` tells while it works, on standard error: bars on a terminal, a line for each step elsewhere. */
import { note } from '../output/print.js';
import { startProgress } from '../output/progress.js';

const TICK_MILLISECONDS = 500;

/** A step that is under way. */
export interface Step {
  /** So much of it is done. */
  reach(done: number): void;
  stop(): void;
}

/** Begins a step that is counted. */
export function countedStep(title: string, all: number): Step {
  if (!process.stderr.isTTY) {
    note(title);
    return { reach: () => undefined, stop: () => undefined };
  }
  return startProgress(title, all);
}

/** Begins a step that lasts so many seconds: its bar moves by itself. */
export function timedStep(title: string, seconds: number): Step {
  const step = countedStep(`${title}, ${Math.round(seconds * 10) / 10} s`, Math.ceil(seconds));
  const start = performance.now();
  const timer = setInterval(() => {
    step.reach(Math.min(Math.ceil(seconds), Math.floor((performance.now() - start) / 1_000)));
  }, TICK_MILLISECONDS);
  return {
    reach: (done) => {
      step.reach(done);
    },
    stop: () => {
      clearInterval(timer);
      step.stop();
    },
  };
}
