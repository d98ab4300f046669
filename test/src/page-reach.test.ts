/** To whom a real graph service shows its page, by the address that its HTTP port listens on. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { until } from '@irispair/common/support/until';
import { freePort } from 'irispair/pair/free-port';
import { ServiceProcess } from './support/service-process.js';

const PATHS = ['/', '/state.json', '/page/main.js'];

describe('the page of a graph service', () => {
  let directory: string;
  let started: ServiceProcess[];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'irispair-reach-'));
    started = [];
  });
  afterEach(async () => {
    for (const service of started) service.kill('SIGKILL');
    await Promise.all(started.map((service) => service.end()));
    await rm(directory, { recursive: true });
  });

  /** Starts one, and asks it for everything over loopback. @param more its other settings */
  async function ask(
    host: string,
    more: Readonly<Record<string, string>> = {},
  ): Promise<{ answers: { code: number; body: string }[]; log: string }> {
    const port = await freePort();
    const service = new ServiceProcess('graph', {
      IRISPAIR_PLACEMENT: 'off',
      IRISPAIR_IRIS_SOCKET: join(directory, 'iris.sock'),
      IRISPAIR_GRAPH_STORE: join(directory, 'graph'),
      IRISPAIR_LISTEN: `127.0.0.1:${await freePort()}`,
      IRISPAIR_HTTP_LISTEN: `${host}:${port}`,
      ...more,
    });
    started.push(service);
    await until('it listens', () => service.complaint.includes('graph service listening'));
    const answers = await Promise.all(
      PATHS.map(async (path) => {
        const answer = await fetch(`http://127.0.0.1:${port}${path}`);
        return { code: answer.status, body: await answer.text() };
      }),
    );
    return { answers, log: service.complaint };
  }

  it('is shown where the port is on loopback', async () => {
    const { answers, log } = await ask('127.0.0.1');
    assert.deepEqual(
      answers.map(({ code }) => code),
      [200, 200, 200],
    );
    assert.match(answers[0].body, /<title>/);
    assert.match(log, /the page is shown/);
  });

  it('is not shown on loopback when it is switched off', async () => {
    const { answers, log } = await ask('127.0.0.1', { IRISPAIR_PAGE: 'off' });
    for (const answer of answers)
      assert.deepEqual(answer, { code: 404, body: 'the page is off: IRISPAIR_PAGE=off\n' });
    assert.doesNotMatch(log, /the page is shown/);
  });

  it('is not shown where others reach the port, which says what would show it', async () => {
    const { answers, log } = await ask('0.0.0.0');
    for (const { code, body } of answers) {
      assert.equal(code, 404);
      assert.match(body, /^the page is off: this port is not on loopback.*set IRISPAIR_PAGE=on\n$/);
    }
    assert.doesNotMatch(log, /the page is shown/);
  });

  it('is shown where others reach the port when it is switched on', async () => {
    const { answers, log } = await ask('0.0.0.0', { IRISPAIR_PAGE: 'on' });
    assert.deepEqual(
      answers.map(({ code }) => code),
      [200, 200, 200],
    );
    assert.match(log, /the page is shown/);
  });
});
