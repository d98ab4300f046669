/**
 * The hop's round trip by candidates, beside a raw Unix-socket echo of as many bytes between two Node processes.
 *
 * Rounds of both alternate in one run. The candidates of a step are as many stored irises, compared over 11 rotations.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { credentials } from '@grpc/grpc-js';
import { HOP_CHANNEL_OPTIONS } from '@irispair/common/grpc/limits';
import { socketTarget } from '@irispair/common/grpc/local-socket';
import { callUnary } from '@irispair/common/grpc/unary-call';
import { irisMessage } from '@irispair/common/iris/message';
import { packVectorIds, serialId, version } from '@irispair/common/ids/vector-id';
import { Population } from 'irispair/generate/population';
import { freePort } from 'irispair/pair/free-port';
import { Pair } from 'irispair/pair/pair';
import * as hop from '@irispair/proto/compute';
import type { PartResult } from './results.js';
import { percentile } from './percentile.js';

const SIZES = [1, 128, 1_024, 8_192] as const;
const ROUNDS = 30;
const TRIPS_A_ROUND = 20;
const STORED = 8_192;
const PEOPLE = 64;
const COMMITTED_AT_ONCE = 1_024;
const CALL_MILLISECONDS = 30_000;

interface Trips {
  readonly hop: number[];
  readonly compute: number[];
  readonly echo: number[];
}

/** Starts a pair and an echo, measures both. */
export async function runHopBench(): Promise<PartResult> {
  const directory = mkdtempSync(join(tmpdir(), 'irispair-bench-'));
  const pair = Pair.start({
    directory,
    listen: `127.0.0.1:${await freePort()}`,
    environment: { IRIS_STORE_INITIAL_CAPACITY: String(STORED), IRISPAIR_LOG_LEVEL: 'error' },
    logged: (service, line) => process.stderr.write(`[${service}] ${line}\n`),
    died: (service, { reason }) => process.stderr.write(`[${service}] ended: ${reason}\n`),
  });
  const echo = await startEcho(join(directory, 'echo.sock'));
  try {
    await pair.ready();
    const bench = await HopBench.open(pair.socket);
    const figures = await measure(bench, echo.socket);
    bench.close();
    return { figures, text: hopTable(figures) };
  } finally {
    echo.stop();
    await pair.stop();
    rmSync(directory, { recursive: true });
  }
}

interface HopFigure {
  readonly candidates: number;
  readonly hopP50: number;
  readonly hopP99: number;
  readonly computeP50: number;
  readonly echoP50: number;
  readonly echoP99: number;
}

async function measure(bench: HopBench, echo: Socket): Promise<HopFigure[]> {
  const figures: HopFigure[] = [];
  for (const candidates of SIZES) {
    const trips: Trips = { hop: [], compute: [], echo: [] };
    for (let round = 0; round < ROUNDS; round++) {
      for (let trip = 0; trip < TRIPS_A_ROUND; trip++) await bench.trip(candidates, trips);
      for (let trip = 0; trip < TRIPS_A_ROUND; trip++)
        trips.echo.push(await echoTrip(echo, 8 * candidates + 64));
    }
    figures.push({
      candidates,
      hopP50: percentile(trips.hop, 0.5),
      hopP99: percentile(trips.hop, 0.99),
      computeP50: percentile(trips.compute, 0.5),
      echoP50: percentile(trips.echo, 0.5),
      echoP99: percentile(trips.echo, 0.99),
    });
  }
  return figures;
}

/** One stream to the iris service, with enough irises stored. */
class HopBench {
  private readonly waiting = new Map<number, (response: hop.EvaluateResponse) => void>();
  private requests = 0;

  private constructor(
    private readonly client: hop.IrisComputeClient,
    private readonly session: ReturnType<hop.IrisComputeClient['session']>,
    private readonly stream: ReturnType<hop.IrisComputeClient['evaluate']>,
    private readonly query: number,
  ) {
    stream.on('data', (response: hop.EvaluateResponse) => this.waiting.get(response.requestId)?.(response));
  }

