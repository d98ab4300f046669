/** Options that several commands share. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { readInteger } from '@irispair/common/config/number';
import { InvalidInputError } from '@irispair/common/errors/errors';
import { HIGHEST_SERIAL_ID } from '@irispair/common/ids/vector-id';
import { MASK_RULES, type MaskRule } from '@irispair/common/iris/masks';
import { COLUMNS, DEFAULT_COLUMNS, type Columns } from '@irispair/common/iris/shape';
import type { OfEachParty } from '@irispair/common/parties/party';
import { PairClient } from '../client/pair-client.js';
import { PartiesClient } from '../client/parties-client.js';
import { parsePartyAddresses } from '../client/party-addresses.js';
import type { PublicClient } from '../client/public-client.js';
import { parseServerAddress } from '../client/server-address.js';

/** Where the service is. */
export function serverOption(): Option {
  return new Option('--server <host:port>', 'address of the graph service')
    .env('IRISPAIR_SERVER')
    .argParser(asArgument(parseServerAddress))
    .default('127.0.0.1:50051');
}

/** Output for programs. */
export function jsonOption(): Option {
  return new Option('--json', 'print JSON');
}

/** The shape of made-up or planned codes. */
export function columnsOption(description: string): Option {
  return new Option('--columns <columns>', description)
    .choices(COLUMNS.map(String))
    .argParser(columnsArgument)
    .default(DEFAULT_COLUMNS);
}

/** What is done about masks whose parts differ before a capture is shared; the same word as the graph service's setting. */
export function masksOption(): Option {
  return new Option(
    '--masks <rule>',
    'captures to be shared whose real and imaginary parts are masked apart: count pixels of which both are usable, or refuse them',
  )
    .env('IRISPAIR_MASKS')
    .choices(MASK_RULES)
    .default('combine');
}

/** Parses an option that says a shape. */
export function columnsArgument(text: string): Columns {
  const columns = COLUMNS.find((one) => String(one) === text);
  if (columns === undefined) throw new InvalidArgumentError(`Give ${COLUMNS.join(' or ')}.`);
  return columns;
}

/** Options of a command that talks to a service. */
export interface ServerOptions {
  readonly server: string;
  readonly json?: boolean;
}

/** Options of a command that talks to one pair, or to three parties. */
export interface AudienceOptions extends ServerOptions {
  /** Wins over `server`. */
  readonly parties?: OfEachParty<string>;
  readonly masks: MaskRule;
}

const NOT_BOTH = '--parties and --server: give one of them: all three parties, or one pair';

/** Adds --server, --parties and --masks. What the command line says wins over the environment; both at once are refused. */
export function addAudienceOptions(command: Command): Command {
  return command
    .addOption(serverOption())
    .addOption(
      new Option(
        '--parties <a,b,c>',
        'secret-shared mode: addresses of the three graph services, party 0 first; each gets its share',
      )
        .env('IRISPAIR_SERVERS')
        .argParser(asArgument(parsePartyAddresses)),
    )
    .addOption(masksOption())
    .hook('preAction', () => {
      const isGiven = (name: string) => command.getOptionValueSource(name) === 'cli';
      if (isGiven('parties') && isGiven('server')) command.error(NOT_BOTH);
      if (isGiven('server')) command.setOptionValue('parties', undefined);
    });
}

/** Whoever the options name. The parties are asked whether they are those. @throws PartiesError */
export async function openClient({ server, parties, masks }: AudienceOptions): Promise<PublicClient> {
  if (parties === undefined) return new PairClient(server);
  const client = new PartiesClient(parties, masks);
  try {
    await client.check();
  } catch (error) {
    client.close();
    throw error;
  }
  return client;
}

/** A parser of an option, its refusals those of the command line. */
function asArgument<Value>(parse: (text: string) => Value): (text: string) => Value {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof InvalidInputError) throw new InvalidArgumentError(error.message);
      throw error;
    }
  };
}

/** Parses an option or argument that is an integer from `least` to `most`. */
export function integerArgument(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = readInteger(text, least, most);
    if (value !== undefined) return value;
    throw new InvalidArgumentError(`Give an integer from ${least} to ${most}.`);
  };
}

/** Parses a serial id. */
export const serialIdArgument = integerArgument(1, HIGHEST_SERIAL_ID);
