/**
 * The memory of open calls, counted in bytes: what each costs by itself, its requests until they are answered, and its answers
 * until the peer has taken them.
 */

/** What all calls of a server hold together. */
export class CallMemory {
  private total = 0;

  /** @param most bytes at which further calls are refused */
  constructor(readonly most: number) {}

  /** What is held now. */
  get bytes(): number {
    return this.total;
  }

  /** Whether there is no room for another call. */
  get isFull(): boolean {
    return this.total >= this.most;
  }

  /** Whether streams are to take no more than they need: half is left to calls that ask once. */
  get isStrained(): boolean {
    return this.total >= this.most / 2;
  }

  /** Counts what a call holds from now on. */
  open(): Holding {
    return new Holding((bytes) => {
      this.total += bytes;
    });
  }
}

/** What one call holds. */
export class Holding {
  private held = 0;
  private isOpen = true;

  constructor(private readonly add: (bytes: number) => void) {}

  get bytes(): number {
    return this.held;
  }

  /** Nothing is counted after the call has ended. @param bytes below 0 when they are given back */
  change(bytes: number): void {
    if (!this.isOpen) return;
    this.held += bytes;
    this.add(bytes);
  }

  /** Gives everything back. */
  close(): void {
    this.change(-this.held);
    this.isOpen = false;
  }
}
