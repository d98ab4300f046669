/** `verify`, `reauthenticate`, `delete`, `get` and `status`: one call each. */
import type { Command } from 'commander';
import { irisMessage } from '@irispair/common/iris/message';
import * as api from '@irispair/proto/public';
import { serialId } from '@irispair/common/ids/vector-id';
import { PairClient, isUnavailable } from '../client/pair-client.js';
import type { PublicClient } from '../client/public-client.js';
import { formatCapture, readOnlyCapture } from '../input/ndjson.js';
import { formatBytes, formatOf, note, print, table } from '../output/print.js';
import { wholeIris } from '../shares/checked-iris.js';
import { ExitCode } from './exit-code.js';
import {
  addAudienceOptions,
  jsonOption,
  openClient,
  serialIdArgument,
  type AudienceOptions,
} from './options.js';

const PARTIES_EXAMPLE = '--parties a.example:50051,b.example:50051,c.example:50051';

/** Adds the commands. */
export function addSingleCommands(program: Command): void {
  for (const kind of ['verify', 'reauthenticate'] as const) {
    addAudienceOptions(
      program
        .command(kind)
        .description(
          kind === 'verify'
            ? 'compare a capture with one enrolled person; exit code 1 when they differ'
            : 'compare a capture with one enrolled person and replace what is stored of them; exit code 1 when they differ',
        )
        .argument('<id>', 'serial id', serialIdArgument)
        .argument('<file>', 'NDJSON file with one capture, - for standard input'),
    )
      .addOption(jsonOption())
      .addHelpText('after', examples(`irispair ${kind} 17 capture.ndjson`))
      .action(async (id: number, file: string, options: AudienceOptions) => {
        process.exitCode = await compare(kind, id, file, options);
      });
  }
  addAudienceOptions(
    program
      .command('delete')
      .description("erase a person's irises; the serial id stays and never matches again")
      .argument('<id>', 'serial id', serialIdArgument),
  )
    .addOption(jsonOption())
    .addHelpText('after', examples('irispair delete 17'))
    .action(async (id: number, options: AudienceOptions) => {
      const serial = serialId(id);
      const { version } = await withClient(options, (client) => client.delete(serial));
      print(
        formatOf(options) === 'json'
          ? JSON.stringify({ serial_id: id, version })
          : `serial id ${id} is deleted`,
      );
    });
  addAudienceOptions(
    program
      .command('get')
      .description(
        'read back the templates of one person as a line of NDJSON, from the shares of all three parties with --parties; ' +
          'of shares, code bits under the mask come back as 0',
      )
      .argument('<id>', 'serial id', serialIdArgument),
  )
    .addHelpText('after', examples('irispair get 17 > capture.ndjson'))
    .action(async (id: number, options: AudienceOptions) => {
      const serial = serialId(id);
      const { iris } = await withClient(options, (client) => client.getIris(serial));
      print(formatCapture({ id: String(id), iris: wholeIris(iris) }));
    });
  addAudienceOptions(
    program
      .command('status')
      .description('how many are enrolled, how searches are done, where the services run'),
  )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `${examples('irispair status --json')}\n\nWith --parties: of each party; exit code 1 when they hold different people, 3 when one is away.`,
    )
    .action(async (options: AudienceOptions) => {
      process.exitCode = await showStatus(options);
    });
}

function examples(example: string): string {
  return `\nExamples:\n  ${example}\n  ${example.replace(/ >.*/, '')} ${PARTIES_EXAMPLE}`;
}

