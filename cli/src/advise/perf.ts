/**
 * Counts memory loads by node with `perf stat`, attached to both services by their process ids. Most virtual machines have no
 * such counters, and many kernels allow them to root alone: then it says why.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const EVENTS = ['node-loads', 'node-load-misses'] as const;

/** Loads from memory, and those of them that another node answered. */
export interface NodeLoads {
  readonly loads: number;
  readonly misses: number;
}

/** What perf says of one event. */
export type Counted = ReadonlyMap<string, number | string>;

/** Why loads cannot be counted here; null when they can. Counts those of a command that does nothing. */
export async function whyNoPerf(): Promise<string | null> {
  try {
    const child = startPerf(['--', process.execPath, '--version']);
    const [text] = await Promise.all([readAll(child), once(child, 'exit')]);
    return whyNotCounted(text);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT'
      ? 'perf is not installed: the package linux-perf has it'
      : `perf cannot be run: ${String(error)}`;
  }
}

/** Loads of running processes, until they are asked for. */
export class PerfCount {
  private readonly text: Promise<string>;
  private readonly exited: Promise<unknown>;

  private constructor(private readonly child: ChildProcess) {
    this.text = readAll(child);
    this.exited = once(child, 'exit');
    // Whoever asks for the count is told.
    this.exited.catch(() => undefined);
  }

  static attach(processIds: readonly number[]): PerfCount {
    return new PerfCount(startPerf(['-p', processIds.join(',')]));
  }

  /** Ends the count. Null when perf could not count. */
  async end(): Promise<NodeLoads | null> {
    this.child.kill('SIGINT');
    const [text] = await Promise.all([this.text, this.exited]);
    return readLoads(text);
  }

  /** Ends it, whatever it has counted. */
  async stop(): Promise<void> {
    await this.end().catch(() => undefined);
  }
}

function startPerf(args: readonly string[]): ChildProcess {
  return spawn('perf', ['stat', '-x', ';', '-e', EVENTS.join(','), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
    // Ctrl-C reaches the whole group of the terminal, and the count would end before it is asked for.
    detached: true,
  });
}

async function readAll({ stderr }: ChildProcess): Promise<string> {
  let text = '';
  if (stderr !== null) for await (const chunk of stderr.setEncoding('utf8')) text += String(chunk);
  return text;
}

/** Lines of `perf stat -x ;`: the figure or why there is none, the unit, the event. */
export function parsePerf(text: string): Counted {
  const counted = new Map<string, number | string>();
  for (const line of text.split('\n')) {
    const [figure, , event = ''] = line.split(';');
    const name = EVENTS.find((one) => event === one || event.startsWith(`${one}:`));
    if (name !== undefined) counted.set(name, /^\d+$/.test(figure) ? Number(figure) : figure);
  }
  return counted;
}

/** Why an answer of perf holds no count; null when it does. */
export function whyNotCounted(text: string): string | null {
  const counted = parsePerf(text);
  for (const event of EVENTS) {
    const figure = counted.get(event);
    if (typeof figure === 'number') continue;
    const complaint = text
      .trim()
      .split(/\s*\n\s*/)
      .slice(0, 2)
      .join(' ');
    const said = figure ?? (complaint === '' ? 'no answer' : complaint);
    return `perf counts no ${event} here: ${said.replace(/[<>]/g, '')}`;
  }
  return null;
}

function readLoads(text: string): NodeLoads | null {
  const counted = parsePerf(text);
  const loads = counted.get('node-loads');
  const misses = counted.get('node-load-misses');
  return typeof loads === 'number' && typeof misses === 'number' ? { loads, misses } : null;
}
