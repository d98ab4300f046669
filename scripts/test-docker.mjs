// `npm run test:docker`: set-up, what containers need, then the test of the pair in containers.
import './setup.mjs';
import { show } from './steps.mjs';

// Where Docker cannot be installed the test says itself that no engine runs.
if (process.getuid() === 0) show(['sh', 'scripts/packages.sh', 'docker']);
await import('../test/dist/docker/main.js');
