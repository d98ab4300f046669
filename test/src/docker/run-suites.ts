/** Starts the engine in its own network, runs the suites one after the other, counts, and stops the engine. */
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { stopWanted } from './confined.js';
import { DockerEngine } from './engine.js';

const SUITES = ['containers', 'three-parties'].map((name) =>
  fileURLToPath(new URL(`./${name}.suite.js`, import.meta.url)),
);
const SUITE_MILLISECONDS = 900_000;

const [, , images] = process.argv;
const stopped = stopWanted();
const engine = await DockerEngine.start(images, 'namespace');
try {
  Object.assign(process.env, engine.environment);
  const { passed, failed } = await runSuites(stopped);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
} finally {
  await engine.stop();
}

async function runSuites(signal: AbortSignal): Promise<{ passed: number; failed: number }> {
  const count = { passed: 0, failed: 0 };
  const events = run({ files: SUITES, concurrency: 1, timeout: SUITE_MILLISECONDS, signal });
  events.on('test:pass', ({ details }) => {
    if (details.type !== 'suite') count.passed += 1;
  });
  events.on('test:fail', ({ details }) => {
    if (details.type !== 'suite') count.failed += 1;
  });
  for await (const line of events.compose(new spec())) process.stdout.write(String(line));
  return count;
}
