/**
 * Asks for a snapshot once a second, for as long as somebody looks.
 *
 * What fails is tried again, first soon and then less often. A page that is hidden or paused asks for nothing.
 */
import type { Snapshot } from '@irispair/graph-service/page/snapshot';

/** How it goes. */
export type ConnectionState =
  | { readonly kind: 'live' }
  | { readonly kind: 'paused' }
  /** `since`: milliseconds of this page's clock. */
  | { readonly kind: 'lost'; readonly since: number; readonly reason: string };

const PERIOD_MILLISECONDS = 1_000;
const PATIENCE_MILLISECONDS = 5_000;
const LONGEST_PAUSE_MILLISECONDS = 5_000;

/** The way to the service. */
export class Connection {
  private isPaused = false;
  private failures = 0;
  private lostSince = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isAsking = false;

  constructor(
    private readonly shown: (snapshot: Snapshot) => void,
    private readonly changed: (state: ConnectionState) => void,
  ) {
    document.addEventListener('visibilitychange', () => {
      this.askNow();
    });
    this.askNow();
  }

  /** Pauses, or goes on. */
  pause(isPaused: boolean): void {
    this.isPaused = isPaused;
    if (isPaused) this.changed({ kind: 'paused' });
    else this.askNow();
  }

  private askNow(): void {
    clearTimeout(this.timer);
    if (!this.isAsking) void this.ask();
  }

  private async ask(): Promise<void> {
    if (this.isPaused || document.hidden) return;
    this.isAsking = true;
    try {
      const answer = await fetch('state.json', {
        cache: 'no-store',
        signal: AbortSignal.timeout(PATIENCE_MILLISECONDS),
      });
      if (!answer.ok) throw new Error((await answer.text()).trim());
      const snapshot = (await answer.json()) as Snapshot;
      this.failures = 0;
      this.shown(snapshot);
      this.tell({ kind: 'live' });
    } catch (error) {
      this.failures += 1;
      if (this.failures === 1) this.lostSince = performance.now();
      this.tell({ kind: 'lost', since: this.lostSince, reason: reasonOf(error) });
    }
    this.isAsking = false;
    const pause = Math.min(PERIOD_MILLISECONDS * Math.max(1, this.failures), LONGEST_PAUSE_MILLISECONDS);
    this.timer = setTimeout(() => {
      this.askNow();
    }, pause);
  }

  /** What was asked before the pause is answered in it. */
  private tell(state: ConnectionState): void {
    this.changed(this.isPaused ? { kind: 'paused' } : state);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof TypeError) return 'it does not answer';
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'it does not answer in time';
  return error instanceof Error ? error.message : String(error);
}
