import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { Delay } from './delay-line.js';
import { Relay } from './relay.js';

const PIECES = 300;
/** Pieces of many sizes, some larger than what a socket takes at once. */
const SENT = Array.from({ length: PIECES }, (_, index) => Buffer.alloc((index % 7) * 11_111 + 1, index));

/** Until the end; an iterator would destroy the socket then, with what it has still to send. */
async function all(socket: Socket): Promise<Buffer> {
  const pieces: Buffer[] = [];
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  await once(socket, 'end');
  return Buffer.concat(pieces);
}

describe('the relay of the bench', () => {
  const delay = new Delay();
  let server: Server;
  let relay: Relay;
  let client: Socket;
  let served: Socket;

  before(async () => {
    server = createServer({ allowHalfOpen: true });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    relay = await Relay.listen((server.address() as AddressInfo).port, delay);
  });

  after(async () => {
    await relay.close();
    server.close();
  });

  beforeEach(async () => {
    const connected = once(server, 'connection');
    client = connect({ port: Number(relay.address.split(':')[1]), host: '127.0.0.1', allowHalfOpen: true });
    [served] = (await connected) as [Socket];
  });

  afterEach(() => {
    client.destroy();
    served.destroy();
    delay.milliseconds = 0;
  });

  for (const milliseconds of [0, 3]) {
    it(`leads both directions, whole and in order, at ${milliseconds} ms`, async () => {
      delay.milliseconds = milliseconds;
      const received = Promise.all([all(client), all(served)]);
      for (const piece of SENT) {
        client.write(piece);
        served.write(piece);
      }
      client.end();
      served.end();
      const [atClient, atServer] = await received;
      assert.ok(atClient.equals(Buffer.concat(SENT)));
      assert.ok(atServer.equals(Buffer.concat(SENT)));
    });
  }

  it('keeps the order when the delay is taken away meanwhile', async () => {
    delay.milliseconds = 20;
    served.write('first ');
    // What is sent and comes back behind it was under way with it.
    const answered = all(client);
    const echoed = once(served, 'data').then(() => {
      delay.milliseconds = 0;
      served.end('second');
    });
    client.write('now');
    await echoed;
    assert.equal((await answered).toString(), 'first second');
  });

  it('hands on nothing before its time, and says what was added', async () => {
    delay.milliseconds = 20;
    delay.takeMean();
    const start = performance.now();
    client.write('there');
    await once(served, 'data');
    served.write('back');
    await once(client, 'data');
    assert.ok(performance.now() - start >= 39);
    assert.ok(delay.takeMean() >= 19.5);
  });

  it('passes on that a connection was lost', async () => {
    const lost = assert.rejects(once(client, 'close'), { code: 'ECONNRESET' });
    served.resetAndDestroy();
    await lost;
  });
});
