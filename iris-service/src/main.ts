/** Entry of the iris service: settings, binding to its node, start, signals. */
import { createLogger } from '@irispair/common/log/logger';
import { decidePlacement } from '@irispair/common/placement/decide';
import { reportBinding } from '@irispair/common/process/bind-service';
import { runService } from '@irispair/common/process/run-service';
import { exitWithParent, restartBound } from '@irispair/native/process-binding';
import { readTopology } from '@irispair/native/topology';
import { startIrisService } from './iris-service.js';
import { readIrisServiceSettings } from './settings.js';

async function start() {
  const settings = readIrisServiceSettings(process.env, process.argv.slice(2));
  const logger = createLogger('iris', settings.IRISPAIR_LOG_LEVEL);
  const refused = restartBound(decidePlacement(readTopology(), settings).iris);
  reportBinding(refused, settings.IRISPAIR_PLACEMENT_STRICT, logger);
  return startIrisService(settings, logger);
}

await runService('iris', start, exitWithParent);
