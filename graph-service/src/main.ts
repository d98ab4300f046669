/** Entry of the graph service: settings, binding to its node, start, signals. */
import { createLogger } from '@irispair/common/log/logger';
import { decidePlacement } from '@irispair/common/placement/decide';
import { reportBinding } from '@irispair/common/process/bind-service';
import { runService } from '@irispair/common/process/run-service';
import { exitWithParent, restartBound } from '@irispair/native/process-binding';
import { readTopology } from '@irispair/native/topology';
import { startGraphService } from './graph-service.js';
import { readGraphServiceSettings } from './settings.js';

async function start() {
  const settings = readGraphServiceSettings(process.env, process.argv.slice(2));
  const logger = createLogger('graph', settings.IRISPAIR_LOG_LEVEL);
  const refused = restartBound(decidePlacement(readTopology(), settings).graph);
  reportBinding(refused, settings.IRISPAIR_PLACEMENT_STRICT, logger);
  return startGraphService(settings, logger);
}

await runService('graph', start, exitWithParent);
