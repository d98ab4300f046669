/** The same messages over gRPC with mutual TLS, one stream from each party to its next: what the links are held against. */
import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  type ClientWritableStream,
  type handleClientStreamingCall,
} from '@grpc/grpc-js';
import { nextParty, type OfEachParty } from '@irispair/common/parties/party';
import type { PartyIdentity } from '@irispair/common/parties/party-identity';
import type { Carrier, Exchange } from './carrier.js';

const PATH = '/irispair.bench.Link/Exchange';
const RUN_BYTES = 4;
const ANY_LENGTH = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };

/** A stream to the next party, and the messages that come from the previous one. */
export class GrpcCarrier implements Carrier {
  private readonly waiting = new Map<number, (message: Buffer) => void>();
  private readonly arrived = new Map<number, Buffer[]>();
  private readonly server = new Server(ANY_LENGTH);
  private readonly client: Client;
  private stream: ClientWritableStream<Buffer> | undefined;
  private runs = 0;

  private constructor(identity: PartyIdentity, addresses: OfEachParty<string>) {
    const { certificate, key, trusted, party } = identity;
    const authorities = Buffer.from(trusted.join(''));
    this.client = new Client(
      addresses[nextParty(party)],
      credentials.createSsl(authorities, Buffer.from(key), Buffer.from(certificate), {
        checkServerIdentity: () => undefined,
      }),
      ANY_LENGTH,
    );
    const exchange: handleClientStreamingCall<Buffer, Buffer> = (call) => {
      call.on('data', (message: Buffer) => {
        this.receive(message);
      });
      call.on('error', () => undefined);
    };
    this.server.addService(
      {
        exchange: {
          path: PATH,
          requestStream: true,
          responseStream: false,
          requestSerialize: same,
          requestDeserialize: same,
          responseSerialize: same,
          responseDeserialize: same,
        },
      },
      { exchange },
    );
  }

  static async open(identity: PartyIdentity, addresses: OfEachParty<string>): Promise<GrpcCarrier> {
    const carrier = new GrpcCarrier(identity, addresses);
    const { certificate, key, trusted, party } = identity;
    const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(certificate) };
    const server = ServerCredentials.createSsl(Buffer.from(trusted.join('')), [pair], true);
    await new Promise<void>((resolve, reject) => {
      carrier.server.bindAsync(addresses[party], server, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
    await new Promise<void>((resolve, reject) => {
      carrier.client.waitForReady(Date.now() + 20_000, (error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
    carrier.stream = carrier.client.makeClientStreamRequest(PATH, same, same, () => undefined);
    carrier.stream.on('error', () => undefined);
    return carrier;
  }

  begin(runs: number): readonly Exchange[] {
    return Array.from({ length: runs }, () => {
      this.runs += 1;
      const run = this.runs;
      return (message: Buffer) => this.exchange(run, message);
    });
  }

  close(): Promise<void> {
    this.stream?.cancel();
    this.client.close();
    this.server.forceShutdown();
    return Promise.resolve();
  }

  private exchange(run: number, message: Buffer): Promise<Buffer> {
    const head = Buffer.alloc(RUN_BYTES);
    head.writeUInt32LE(run);
    this.stream?.write(Buffer.concat([head, message]));
    const there = this.arrived.get(run)?.shift();
    if (there !== undefined) return Promise.resolve(there);
    return new Promise((resolve) => this.waiting.set(run, resolve));
  }

  private receive(message: Buffer): void {
    const run = message.readUInt32LE(0);
    const payload = message.subarray(RUN_BYTES);
    const waiting = this.waiting.get(run);
    if (waiting === undefined) {
      this.arrived.set(run, [...(this.arrived.get(run) ?? []), payload]);
      return;
    }
    this.waiting.delete(run);
    waiting(payload);
  }
}

function same(message: Buffer): Buffer {
  return message;
}
