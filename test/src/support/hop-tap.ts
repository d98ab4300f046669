/**
 * Stands between a graph service and its iris service, passes on what they say, and holds calls back: so a test can kill a
 * service at a point of its work, whatever the timing.
 */
import { rename, rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  type ClientDuplexStream,
  type ClientReadableStream,
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type MethodDefinition,
  type ServerDuplexStream,
  type ServerWritableStream,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import { HOP_CHANNEL_OPTIONS } from '@irispair/common/grpc/limits';
import { socketTarget } from '@irispair/common/grpc/local-socket';
import { IrisComputeService } from '@irispair/proto/compute';

/** A call of the iris service. */
export type HopCall = keyof typeof IrisComputeService;

/** How calls that are held end: sent on to the iris service, or never. */
type Release = 'pass' | 'lose';

const asIs = (bytes: Buffer): Buffer => bytes;

/** A tap in a pair's socket. */
export class HopTap {
  /** Calls that came while they were held. */
  held = 0;
  private readonly answers = new Map<HopCall, number>();
  private holds: HopCall | undefined;
  private released: Promise<Release> = Promise.resolve('pass');
  private letGo: (how: Release) => void = () => undefined;
  private readonly server = new Server(HOP_CHANNEL_OPTIONS);
  private readonly client: Client;

  private constructor(
    private readonly socket: string,
    private readonly behind: string,
  ) {
    this.client = new Client(socketTarget(behind), credentials.createInsecure(), HOP_CHANNEL_OPTIONS);
    const calls = Object.entries(IrisComputeService) as [HopCall, MethodDefinition<unknown, unknown>][];
    const passing: Record<string, MethodDefinition<Buffer, Buffer>> = {};
    const handlers: Record<string, UntypedHandleCall> = {};
    for (const [name, method] of calls) {
      passing[name] = {
        ...method,
        requestSerialize: asIs,
        requestDeserialize: asIs,
        responseSerialize: asIs,
        responseDeserialize: asIs,
      };
      handlers[name] = method.requestStream
        ? this.both(method.path)
        : method.responseStream
          ? this.streamed(method.path)
          : this.one(name, method.path);
    }
    this.server.addService(passing, handlers);
  }

  /** Takes the place of a running iris service's socket. Clients that are connected already stay where they are. */
  static async insert(socket: string): Promise<HopTap> {
    const behind = `${socket}.behind`;
    await rename(socket, behind);
    const tap = new HopTap(socket, behind);
    await new Promise<void>((resolve, reject) => {
      tap.server.bindAsync(socketTarget(socket), ServerCredentials.createInsecure(), (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
    return tap;
  }

  /** From now on calls of this name wait. */
  hold(name: HopCall): void {
    this.held = 0;
    this.holds = name;
    this.released = new Promise((resolve) => {
      this.letGo = resolve;
    });
  }

  /** How many calls of this name the iris service has answered well. */
  answered(name: HopCall): number {
    return this.answers.get(name) ?? 0;
  }

  /** Those that wait go on, or get lost. */
  release(how: Release): void {
    this.holds = undefined;
    this.letGo(how);
  }

  /** Leaves the socket to the iris service. @param isAlive whether that runs still */
  async remove(isAlive: boolean): Promise<void> {
    this.release('lose');
    this.server.forceShutdown();
    this.client.close();
    await rm(this.socket, { force: true });
    if (isAlive) await rename(this.behind, this.socket);
    else await rm(this.behind, { force: true });
  }

  private one(name: HopCall, path: string): handleUnaryCall<Buffer, Buffer> {
    return (call, answer) => {
      void this.mayPass(name).then((mayPass) => {
        if (!mayPass) return;
        const options = { deadline: call.getDeadline() };
        this.client.makeUnaryRequest(
          path,
          asIs,
          asIs,
          call.request,
          call.metadata,
          options,
          (error, bytes) => {
            if (error === null) this.answers.set(name, this.answered(name) + 1);
            answer(error, bytes);
          },
        );
      });
    };
  }

  private streamed(path: string): handleServerStreamingCall<Buffer, Buffer> {
    return (call) => {
      const behind = this.client.makeServerStreamRequest(path, asIs, asIs, call.request, call.metadata);
      handOn(behind, call);
    };
  }

  private both(path: string): handleBidiStreamingCall<Buffer, Buffer> {
    return (call) => {
      const behind = this.client.makeBidiStreamRequest(path, asIs, asIs, call.metadata);
      call.on('data', (bytes: Buffer) => behind.write(bytes));
      call.on('end', () => {
        behind.end();
      });
      handOn(behind, call);
    };
  }

  private async mayPass(name: HopCall): Promise<boolean> {
    if (name !== this.holds) return true;
    this.held += 1;
    return (await this.released) === 'pass';
  }
}

/** Hands on what comes from behind. */
function handOn(
  behind: ClientReadableStream<Buffer> | ClientDuplexStream<Buffer, Buffer>,
  call: ServerWritableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>,
): void {
  const from: Readable & { cancel(): void } = behind;
  from.on('data', (bytes: Buffer) => {
    call.write(bytes);
  });
  from.on('end', () => {
    call.end();
  });
  from.on('error', (error: Error) => {
    call.emit('error', error);
  });
  call.on('cancelled', () => {
    from.cancel();
  });
}
