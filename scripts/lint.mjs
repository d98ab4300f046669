// Formatter and linters over everything, each of which fails the run.
import { NATIVE_SOURCES } from './native-sources.mjs';
import { filesBelow, run } from './steps.mjs';

run('prettier', ['node_modules/.bin/prettier', '--check', '.']);
run('eslint', ['node_modules/.bin/eslint', '.', '--max-warnings=0']);
run('imports', [
  'node_modules/.bin/depcruise',
  '--config',
  '.dependency-cruiser.cjs',
  'common/src',
  'native/ts',
  'iris-service/src',
  'graph-service/src',
  'graph-service/browser/src',
  'cli/src',
  'test/src',
  'bench/src',
]);
run('buf lint', ['node_modules/.bin/buf', 'lint']);
run('buf format', ['node_modules/.bin/buf', 'format', '--diff', '--exit-code']);
run('clang-format', ['clang-format', '--dry-run', '-Werror', ...NATIVE_SOURCES]);
run('shellcheck', [
  'shellcheck',
  ...['cli/node-setup', 'docker', 'k8s', 'scripts', 'test']
    .flatMap(filesBelow)
    .filter((file) => file.endsWith('.sh')),
  '.ci/run',
]);
