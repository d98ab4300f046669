import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Script } from '../support/script.js';

it('logs one JSON object a line on standard error, nothing below its level, the last line before an exit too', async () => {
  const script = new Script(`
    import { createLogger } from ${JSON.stringify(import.meta.resolve('./logger.js'))};
    const logger = createLogger('iris', 'warn');
    logger.info('not told');
    logger.warn({ capacity: 3 }, 'told');
    logger.error({ err: new Error('broken') }, 'the last');
    process.exit(3);`);
  assert.equal(await script.end(), 3);
  const lines = script.complaint
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    lines.map(({ service, pid, msg, capacity }) => ({ service, pid, msg, capacity })),
    [
      { service: 'iris', pid: script.pid, msg: 'told', capacity: 3 },
      { service: 'iris', pid: script.pid, msg: 'the last', capacity: undefined },
    ],
  );
  assert.match(String(lines[0].time), /^\d{4}-\d\d-\d\dT/);
  assert.deepEqual(script.lines, []);
});
