/**
 * Notices that an iris service sends no heartbeats: it is stopped, or its connection passes nothing.
 *
 * It counts its own ticks since the last heartbeat. A process that was itself stopped or busy had no ticks either, so it
 * calls no other silent for that.
 */

/** Between heartbeats of the iris service are 2 s. */
const TICK_MILLISECONDS = 1_000;
/** Three heartbeats are missing. */
const OVERDUE_TICKS = 6;
/** Ten are. A session that is given up costs a new reading of the registry. */
const LOST_TICKS = 20;

/** What a silent iris service is called. */
export const OVERDUE = `the iris service has sent no heartbeat for ${OVERDUE_TICKS} s: it is stopped, or gets no time of a CPU`;
/** What it is called once the session is given up. */
export const LOST = `the iris service has sent no heartbeat for ${LOST_TICKS} s: its connections are made anew; see whether it is stopped, or gets no time of a CPU`;

/** Told of silence, each once until a heartbeat is heard. */
export interface SilenceObserver {
  /** Calls may not pass. */
  overdue(): void;
  /** Nothing passes. */
  lost(): void;
}

/** Waits for heartbeats from its construction on. */
export class HeartbeatWatch {
  private silentTicks = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly observer: SilenceObserver) {
    this.timer = setInterval(() => {
      this.tick();
    }, TICK_MILLISECONDS);
  }

  heard(): void {
    this.silentTicks = 0;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private tick(): void {
    this.silentTicks += 1;
    if (this.silentTicks === OVERDUE_TICKS) this.observer.overdue();
    if (this.silentTicks === LOST_TICKS) this.observer.lost();
  }
}
