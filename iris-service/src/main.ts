/** Entry of the iris service: settings, binding to its node, start, signals. */
import { createLogger } from '@irispair/common/log/logger';
import { decidePlacement } from '@irispair/common/placement/decide';
import { reportBinding } from '@irispair/common/process/bind-service';
import { runService } from '@irispair/common/process/run-service';
import { exitWithParent, restartBound } from '@irispair/native/process-binding';
import { readTopology } from '@irispair/native/topology';
import { readIrisServiceSettings } from './settings.js';

async function start() {
  const settings = readIrisServiceSettings(process.env, process.argv.slice(2));
  const logger = createLogger('iris', settings.IRISPAIR_LOG_LEVEL);
  const bound = restartBound('iris', () => decidePlacement(readTopology(), settings, 'iris'));
  reportBinding(bound, settings.IRISPAIR_PLACEMENT_STRICT, logger);
  // Loaded only now: a process that is executed anew would load it twice.
  const { startIrisService } = await import('./iris-service.js');
  return startIrisService(settings, bound.decision, logger);
}

await runService('iris', start, exitWithParent);
