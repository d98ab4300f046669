/** The health check of a container: asks the graph service that runs with the same settings whether it serves. */
import { runHealthCheck } from '@irispair/common/grpc/health-check';
import { readGraphServiceSettings } from './settings.js';

await runHealthCheck(readGraphServiceSettings(process.env).IRISPAIR_LISTEN);
