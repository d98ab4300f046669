import assert from 'node:assert/strict';
import { it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { Registry } from 'prom-client';
import { NotFoundError } from '../errors/errors.js';
import { RequestMetrics } from './request-metrics.js';

it('requests are counted by method and by the status that the caller is given', async () => {
  const registry = new Registry();
  const requests = new RequestMetrics(registry);
  assert.equal(await requests.watch('Search', () => 7), 7);
  const missing = () => Promise.reject(new NotFoundError('nobody'));
  await assert.rejects(requests.watch('Search', missing), NotFoundError);
  await assert.rejects(
    requests.watch('Commit', missing, () => status.ABORTED),
    NotFoundError,
  );
  const counts = (await registry.metrics()).split('\n').filter((line) => line.includes('_count'));
  assert.deepEqual(counts, [
    'irispair_request_duration_seconds_count{method="Search",code="OK"} 1',
    'irispair_request_duration_seconds_count{method="Search",code="NOT_FOUND"} 1',
    'irispair_request_duration_seconds_count{method="Commit",code="ABORTED"} 1',
  ]);
});
