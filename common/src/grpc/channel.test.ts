import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { channelTo, exemptFromProxies, isHere } from './channel.js';

describe('a channel', () => {
  it('goes through no proxy to this machine, and may to others', () => {
    const here = [
      ...[
        '127.0.0.1:1',
        '127.8.9.1:1',
        'localhost:1',
        'LOCALHOST:1',
        'a.localhost:1',
        '[::1]:1',
        '0.0.0.0:1',
        '[::]:1',
      ],
      ...['[::ffff:127.0.0.1]:1', 'unix:/run/iris.sock', 'unix:relative.sock'],
    ];
    for (const target of here) {
      assert.ok(isHere(target), target);
      assert.equal(channelTo(target, { 'grpc.enable_retries': 0 })[2]['grpc.enable_http_proxy'], 0);
    }
    for (const target of [
      '128.0.0.1:1',
      'localhost.example:1',
      'notlocalhost:1',
      '[2001:db8::1]:1',
      '[fe80::1]:1',
    ]) {
      assert.ok(!isHere(target), target);
      assert.deepEqual(channelTo(target, { 'grpc.enable_retries': 0 })[2], { 'grpc.enable_retries': 0 });
    }
  });

  it('of another maker leaves out a host beside those that are left out already', () => {
    for (const [before, after] of [
      [{}, 'h'],
      [{ no_proxy: 'a,b' }, 'a,b,h'],
      [{ no_proxy: 'a', no_grpc_proxy: 'c' }, 'c,h'],
    ] as const) {
      const environment: NodeJS.ProcessEnv = { ...before };
      exemptFromProxies('h', environment);
      assert.equal(environment.no_grpc_proxy, after);
    }
  });
});
