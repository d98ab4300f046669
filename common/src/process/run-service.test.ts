import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Script } from '../support/script.js';
import { until } from '../support/until.js';

/** A service that says `up`, and `stopping` when asked to stop. */
function service(start: string, stop: string, environment: Readonly<Record<string, string>> = {}): Script {
  const [runService, errors] = ['./run-service.js', '../errors/errors.js'].map((module) =>
    JSON.stringify(import.meta.resolve(module)),
  );
  return new Script(
    `
    import { runService } from ${runService};
    import { MisconfiguredError } from ${errors};
    // Services live by their sockets; this one by a timer.
    setInterval(() => undefined, 1000);
    await runService('sample', async () => {
      ${start}
      // Told once it listens to signals.
      setImmediate(() => console.log('up'));
      return { stop: async () => { console.log('stopping'); ${stop} } };
    }, (parent) => parent === 7);`,
    environment,
  );
}

async function says(script: Script, line: string): Promise<void> {
  await until(`it says "${line}"`, () => script.lines.includes(line));
}

describe('the life of a service', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`ends in order with ${signal}`, async () => {
      const script = service('', `await new Promise(setImmediate); console.log('stopped');`);
      await says(script, 'up');
      script.kill(signal);
      assert.equal(await script.end(), 0);
      assert.deepEqual(script.lines, ['up', 'stopping', 'stopped']);
      assert.equal(script.complaint, '');
    });
  }

  it('goes on stopping with a second SIGTERM, and says so', async () => {
    const script = service(
      '',
      `const alive = setInterval(() => undefined, 1000);
       await new Promise((resolve) => process.once('SIGHUP', resolve)); console.log('stopped');`,
    );
    await says(script, 'up');
    script.kill('SIGTERM');
    await says(script, 'stopping');
    for (let again = 0; again < 2; again++) {
      const before = script.complaint.length;
      script.kill('SIGTERM');
      await until('it says that it stops already', () => script.complaint.length > before);
    }
    script.kill('SIGHUP');
    assert.equal(await script.end(), 0);
    assert.deepEqual(script.lines, ['up', 'stopping', 'stopped']);
    assert.match(
      script.complaint,
      /^(sample service: it is stopping already: what is in work is finished first\n){2}$/,
    );
  });

  it('ends at once with a SIGINT while it stops, and says so', async () => {
    const script = service('', 'await new Promise(() => undefined);');
    await says(script, 'up');
    script.kill('SIGTERM');
    await says(script, 'stopping');
    script.kill('SIGINT');
    assert.equal(await script.end(), 130);
    assert.equal(
      script.complaint,
      'sample service: cut short by a second SIGINT: what was in work has no answer\n',
    );
  });

  it('leaves SIGINT to the parent that it belongs to', async () => {
    const child = service('', '', { IRISPAIR_EXIT_WITH_PARENT: '7' });
    await says(child, 'up');
    child.kill('SIGINT');
    child.kill('SIGTERM');
    assert.equal(await child.end(), 0);
    assert.deepEqual(child.lines, ['up', 'stopping']);
    assert.equal(child.complaint, '');
  });

  it('ends in order when its parent is gone, however often it is told', async () => {
    const script = service(
      '',
      `await new Promise((resolve) => setTimeout(resolve, 50)); console.log('stopped');`,
    );
    await says(script, 'up');
    script.kill('SIGUSR2');
    await says(script, 'stopping');
    script.kill('SIGUSR2');
    assert.equal(await script.end(), 0);
    assert.deepEqual(script.lines, ['up', 'stopping', 'stopped']);
  });

  it('does not start when misconfigured: code 2 and the message alone', async () => {
    const script = service(`throw new MisconfiguredError('SETTING="x": give one of a, b');`, '');
    assert.equal(await script.end(), 2);
    assert.equal(script.complaint, 'sample service: SETTING="x": give one of a, b\n');
  });

  it('ends with code 1 and the stack when it fails to start or to stop', async () => {
    const starting = service(`throw new Error('no such thing');`, '');
    assert.equal(await starting.end(), 1);
    assert.match(starting.complaint, /^sample service: Error: no such thing\n {4}at /);
    const stopping = service('', `throw new Error('stuck');`);
    await says(stopping, 'up');
    stopping.kill('SIGTERM');
    assert.equal(await stopping.end(), 1);
    assert.match(stopping.complaint, /^sample service: Error: stuck\n/);
  });

  it('does not begin when the parent it belongs to is gone', async () => {
    const orphan = service('', '', { IRISPAIR_EXIT_WITH_PARENT: '8' });
    assert.equal(await orphan.end(), 0);
    assert.deepEqual(orphan.lines, []);
    const child = service('', '', { IRISPAIR_EXIT_WITH_PARENT: '7' });
    await says(child, 'up');
    child.kill('SIGTERM');
    assert.equal(await child.end(), 0);
  });
});
