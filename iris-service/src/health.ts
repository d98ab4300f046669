/** The health check of a container: asks the iris service that runs with the same settings whether it serves. */
import { runHealthCheck } from '@irispair/common/grpc/health-check';
import { socketTarget } from '@irispair/common/grpc/local-socket';
import { readIrisServiceSettings } from './settings.js';

await runHealthCheck(socketTarget(readIrisServiceSettings(process.env).IRISPAIR_IRIS_SOCKET));
