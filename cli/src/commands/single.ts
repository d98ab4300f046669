/** `verify`, `delete` and `status`: one call each. */
import type { Command } from 'commander';
import { irisMessage } from '@irispair/common/iris/message';
import * as api from '@irispair/proto/public';
import { serialId } from '@irispair/common/ids/vector-id';
import { PairClient } from '../client/pair-client.js';
import { readOnlyCapture } from '../input/ndjson.js';
import { formatBytes, formatOf, print, table } from '../output/print.js';
import { ExitCode } from './exit-code.js';
import { jsonOption, serverOption, type ServerOptions } from './options.js';

/** Adds the three commands. */
export function addSingleCommands(program: Command): void {
  program
    .command('verify')
    .description('compare a capture with one enrolled person; exit code 1 when they differ')
    .argument('<id>', 'serial id', Number)
    .argument('<file>', 'NDJSON file with one capture, - for standard input')
    .addOption(serverOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  irispair verify 17 capture.ndjson')
    .action(async (id: number, file: string, options: ServerOptions) => {
      process.exitCode = await verify(id, file, options);
    });
  program
    .command('delete')
    .description("erase a person's irises; the serial id stays and never matches again")
    .argument('<id>', 'serial id', Number)
    .addOption(serverOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  irispair delete 17')
    .action(async (id: number, options: ServerOptions) => {
      const { version } = await withClient(options, (client) => client.delete(serialId(id)));
      print(
        formatOf(options) === 'json'
          ? JSON.stringify({ serial_id: id, version })
          : `serial id ${id} is deleted`,
      );
    });
  program
    .command('status')
    .description('how many are enrolled, how searches are done, where the services run')
    .addOption(serverOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  irispair status --json')
    .action(async (options: ServerOptions) => {
      const status = await withClient(options, (client) => client.status());
      print(formatOf(options) === 'json' ? JSON.stringify(status) : describeStatus(status));
    });
}

async function withClient<Result>(
  { server }: ServerOptions,
  use: (client: PairClient) => Promise<Result>,
): Promise<Result> {
  const client = new PairClient(server);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

async function verify(id: number, file: string, options: ServerOptions): Promise<ExitCode> {
  const serial = serialId(id);
  const { iris } = await readOnlyCapture(file);
  const request = { serialId: serial, iris: irisMessage(iris) };
  const { matched, left, right, version } = await withClient(options, (client) => client.verify(request));
  if (formatOf(options) === 'json') {
    print(JSON.stringify({ serial_id: id, version, matched, left, right }));
  } else {
    const row = (name: string, distance: api.Distance | undefined) => [
      name,
      (distance?.fractionalHammingDistance ?? 0).toFixed(4),
      String(distance?.rotation ?? 0),
    ];
    print(table(['eye', 'FHD', 'rotation'], [row('left', left), row('right', right)]));
    print(matched ? 'the same person' : 'not the same person');
  }
  return matched ? ExitCode.Done : ExitCode.Failed;
}

/** The status in lines. */
export function describeStatus(status: api.StatusResponse): string {
  const { graph, hop } = status;
  const lines = [
    `${status.ready ? 'ready' : 'not ready'}: ${status.enrolled} people enrolled, highest serial id ${status.highestSerialId}`,
    `threshold ${status.threshold}, ${status.rotations} rotations, kernel ${status.kernel}, index ${status.index === api.IndexMode.HNSW ? 'hnsw' : 'exact'}`,
  ];
  if (status.irisAway !== '') lines.push(`not joined to the iris service: ${status.irisAway}`);
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
