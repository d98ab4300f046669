// `npm run test:k8s`: set-up, what Kubernetes' checks need, then the test of nodes and chart.
import './setup.mjs';
import { provideGo } from './go.mjs';
import { run, show } from './steps.mjs';

run('packages for Kubernetes', ['sh', 'scripts/packages.sh', 'k8s']);
provideGo();
const status = show(['node', 'scripts/check-nodes.mjs']);
if (status !== 0) process.exit(status);
await import('../test/dist/k8s/main.js');
