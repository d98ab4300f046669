/** Where the threads of a process may run, and where they are seen, again and again. */
import { readThreads } from '@irispair/native/threads';

const EVERY_MILLISECONDS = 250;

/** What was seen of one thread. */
export interface SampledThread {
  readonly name: string;
  /** Every list of allowed CPUs that it had; one, if nobody changed it. */
  readonly allowedCpus: Set<string>;
  /** Every CPU that it was seen on. */
  readonly seenOn: Set<number>;
  /** How often the scheduler had moved it to another CPU: when first seen, and when last. */
  readonly migrations: { readonly first: number | null; last: number | null };
}

/** Samples of one process, taken until they are stopped. */
export class ThreadSamples {
  /** By thread id. */
  readonly threads = new Map<number, SampledThread>();
  count = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly pid: number) {
    this.take();
    this.timer = setInterval(() => {
      this.take();
    }, EVERY_MILLISECONDS);
  }

  stop(): void {
    clearInterval(this.timer);
    this.take();
  }

  private take(): void {
    this.count += 1;
    for (const { threadId, name, allowedCpus, lastCpu, cpuMigrations } of readThreads(`/proc/${this.pid}`)) {
      const thread = this.threads.get(threadId) ?? {
        name,
        allowedCpus: new Set(),
        seenOn: new Set(),
        migrations: { first: cpuMigrations, last: cpuMigrations },
      };
      thread.allowedCpus.add(allowedCpus);
      thread.seenOn.add(lastCpu);
      thread.migrations.last = cpuMigrations;
      this.threads.set(threadId, thread);
    }
  }
}
