/** `up`: the pair in the foreground. A service that dies is started again, unless that would not help. */
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@irispair/common/errors/message';
import { Option, type Command } from 'commander';
import { addressSetting } from '@irispair/common/config/environment';
import { storeSetting } from '@irispair/common/config/store-settings';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import { COLUMNS, type Columns } from '@irispair/common/iris/shape';
import { makeWritableDirectory } from '@irispair/common/files/directory';
import { hasLmdbFile } from '@irispair/common/store/lmdb-file';
import { PairClient } from '../client/pair-client.js';
import { note, print } from '../output/print.js';
import { isInUse } from '../pair/free-port.js';
import { ProgressBar } from '../pair/progress-bar.js';
import { RestartDelays } from '../pair/restart-delays.js';
import { checkLength, MissingStore, Pair, type ServiceName } from '../pair/pair.js';
import { ExitCode } from './exit-code.js';
import { columnsArgument } from './options.js';
import { describeStatus } from './single.js';

interface UpOptions {
  readonly data: string;
  readonly listen: string;
  readonly httpGraph?: string;
  readonly httpIris?: string;
  readonly placement?: string;
  readonly index?: string;
  readonly columns?: Columns;
  readonly irisStore?: string;
  readonly graphStore?: string;
  readonly create?: boolean;
  readonly json?: boolean;
}

/** Adds the command. */
export function addUpCommand(program: Command): void {
  program
    .command('up')
    .description('run a pair in the foreground; Ctrl-C stops it')
    .option('--data <directory>', 'both stores and the socket', './irispair-data')
    .option('--listen <host:port>', 'address of the public API', '127.0.0.1:50051')
    .option('--http-graph <host:port>', 'address of the graph service’s metrics')
    .option('--http-iris <host:port>', 'address of the iris service’s metrics')
    .addOption(
      new Option('--placement <placement>', 'where the services run').choices(['split', 'shared', 'off']),
    )
    .addOption(
      new Option('--index <mode>', 'how searches find candidates').choices(['hnsw', 'exact', 'auto']),
    )
    .addOption(
      new Option(
        '--columns <columns>',
        'columns of every code; default: what the iris store says, 200 in a new one',
      )
        .choices(COLUMNS.map(String))
        .argParser(columnsArgument),
    )
    .option('--iris-store <directory|url>', 'where the irises are, if not below --data')
    .option('--graph-store <directory|url>', 'where the graph is, if not below --data')
    .option(
      '--create',
      'begin an empty store where there is none, later than at the first start or elsewhere than below --data',
    )
    .option('--json', 'print the services’ logs as they are, JSON a line')
    .addHelpText('after', '\nExample:\n  irispair up --data /srv/irispair --listen 127.0.0.1:50051')
    .action(up);
}

