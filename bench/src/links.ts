/**
 * A round of messages between three parties on loopback, each in a process of its own: the links' frames over TLS, beside
 * the same messages as gRPC streams with mutual TLS. The two take turns in one run.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { PARTIES } from '@irispair/common/parties/party';
import { PartyCertificates } from '@irispair/common/support/party-certificates';
import { freePort } from 'irispair/pair/free-port';
import { SHAPES, type Shape, type ShapeTime } from './links/shapes.js';
import { percentile } from './percentile.js';
import type { PartResult } from './results.js';

const PARTY = fileURLToPath(new URL('./links/party.js', import.meta.url));
const MEGABYTE = 1e6;

interface LinkFigure extends Shape {
  /** Microseconds of a round of all runs, the median of the repetitions. */
  readonly tls: number;
  readonly grpc: number;
}

/** Starts three parties and reads the times of the first. */
export async function runLinksBench(): Promise<PartResult> {
  const certificates = await PartyCertificates.make();
  const addresses = async () =>
    (await Promise.all(PARTIES.map(() => freePort()))).map((port) => `127.0.0.1:${port}`).join(',');
  const ports = { BENCH_LINKS: await addresses(), BENCH_GRPC: await addresses() };
  const parties = PARTIES.map((party) =>
    spawn(process.execPath, [PARTY], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...certificates.settings(party), ...ports },
    }),
  );
  try {
    const [times] = await Promise.all(parties.map(timesOf));
    const figures = SHAPES.map((shape, place) => figureOf(shape, place, times));
    return { figures, text: linksTable(figures) };
  } finally {
    await Promise.all(parties.map(stop));
    await certificates.remove();
  }
}

async function timesOf({ stdout }: ChildProcess): Promise<readonly ShapeTime[]> {
  if (stdout === null) throw new Error('a party without an output');
  for await (const line of createInterface({ input: stdout })) return JSON.parse(line) as ShapeTime[];
  throw new Error('a party ended before it told its times');
}

async function stop(party: ChildProcess): Promise<void> {
  if (party.exitCode !== null || party.signalCode !== null) return;
  party.stdin?.end();
  await once(party, 'exit');
}

function figureOf(shape: Shape, place: number, times: readonly ShapeTime[]): LinkFigure {
  const median = (carrier: ShapeTime['carrier']) =>
    percentile(
      times
        .filter((time) => time.carrier === carrier && time.shape === place)
        .map(({ milliseconds }) => (1_000 * milliseconds) / shape.rounds),
      0.5,
    );
  return { ...shape, tls: median('tls'), grpc: median('grpc') };
}

function linksTable(figures: readonly LinkFigure[]): string {
  const table = new Table({
    head: [
      'runs',
      'bytes a message',
      'links us a round',
      'gRPC us a round',
      'links MB/s',
      'gRPC MB/s',
      'links to gRPC',
    ],
    style: { head: [], border: [] },
  });
  for (const { runs, bytes, tls, grpc } of figures) {
    const rate = (microseconds: number) => ((runs * bytes) / MEGABYTE / (microseconds / 1e6)).toFixed(1);
    table.push([
      String(runs),
      String(bytes),
      tls.toFixed(0),
      grpc.toFixed(0),
      rate(tls),
      rate(grpc),
      `${(grpc / tls).toFixed(2)} x`,
    ]);
  }
  return table.toString();
}
