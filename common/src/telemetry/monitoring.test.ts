import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { Counter } from 'prom-client';
import { MisconfiguredError } from '../errors/errors.js';
import { askHealth } from '../grpc/health-check.js';
import { Monitoring } from './monitoring.js';

const NOT_READY = ['NOT_SERVING', 'NOT_SERVING'];

describe('the monitoring port', () => {
  let monitoring: Monitoring;
  beforeEach(async () => {
    monitoring = await Monitoring.start({ IRISPAIR_HTTP_LISTEN: '127.0.0.1:0' });
  });
  afterEach(() => monitoring.close());

  async function ask(path: string, method = 'GET'): Promise<{ code: number; body: string; type: string }> {
    const asked = request({ host: '127.0.0.1', port: monitoring.port, path, method }).end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    return {
      code: answer.statusCode ?? 0,
      body: await text(answer),
      type: answer.headers['content-type'] ?? '',
    };
  }

  it('shows what is counted, as Prometheus reads it', async () => {
    const counter = new Counter({ name: 'seen_total', help: 'Seen', registers: [monitoring.registry] });
    counter.inc(3);
    const { code, body, type } = await ask('/metrics?name=x');
    assert.equal(code, 200);
    assert.match(type, /^text\/plain; version=0\.0\.4/);
    assert.match(body, /^# TYPE seen_total counter\nseen_total 3$/m);
  });

  it('says why the service is not ready, and that it lives', async () => {
    assert.deepEqual([(await ask('/readyz')).code, (await ask('/readyz')).body], [503, 'starting\n']);
    assert.equal((await ask('/healthz')).code, 200);
    monitoring.notReady = undefined;
    assert.deepEqual([(await ask('/readyz')).code, (await ask('/readyz')).body], [200, 'ok\n']);
    const head = await ask('/readyz', 'HEAD');
    assert.deepEqual([head.code, head.body], [200, '']);
  });

  it('answers nothing else', async () => {
    const unknown = await ask('/metric');
    assert.deepEqual([unknown.code, unknown.body], [404, 'not found, ask for /metrics, /healthz, /readyz\n']);
    assert.equal((await ask('/metrics', 'POST')).code, 405);
  });

  it('answers further paths of the service, to those who only read', async () => {
    monitoring.further = (path, reach) => {
      if (path === '/broken') throw new Error('no answer');
      return path === '/' ? { code: 200, type: 'text/html', body: `<p>${reach}</p>` } : undefined;
    };
    const page = await ask('/?x=1');
    assert.deepEqual(page, { code: 200, type: 'text/html', body: '<p>loopback</p>' });
    assert.equal(monitoring.reach, 'loopback');
    assert.equal((await ask('/', 'HEAD')).body, '');
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
      assert.equal((await ask('/', method)).code, 405);
    assert.equal((await ask('/other')).code, 404);
    assert.deepEqual(
      [(await ask('/broken')).code, (await ask('/broken')).body],
      [500, 'this could not be answered: Error: no answer\n'],
    );
  });

  it('knows whether others may reach it', async () => {
    for (const [address, reach] of [
      ['localhost:0', 'loopback'],
      ['[::1]:0', 'loopback'],
      ['0.0.0.0:0', 'network'],
    ]) {
      const other = await Monitoring.start({ IRISPAIR_HTTP_LISTEN: address });
      assert.equal(other.reach, reach, address);
      await other.close();
    }
  });

  it('tells of a metric that cannot be read, and goes on', async () => {
    const counter = new Counter({
      name: 'broken_total',
      help: 'Broken',
      registers: [monitoring.registry],
      collect() {
        throw new Error('no figure');
      },
    });
    const { code, body } = await ask('/metrics');
    assert.deepEqual([code, body], [500, 'the metrics could not be read: Error: no figure\n']);
    monitoring.registry.removeSingleMetric('broken_total');
    assert.equal((await ask('/metrics')).code, 200);
    counter.reset();
  });

  it('is refused by name where it cannot listen', async () => {
    for (const address of [`127.0.0.1:${monitoring.port ?? 0}`, '192.0.2.1:9464', '127.0.0.1:70000']) {
      await assert.rejects(Monitoring.start({ IRISPAIR_HTTP_LISTEN: address }), (error) => {
        assert.ok(error instanceof MisconfiguredError, String(error));
        assert.match(error.message, /^IRISPAIR_HTTP_LISTEN=.*choose another address$/);
        return true;
      });
    }
  });

  it('is shown nowhere without an address', async () => {
    const hidden = await Monitoring.start({});
    assert.deepEqual([hidden.port, hidden.probePort], [undefined, undefined]);
    await hidden.close();
  });
});

describe('the port for probes', () => {
  let monitoring: Monitoring;
  beforeEach(async () => {
    monitoring = await Monitoring.start({ IRISPAIR_PROBE_LISTEN: '127.0.0.1:0' });
  });
  afterEach(() => monitoring.close());

  const ask = (name: string) => askHealth(`127.0.0.1:${monitoring.probePort ?? 0}`, name);

  it('says that the service lives, and whether it is ready', async () => {
    assert.deepEqual([await ask('alive'), await ask('ready'), await ask('')], ['SERVING', ...NOT_READY]);
    monitoring.notReady = undefined;
    assert.deepEqual([await ask('alive'), await ask('ready'), await ask('')], Array(3).fill('SERVING'));
    monitoring.notReady = 'loading';
    assert.deepEqual([await ask('alive'), await ask('ready'), await ask('')], ['SERVING', ...NOT_READY]);
  });

  it('knows no other names', async () => {
    await assert.rejects(ask('irispair'), { code: status.NOT_FOUND });
  });

  it('is refused by name where it cannot listen, and leaves nothing open', async () => {
    const address = `127.0.0.1:${monitoring.probePort ?? 0}`;
    await assert.rejects(Monitoring.start({ IRISPAIR_PROBE_LISTEN: address }), (error) => {
      assert.ok(error instanceof MisconfiguredError, String(error));
      assert.match(error.message, /^IRISPAIR_PROBE_LISTEN=.*choose another address$/);
      return true;
    });
    const free = await Monitoring.start({ IRISPAIR_PROBE_LISTEN: '127.0.0.1:0' });
    const other = `127.0.0.1:${free.probePort ?? 0}`;
    await free.close();
    const settings = { IRISPAIR_PROBE_LISTEN: other, IRISPAIR_HTTP_LISTEN: '192.0.2.1:9464' };
    await assert.rejects(Monitoring.start(settings), /IRISPAIR_HTTP_LISTEN/);
    await (await Monitoring.start({ IRISPAIR_PROBE_LISTEN: other })).close();
  });
});
