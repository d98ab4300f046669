/**
 * Where the iris services of three parties meet for a run, as they do in their protocols: a run goes on when all three have
 * come to it, and they must have come for the same.
 */

interface Meeting {
  readonly about: string;
  readonly come: Set<number>;
  readonly all: Promise<void>;
  go: () => void;
  fail: (error: Error) => void;
}

/** A party is away, or came to a run for something else. */
export class RingError extends Error {}

/** Three places. */
export class LineRing {
  private readonly meetings = new Map<string, Meeting>();
  private readonly here = new Set<number>();
  /** Runs that all three came to. */
  runs = 0;

  enter(party: number): void {
    this.here.add(party);
  }

  /** Everybody's runs fail. */
  leave(party: number): void {
    this.here.delete(party);
    for (const { fail } of this.meetings.values()) fail(new RingError(`party ${party} went away`));
    this.meetings.clear();
  }

  /** @throws RingError when the parties do not meet */
  async meet(party: number, run: string, about: string): Promise<void> {
    const away = [0, 1, 2].find((one) => !this.here.has(one));
    if (away !== undefined) throw new RingError(`party ${away} is away`);
    const meeting = this.meetings.get(run) ?? this.begin(run, about);
    if (meeting.about !== about || meeting.come.has(party)) {
      const error = new RingError(
        `party ${party} came to run ${run} for ${about}, others for ${meeting.about}`,
      );
      meeting.fail(error);
      throw error;
    }
    meeting.come.add(party);
    if (meeting.come.size === 3) {
      this.meetings.delete(run);
      this.runs += 1;
      meeting.go();
    }
    await meeting.all;
  }

  private begin(run: string, about: string): Meeting {
    let go: () => void = () => undefined;
    let fail: (error: Error) => void = () => undefined;
    const all = new Promise<void>((resolve, reject) => {
      go = resolve;
      fail = reject;
    });
    all.catch(() => undefined);
    const meeting = { about, come: new Set<number>(), all, go, fail };
    this.meetings.set(run, meeting);
    return meeting;
  }
}