  static async open(socket: string): Promise<HopBench> {
    const client = new hop.IrisComputeClient(
      socketTarget(socket),
      credentials.createInsecure(),
      HOP_CHANNEL_OPTIONS,
    );
    const session = client.session({ client: 'bench' });
    session.on('error', (error) => {
      if (!error.message.includes('CANCELLED')) process.stderr.write(`${error.message}\n`);
    });
    const [first] = (await once(session, 'data')) as [hop.SessionResponse];
    const population = new Population('bench');
    const probes = Array.from({ length: PEOPLE }, (_, index) =>
      irisMessage(population.enrolment(population.person(index))),
    );
    const { queryHandles: queries } = await callUnary(
      client.prepareQuery.bind(client),
      { sessionId: first.sessionId, probes, trace: undefined },
      CALL_MILLISECONDS,
    );
    for (let stored = 0; stored < STORED; stored += COMMITTED_AT_ONCE) {
      const changes = Array.from({ length: COMMITTED_AT_ONCE }, (_, index): hop.Change => {
        const queryHandle = queries[(stored + index) % PEOPLE];
        return { kind: { $case: 'insert', value: { queryHandle, serialId: stored + index + 1 } } };
      });
      await callUnary(client.commit.bind(client), { changes, trace: undefined }, CALL_MILLISECONDS);
    }
    return new HopBench(client, session, client.evaluate(), queries[0]);
  }

  /** One message with one step; notes the round trip and the time in which it was computed, microseconds. */
  async trip(candidates: number, trips: Trips): Promise<void> {
    this.requests += 1;
    const requestId = this.requests;
    const packed = packVectorIds(
      Array.from({ length: candidates }, (_, index) => ({
        serialId: serialId(((index * 7_919) % STORED) + 1),
        version: version(0),
      })),
    );
    const answered = new Promise<hop.EvaluateResponse>((resolve) => this.waiting.set(requestId, resolve));
    const start = performance.now();
    this.stream.write({
      requestId,
      trace: undefined,
      sentMicroseconds: 0,
      steps: [
        {
          searchId: requestId,
          open: {
            query: { $case: 'queryHandle', value: this.query },
            side: hop.Side.LEFT,
            orientation: hop.Orientation.NORMAL,
            baseRotation: 0,
            rotationReach: 5,
            ef: 64,
            matchLimit: 16_384,
          },
          candidates: packed,
          close: true,
          withDistances: false,
          deadlineMicroseconds: 0,
          trace: undefined,
        },
      ],
    });
    const response = await answered;
    trips.hop.push((performance.now() - start) * 1_000);
    trips.compute.push(response.finishedMicroseconds - response.startedMicroseconds);
    this.waiting.delete(requestId);
  }

  close(): void {
    this.stream.end();
    this.session.cancel();
    this.client.close();
  }
}

async function startEcho(path: string): Promise<{ socket: Socket; stop: () => void }> {
  const server = spawn(
    process.execPath,
    [fileURLToPath(new URL('./echo-server.js', import.meta.url)), path],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  await once(server.stdout, 'data');
  const socket = connect(path);
  await once(socket, 'connect');
  return {
    socket,
    stop: () => {
      socket.destroy();
      server.kill();
    },
  };
}

async function echoTrip(socket: Socket, bytes: number): Promise<number> {
  const start = performance.now();
  let received = 0;
  await new Promise<void>((resolve) => {
    const count = (chunk: Buffer) => {
      received += chunk.byteLength;
      if (received < bytes) return;
      socket.off('data', count);
      resolve();
    };
    socket.on('data', count);
    socket.write(Buffer.alloc(bytes));
  });
  return (performance.now() - start) * 1_000;
}

function hopTable(figures: readonly HopFigure[]): string {
  const table = new Table({
    head: [
      'candidates',
      'hop p50 / p99 us',
      'computing p50 us',
      'echo p50 / p99 us',
      'hop / (2 echo + compute)',
      'not computing',
    ],
    style: { head: [], border: [] },
  });
  for (const { candidates, hopP50, hopP99, computeP50, echoP50, echoP99 } of figures) {
    table.push([
      String(candidates),
      `${hopP50.toFixed(0)} / ${hopP99.toFixed(0)}`,
      computeP50.toFixed(0),
      `${echoP50.toFixed(0)} / ${echoP99.toFixed(0)}`,
      (hopP50 / (2 * echoP50 + computeP50)).toFixed(2),
      `${(100 * (1 - computeP50 / hopP50)).toFixed(0)} %`,
    ]);
  }
  return table.toString();
}
