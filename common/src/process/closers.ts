/** What was opened, closed in the opposite order: when a start fails half-way, and in the end. */
export class Closers {
  private readonly closers: (() => Promise<void>)[] = [];

  /** To be called when everything opened later is closed. */
  add(close: () => Promise<void>): void {
    this.closers.push(close);
  }

  /** Closes all, once. One that fails does not keep the others open. @throws the first failure */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const close of this.closers.splice(0).reverse()) {
      await close().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }
}
