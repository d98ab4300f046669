// What building needs: system packages and npm packages. Does nothing again when nothing changed.
import { run, unlessDone } from './steps.mjs';

unlessDone('packages', ['scripts/packages.sh'], 'package.json', () => {
  run('checking the compiler and CMake', ['sh', 'scripts/packages.sh', 'build']);
});
unlessDone('dependencies', ['package-lock.json'], 'node_modules/.package-lock.json', () => {
  run('installing dependencies', ['npm', 'ci', '--no-audit', '--no-fund', '--loglevel=error']);
});
