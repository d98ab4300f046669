/** What the benchmark's command line asks for. */
import { parseArgs } from 'node:util';

/** How to measure. */
export interface BenchOptions {
  /** Sizes in people, ascending, instead of a part's own. */
  readonly people: readonly number[] | undefined;
  /** Genuine probes searched for at each size and number of clients. */
  readonly probes: number;
}

/** A command line understood. */
export interface BenchCommand {
  /** Parts by name; empty for those that run by default. */
  readonly parts: readonly string[];
  /** Keep the figures of this run under a name of their own. */
  readonly save: boolean;
  readonly options: BenchOptions;
}

const DEFAULT_PROBES = 400;
const FEWEST_PEOPLE = 100;
const MOST_PEOPLE = 100_000;
const MOST_PROBES = 10_000;

/** @throws Error that names the wrong argument and what is expected */
export function readCommand(args: readonly string[], known: readonly string[]): BenchCommand {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { people: { type: 'string' }, probes: { type: 'string' }, save: { type: 'boolean' } },
  });
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`${unknown}: no such part, give ${known.join(', ')}`);
  const people = values.people
    ?.split(',')
    .map((text) => integer('--people', text, FEWEST_PEOPLE, MOST_PEOPLE));
  const probes = integer('--probes', values.probes ?? String(DEFAULT_PROBES), 1, MOST_PROBES);
  return {
    parts: positionals,
    save: values.save ?? false,
    options: { people: people?.sort((a, b) => a - b), probes },
  };
}

function integer(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`${option}: ${text} is not an integer from ${least} to ${most}`);
}
