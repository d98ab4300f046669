/** A party with the right certificate that sends whatever a test wants: party 0, between party 2 and party 1. */
import { once } from 'node:events';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { PARTIES } from '@irispair/common/parties/party';
import type { PartyIdentity } from '@irispair/common/parties/party-identity';
import { FrameKind, frameHeader, FrameReader, NO_RUN, runId, type Frame } from '../parties/frame.js';
import { hostPort } from '../parties/link-address.js';
import { LINK_LIMITS } from '../parties/link-limits.js';
import { tlsOptions } from '../parties/link-tls.js';

const [OWN, NEXT, PREVIOUS] = PARTIES;

/** Bytes of a message of a run. */
export function dataFrame(name: Buffer, sequence: number, payload: Uint8Array): Buffer {
  return Buffer.concat([
    frameHeader(FrameKind.Data, OWN, runId(name, 0), sequence, payload.byteLength),
    payload,
  ]);
}

/** Party 0, not as it should be. */
export class LyingParty {
  /** What party 2 sent, greetings and signs of life aside. */
  readonly heard: Frame[] = [];
  private readonly server: Server;
  private readonly callers = new Set<TLSSocket>();
  private out: TLSSocket | undefined;

  constructor(
    private readonly identity: PartyIdentity,
    private readonly addresses: readonly string[],
  ) {
    this.server = createServer({ ...tlsOptions(identity), requestCert: true }, (socket) => {
      this.callers.add(socket);
      const reader = new FrameReader(PREVIOUS, LINK_LIMITS.mostMessageBytes, (frame) => {
        if (frame.kind === FrameKind.Hello) socket.write(frameHeader(FrameKind.Hello, OWN, NO_RUN, 0, 0));
        else if (frame.kind !== FrameKind.Ping) this.heard.push(frame);
      });
      socket.on('data', (chunk: Buffer) => {
        reader.push(chunk);
      });
      socket.on('error', () => undefined);
    });
    this.server.listen(hostPort(addresses[OWN]));
  }

  /** Connects to party 1 and greets as it should, unless told otherwise. */
  async connect(greeting: Buffer = frameHeader(FrameKind.Hello, OWN, NO_RUN, 0, 0)): Promise<void> {
    const socket = connect({ ...tlsOptions(this.identity), ...hostPort(this.addresses[NEXT]) });
    socket.on('error', () => undefined).resume();
    await once(socket, 'secureConnect');
    this.out = socket;
    socket.write(greeting);
  }

  send(...bytes: readonly Buffer[]): void {
    this.out?.write(Buffer.concat(bytes));
  }

  /** Hands party 1 a seed of the first epoch. */
  seed(epoch = 0): void {
    const payload = Buffer.alloc(40, 7);
    payload.writeBigUInt64LE(BigInt(epoch));
    this.send(frameHeader(FrameKind.Seed, OWN, NO_RUN, 0, payload.byteLength), payload);
  }

  async stop(): Promise<void> {
    this.out?.destroy();
    for (const socket of this.callers) socket.destroy();
    await once(this.server.close(), 'close');
  }
}
