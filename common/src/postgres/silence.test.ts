import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { after, afterEach, before, beforeEach, describe, it, mock } from 'node:test';
import { SilenceWatch } from './silence.js';

const MOST_MILLISECONDS = 10_000;

describe('a watch for silence', () => {
  let server: Server;
  let socket: Socket;
  let peer: Socket;
  before(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(async () => {
    server.close();
    await once(server, 'close');
  });
  beforeEach(async () => {
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    socket = createConnection((server.address() as AddressInfo).port, '127.0.0.1');
    [peer] = await accepted;
    mock.timers.enable({ apis: ['setInterval', 'Date'] });
  });
  afterEach(() => {
    mock.timers.reset();
    socket.destroy();
    peer.destroy();
  });

  it('ends a connection over which nothing comes, saying so', async () => {
    const failed = once(socket, 'error');
    new SilenceWatch(socket, MOST_MILLISECONDS);
    mock.timers.tick(MOST_MILLISECONDS - 1);
    assert.equal(socket.destroyed, false);
    mock.timers.tick(1_000);
    assert.match(String(await failed), /connection timeout: the server does not answer/);
  });

  it('leaves one alone over which something comes now and then, however long it takes, or that it watches no more', async () => {
    const watch = new SilenceWatch(socket, MOST_MILLISECONDS);
    for (let round = 0; round < 5; round++) {
      mock.timers.tick(MOST_MILLISECONDS - 1_000);
      peer.write('.');
      await once(socket, 'data');
      mock.timers.tick(500);
    }
    watch.stop();
    mock.timers.tick(2 * MOST_MILLISECONDS);
    assert.equal(socket.destroyed, false);
  });
});