async function up(options: UpOptions): Promise<void> {
  if (process.env.IRISPAIR_HTTP_LISTEN) {
    throw new MisconfiguredError(
      'IRISPAIR_HTTP_LISTEN names one address, and a pair has two services: unset it and use --http-graph and --http-iris',
    );
  }
  if (process.env.IRISPAIR_PROBE_LISTEN) {
    throw new MisconfiguredError(
      'IRISPAIR_PROBE_LISTEN names one address, and a pair has two services: unset it, and probe --listen, which serves health too',
    );
  }
  checkStores(options);
  await checkAddresses(options);
  const directory = resolve(options.data);
  checkLength(directory);
  await makeWritableDirectory('--data', directory);
  const stop = new AbortController();
  const bar = new ProgressBar();
  const delays: Readonly<Record<ServiceName, RestartDelays>> = {
    iris: new RestartDelays(),
    graph: new RestartDelays(),
  };
  const pair = Pair.start({
    directory,
    listen: options.listen,
    http: { graph: options.httpGraph, iris: options.httpIris },
    missingStore: missingStoreOf(options, directory),
    environment: {
      ...(options.placement === undefined ? {} : { IRISPAIR_PLACEMENT: options.placement }),
      ...(options.index === undefined ? {} : { IRISPAIR_INDEX: options.index }),
      ...(options.columns === undefined ? {} : { IRISPAIR_COLUMNS: String(options.columns) }),
      ...(options.irisStore === undefined ? {} : { IRISPAIR_IRIS_STORE: options.irisStore }),
      ...(options.graphStore === undefined ? {} : { IRISPAIR_GRAPH_STORE: options.graphStore }),
    },
    logged: (service, line) => {
      bar.stop();
      print(options.json === true ? line : readable(service, line));
    },
    progress: (progress) => {
      bar.show(progress);
    },
    died: (service, { reason, isFinal }) => {
      if (isFinal) {
        note(`the ${service} service cannot run as configured, or on this store: see its last line`);
        process.exitCode = ExitCode.Usage;
        stop.abort();
        return;
      }
      const delay = delays[service].ended();
      note(`the ${service} service ended (${reason}): starting it again in ${delay / 1_000} s`);
      void restartLater(pair, service, delays[service], delay, stop.signal);
    },
  });
  const stopped = once(stop.signal, 'abort');
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) note('stopping already: what is in work is finished first');
      stop.abort();
    });
  }
  const ready = pair.ready().then(async () => {
    const client = new PairClient(options.listen);
    note(describeStatus(await client.status()));
    note(`serving on ${options.listen}`);
    client.close();
  });
  ready.catch((error: unknown) => {
    if (!stop.signal.aborted) note(messageOf(error));
  });
  await stopped;
  bar.stop();
  await pair.stop();
}

/** A first start begins an empty store: below --data, where no graph knows anybody. Later a missing one is an accident. */
function missingStoreOf({ create, irisStore }: UpOptions, directory: string): MissingStore {
  const isFirst = irisStore === undefined && !hasLmdbFile(join(directory, 'graph'));
  return create === true || isFirst ? MissingStore.Make : MissingStore.Refuse;
}

/** Refuses by its option a store that is neither a directory nor a URL of PostgreSQL. */
function checkStores({ irisStore, graphStore }: UpOptions): void {
  for (const [option, place] of Object.entries({ '--iris-store': irisStore, '--graph-store': graphStore })) {
    if (place === undefined) continue;
    const { error } = storeSetting().safeParse(place);
    if (error !== undefined) throw new MisconfiguredError(`${option} ${error.issues[0].message}`);
  }
}

/** Refuses by its option an address that is none, that two options name, or that somebody listens on. */
async function checkAddresses({ listen, httpGraph, httpIris }: UpOptions): Promise<void> {
  const given = { '--listen': listen, '--http-graph': httpGraph, '--http-iris': httpIris };
  const optionOf = new Map<string, string>();
  for (const [option, address] of Object.entries(given)) {
    if (address === undefined) continue;
    const { error } = addressSetting().safeParse(address);
    if (error !== undefined) {
      throw new MisconfiguredError(`${option} ${address}: ${error.issues[0].message}`);
    }
    const other = optionOf.get(address);
    if (other !== undefined && !address.endsWith(':0')) {
      throw new MisconfiguredError(
        `${other} and ${option} both name ${address}: choose another address for one`,
      );
    }
    optionOf.set(address, option);
    if (await isInUse(address)) {
      throw new MisconfiguredError(
        `${option}: somebody listens on ${address} already: choose another address`,
      );
    }
  }
}

async function restartLater(
  pair: Pair,
  service: ServiceName,
  delays: RestartDelays,
  milliseconds: number,
  stop: AbortSignal,
): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal: stop });
    delays.started();
    pair.startService(service);
  } catch (error) {
    if (!stop.aborted) throw error;
  }
}

/** Fields that every log line has. */
const ROUTINE_FIELDS = new Set(['level', 'time', 'pid', 'service']);

/** A log line for people: service, message, and what else it says. */
function readable(service: ServiceName, line: string): string {
  try {
    const { msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
    const rest = Object.fromEntries(Object.entries(fields).filter(([name]) => !ROUTINE_FIELDS.has(name)));
    const more = Object.keys(rest).length === 0 ? '' : ` ${JSON.stringify(rest)}`;
    return `[${service}] ${String(msg)}${more}`;
  } catch {
    return `[${service}] ${line}`;
  }
}
