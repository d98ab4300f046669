/**
 * `npm run test:k8s`: the chart and what goes with it, held against Helm and Kubernetes' own schemas. `--update` writes the
 * golden files anew.
 */
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { makeTools } from './tools.js';

const SUITE_MILLISECONDS = 300_000;

if (process.argv.includes('--update')) process.env.IRISPAIR_UPDATE_GOLDEN = '1';
makeTools((line) => {
  process.stdout.write(`${line}\n`);
});
const count = { passed: 0, failed: 0 };
const suites = ['chart', 'jobs'].map((name) => fileURLToPath(new URL(`./${name}.suite.js`, import.meta.url)));
const events = run({ files: suites, concurrency: 1, timeout: SUITE_MILLISECONDS });
events.on('test:pass', ({ details }) => {
  if (details.type !== 'suite') count.passed += 1;
});
events.on('test:fail', ({ details }) => {
  if (details.type !== 'suite') count.failed += 1;
});
for await (const line of events.compose(new spec())) process.stdout.write(String(line));
process.stdout.write(`${count.passed} passed, ${count.failed} failed\n`);
process.exitCode = count.failed === 0 && count.passed > 0 ? 0 : 1;
