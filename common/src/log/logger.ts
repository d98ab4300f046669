/** Structured logs: one JSON object a line on standard error. Never given templates, codes or masks. */
import { destination, pino, stdTimeFunctions, type Logger } from 'pino';

export type { Logger };

/** Levels an operator may choose. */
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** The service's logger. Writes synchronously, so that the last line before an exit is not lost. */
export function createLogger(service: 'graph' | 'iris', level: LogLevel): Logger {
  return pino(
    { level, base: { service, pid: process.pid }, timestamp: stdTimeFunctions.isoTime },
    destination({ dest: 2, sync: true }),
  );
}
