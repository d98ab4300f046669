// `npm test`: set-up, the native tests, then every compiled test of every package.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import './setup.mjs';
import { ROOT, run, show } from './steps.mjs';

// Twice what the longest takes while other work keeps every core busy.
const MILLISECONDS_A_FILE = 600_000;

run('checking the test packages', ['sh', 'scripts/packages.sh', 'test']);
// In the addon's build, whose objects they share.
run('configuring the native tests', [
  'cmake',
  '-S',
  'native',
  '-B',
  'native/build',
  '-DIRISPAIR_BUILD_TESTS=ON',
]);
run('building the native tests', ['cmake', '--build', 'native/build', '--parallel', '2']);
const native = show(['ctest', '--test-dir', 'native/build', '--output-on-failure', '--parallel', '2']);

/** @param {string} directory @returns {string[]} */
function testsBelow(directory) {
  if (!existsSync(join(ROOT, directory))) return [];
  return readdirSync(join(ROOT, directory), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.js'))
    .map((file) => join(directory, file));
}

const packages = ['common', 'native', 'iris-service', 'graph-service', 'cli', 'test', 'bench'];
const tests = packages.flatMap((name) => testsBelow(join(name, 'dist'))).sort();
const typescript = show([
  process.execPath,
  '--test',
  '--test-concurrency=2',
  '--test-reporter=spec',
  `--test-timeout=${MILLISECONDS_A_FILE}`,
  ...tests,
]);
process.exit(native === 0 && typescript === 0 ? 0 : 1);
