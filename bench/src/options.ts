/** What the benchmark's command line asks for. */
import { Argument, Command, InvalidArgumentError } from 'commander';
import { readInteger } from '@irispair/common/config/number';

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

/**
 * What a command line asks for.
 * @param known parts by name, each with whether it runs when none is named
 * @throws CommanderError that names the wrong argument and what is expected, or after help was printed
 */
export function readCommand(
  args: readonly string[],
  known: Readonly<Record<string, { readonly byDefault: boolean }>>,
): BenchCommand {
  const names = Object.keys(known);
  const byDefault = names.filter((name) => known[name].byDefault);
  const command = new Command('npm run bench --')
    .description(`Measures ${byDefault.join(', ')}, or the parts named. See bench/README.md.`)
    .addArgument(new Argument('[parts...]', 'what to measure').choices(names))
    .option('--people <sizes>', `sizes in people, by commas, ${FEWEST_PEOPLE} to ${MOST_PEOPLE} each`, sizes)
    .option('--probes <count>', 'captures of enrolled people to search for', probeCount, DEFAULT_PROBES)
    .option('--save', 'keep the figures in bench/results under the date and the machine', false)
    .exitOverride();
  command.parse(args, { from: 'user' });
  const { people, probes, save } = command.opts<{ people?: number[]; probes: number; save: boolean }>();
  return { parts: command.args, save, options: { people, probes } };
}

function sizes(text: string): number[] {
  return text
    .split(',')
    .map((size) => integer(size, FEWEST_PEOPLE, MOST_PEOPLE))
    .sort((a, b) => a - b);
}

function probeCount(text: string): number {
  return integer(text, 1, MOST_PROBES);
}

function integer(text: string, least: number, most: number): number {
  const value = readInteger(text, least, most);
  if (value !== undefined) return value;
  throw new InvalidArgumentError(`${text} is not an integer from ${least} to ${most}.`);
}
