/** One task at a time, in the order of asking. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  /** Runs the task when all before it have settled. */
  take<Result>(task: () => Promise<Result>): Promise<Result> {
    const mine = this.last.then(task);
    // The next one waits for this one, however it ends.
    this.last = mine.catch(() => undefined);
    return mine;
  }
}
