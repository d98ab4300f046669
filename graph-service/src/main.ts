/** Entry of the graph service: settings, binding to its node, start, signals. */
import { createLogger } from '@irispair/common/log/logger';
import { decidePlacement } from '@irispair/common/placement/decide';
import { reportBinding } from '@irispair/common/process/bind-service';
import { runService } from '@irispair/common/process/run-service';
import { exitWithParent, restartBound } from '@irispair/native/process-binding';
import { readTopology } from '@irispair/native/topology';
import { readGraphServiceSettings } from './settings.js';

async function start() {
  const settings = readGraphServiceSettings(process.env, process.argv.slice(2));
  const logger = createLogger('graph', settings.IRISPAIR_LOG_LEVEL);
  const bound = restartBound('graph', () => decidePlacement(readTopology(), settings, 'graph'));
  reportBinding(bound, settings.IRISPAIR_PLACEMENT_STRICT, logger);
  // Loaded only now: a process that is executed anew would load it twice.
  const { startGraphService } = await import('./graph-service.js');
  return startGraphService(settings, bound.decision, logger);
}

await runService('graph', start, exitWithParent);
