/** The lanes of the hop beside its streams: what is of one kind shares a connection, so that no kind starves another. */
import { credentials } from '@grpc/grpc-js';
import { HOP_CHANNEL_OPTIONS, MOST_HOP_CALLS } from '@irispair/common/grpc/limits';
import { socketTarget } from '@irispair/common/grpc/local-socket';
import { IrisComputeClient } from '@irispair/proto/compute';
import { Lane, type LaneLimits, type LaneLoad } from './lane.js';

const MEBIBYTE = 1 << 20;

/** By kind: irises read back; probes uploaded and released; changes; scans of everything; lists and reports. */
const LIMITS = {
  reads: { calls: MOST_HOP_CALLS, bytes: 16 * MEBIBYTE, waiting: 8_192 },
  uploads: { calls: 16, bytes: 32 * MEBIBYTE, waiting: 1_024 },
  changes: { calls: 16, bytes: 32 * MEBIBYTE, waiting: 1_024 },
  scans: { calls: 32, bytes: 16 * MEBIBYTE, waiting: 1_024 },
  reports: { calls: 8, bytes: MEBIBYTE, waiting: 1_024 },
} as const satisfies Readonly<Record<string, LaneLimits>>;

/** A kind of calls. */
export type LaneName = keyof typeof LIMITS;

const NAMES = Object.keys(LIMITS) as readonly LaneName[];

/** All lanes of one client, and the connection of its heartbeat, which carries nothing else. */
export class Lanes {
  private readonly lanes: Readonly<Record<LaneName, Lane<IrisComputeClient>>>;
  private heart: IrisComputeClient;
  private renewed = 0;

  constructor(private readonly socket: string) {
    const lane = (name: LaneName) => new Lane(name, LIMITS[name], () => this.connect());
    this.lanes = {
      reads: lane('reads'),
      uploads: lane('uploads'),
      changes: lane('changes'),
      scans: lane('scans'),
      reports: lane('reports'),
    };
    this.heart = this.connect();
  }

  /** Of the session alone. */
  get heartbeat(): IrisComputeClient {
    return this.heart;
  }

  /** Times that all connections were made anew. */
  get reconnects(): number {
    return this.renewed;
  }

  of(name: LaneName): Lane<IrisComputeClient> {
    return this.lanes[name];
  }

  loads(): { readonly lane: LaneName; readonly load: LaneLoad }[] {
    return NAMES.map((lane) => ({ lane, load: this.lanes[lane].load }));
  }

  /** Fails all calls and makes all connections anew. */
  reconnect(reason: Error): void {
    this.renewed += 1;
    for (const name of NAMES) this.lanes[name].reconnect(reason);
    this.heart.close();
    this.heart = this.connect();
  }

  close(): void {
    for (const name of NAMES) this.lanes[name].close();
    this.heart.close();
  }

  private connect(): IrisComputeClient {
    return new IrisComputeClient(
      socketTarget(this.socket),
      credentials.createInsecure(),
      HOP_CHANNEL_OPTIONS,
    );
  }
}