async function withClient<Result>(
  options: AudienceOptions,
  use: (client: PublicClient) => Promise<Result>,
): Promise<Result> {
  const client = await openClient(options);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

async function compare(
  kind: 'verify' | 'reauthenticate',
  id: number,
  file: string,
  options: AudienceOptions,
): Promise<ExitCode> {
  const serial = serialId(id);
  const { iris } = await readOnlyCapture(file);
  const request = { serialId: serial, iris: irisMessage(iris) };
  const { matched, left, right, version } = await withClient(options, (client): Promise<api.VerifyResponse> =>
    client[kind](request),
  );
  if (formatOf(options) === 'json') {
    print(JSON.stringify({ serial_id: id, version, matched, left, right }));
  } else {
    if (left !== undefined && right !== undefined) {
      const row = (name: string, distance: api.Distance) => [
        name,
        distance.fractionalHammingDistance.toFixed(4),
        String(distance.rotation),
      ];
      print(table(['eye', 'FHD', 'rotation'], [row('left', left), row('right', right)]));
    }
    print(matched ? 'the same person' : 'not the same person');
    if (matched && kind === 'reauthenticate') print(`serial id ${id} has version ${version} now`);
  }
  return matched ? ExitCode.Done : ExitCode.Failed;
}

/** Every pair is asked by itself, so that those that answer are shown when another is away. */
async function showStatus(options: AudienceOptions): Promise<ExitCode> {
  const { server, parties } = options;
  const addresses = parties ?? [server];
  const asked = await Promise.allSettled(addresses.map(statusOf));
  const held = new Set<string>();
  let away: Error | undefined;
  asked.forEach((one, party) => {
    const heading = parties === undefined ? '' : `party ${party} (${addresses[party]}): `;
    if (one.status === 'rejected') {
      away = errorOf(one.reason);
      if (parties !== undefined) note(`${heading}does not answer: ${away.message}`);
      return;
    }
    held.add(`${one.value.enrolled} people enrolled, highest serial id ${one.value.highestSerialId}`);
    print(formatOf(options) === 'json' ? JSON.stringify(one.value) : heading + describeStatus(one.value));
  });
  if (away !== undefined) {
    if (parties === undefined || !isUnavailable(away)) throw away;
    return ExitCode.Unavailable;
  }
  if (held.size <= 1) return ExitCode.Done;
  note(`the parties differ: ${[...held].join('; ')}`);
  return ExitCode.Failed;
}

async function statusOf(address: string): Promise<api.StatusResponse> {
  const client = new PairClient(address);
  try {
    return await client.status();
  } finally {
    client.close();
  }
}

function errorOf(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

/** The status in lines. */
export function describeStatus(status: api.StatusResponse): string {
  const { graph, hop } = status;
  const lines = [
    `${status.ready ? 'ready' : 'not ready'}: ${status.enrolled} people enrolled, highest serial id ${status.highestSerialId}`,
    [
      `threshold ${status.threshold}`,
      `${status.rotations} rotations`,
      ...(status.columns === 0 ? [] : [`codes of ${status.columns} columns`]),
      ...(status.kernel === '' ? [] : [`kernel ${status.kernel}`]),
      `index ${status.index === api.IndexMode.HNSW ? 'hnsw' : 'exact'}`,
    ].join(', '),
  ];
  if (status.party !== undefined) lines.push(`party ${status.party} of three in secret-shared mode`);
  if (status.irisAway !== '') lines.push(`no requests are taken: ${status.irisAway}`);
  if (status.storeAway !== '') lines.push(`nothing can be enrolled: ${status.storeAway}`);
  if (graph !== undefined) {
    lines.push(
      `graph: M ${graph.neighbours}, M_max ${graph.maximumNeighbours}, ef ${graph.ef}, ${graph.nodes} nodes, ${graph.entryPoints} entry points`,
    );
  }
  if (hop !== undefined && hop.hops > 0) {
    const mean = (sum: number) => (sum / hop.hops).toFixed(0);
    lines.push(
      `hop: ${hop.hops} hops, ${mean(hop.candidates)} candidates each, ${mean(hop.roundTripMicroseconds)} us round trip = ` +
        `${mean(hop.transitOutMicroseconds)} out + ${mean(hop.queueMicroseconds)} queue + ${mean(hop.computeMicroseconds)} compute + ${mean(hop.transitBackMicroseconds)} back`,
    );
  }
  const services = status.services.map((one) => [
    one.service,
    one.placement,
    one.cpus,
    one.memoryNodes.join(',') || 'any',
    formatBytes(one.residentBytes),
    one.backing,
  ]);
  lines.push(table(['service', 'placement', 'CPUs', 'memory nodes', 'resident', 'irises on'], services));
  return lines.join('\n');
}
