import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { it } from 'node:test';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { askHealth } from './health-check.js';
import { socketTarget } from './local-socket.js';

it('tells what a server on a socket says of itself, and that nobody answers', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'irispair-health-'));
  const target = socketTarget(join(directory, 'sock'));
  const server = new Server();
  const health = new HealthImplementation({ '': 'NOT_SERVING' });
  health.addToServer(server);
  await assert.rejects(askHealth(target), { code: status.UNAVAILABLE });
  await promisify(server.bindAsync.bind(server))(target, ServerCredentials.createInsecure());
  assert.equal(await askHealth(target), 'NOT_SERVING');
  health.setStatus('', 'SERVING');
  assert.equal(await askHealth(target), 'SERVING');
  server.forceShutdown();
  await rm(directory, { recursive: true });
});
