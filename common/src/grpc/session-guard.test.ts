import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { createLogger } from '../log/logger.js';
import { connectRaw, openAndReset } from '../support/raw-http2.js';
import { until } from '../support/until.js';
import { http2ServersOf } from './below.js';
import { PUBLIC_SERVER_OPTIONS } from './limits.js';
import { SessionGuard } from './session-guard.js';

const LONG_MILLISECONDS = 120_000;

describe('the connections of a gRPC server', () => {
  let server: Server;
  let guard: SessionGuard;
  let port: number;
  beforeEach(async () => {
    server = new Server(PUBLIC_SERVER_OPTIONS);
    port = await new Promise((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    guard = new SessionGuard(
      server,
      { name: 'public', connections: 3, remedy: 'x' },
      createLogger('graph', 'silent'),
    );
  });
  afterEach(() => {
    guard.close();
    server.forceShutdown();
  });

  it('end in order when many of their calls were reset, before the library ends them with an error', async () => {
    const LIBRARY_RESETS = 1_000;
    const errors: unknown[] = [];
    let streams = 0;
    for (const http2 of http2ServersOf(server)) {
      http2.on('stream', () => {
        streams += 1;
      });
      http2.on('sessionError', (error) => errors.push(error));
    }
    const socket = await connectRaw(port);
    for (let sent = 0; !socket.closed;) {
      socket.write(openAndReset(2 * sent++ + 1));
      await until('it came', () => streams === sent || socket.closed, LONG_MILLISECONDS);
    }
    await until('the connection has gone', () => guard.connections === 0, LONG_MILLISECONDS);
    assert.ok(streams > LIBRARY_RESETS / 3 && streams < LIBRARY_RESETS, `closed after ${streams} resets`);
    assert.deepEqual(errors, []);
  });

  it('are refused over the cap, and taken again when others have gone', async () => {
    const taken = await Promise.all([connectRaw(port), connectRaw(port), connectRaw(port)]);
    await until('they are taken', () => guard.connections === 3, LONG_MILLISECONDS);
    await connectRaw(port);
    await until('one is refused', () => guard.refused === 1, LONG_MILLISECONDS);
    for (const socket of taken) socket.destroy();
    await until('they have gone', () => guard.connections === 0, LONG_MILLISECONDS);
    const another = await connectRaw(port);
    await until('it is taken', () => guard.connections === 1, LONG_MILLISECONDS);
    assert.equal(guard.refused, 1);
    another.destroy();
  });
});
