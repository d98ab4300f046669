/** A party of the bench, seen from the bench. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { HoldOrder, Walked, WalkOrder } from './orders.js';

const PARTY = fileURLToPath(new URL('./party.js', import.meta.url));

/** Its process. */
export class PartyProcess {
  private readonly exited: Promise<unknown>;

  private constructor(private readonly child: ChildProcess) {
    this.exited = once(child, 'exit');
  }

  /** @param settings its environment beside that of this process */
  static start(settings: Readonly<Record<string, string | undefined>>): PartyProcess {
    return new PartyProcess(fork(PARTY, { serialization: 'advanced', env: { ...process.env, ...settings } }));
  }

  /** Resolves once it holds everything and its searches are open. */
  async hold(order: HoldOrder): Promise<void> {
    await this.answerTo(order);
  }

  async walk(order: WalkOrder): Promise<Walked> {
    return (await this.answerTo(order)) as Walked;
  }

  async stop(): Promise<void> {
    if (this.child.connected) this.child.disconnect();
    await this.exited;
  }

  private async answerTo(order: HoldOrder | WalkOrder): Promise<unknown> {
    const answered = once(this.child, 'message');
    const ended = this.exited.then(() => {
      throw new Error('a party ended before it answered');
    });
    this.child.send(order);
    const [answer] = (await Promise.race([answered, ended])) as [unknown];
    return answer;
  }
}
