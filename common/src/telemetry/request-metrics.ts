/** Requests by method and by how they ended, and how long they took. */
import { status } from '@grpc/grpc-js';
import { Histogram, type Registry } from 'prom-client';
import { toStatus } from '../grpc/status.js';
import { DURATION_BOUNDS } from './buckets.js';

/** Watches requests. */
export class RequestMetrics {
  private readonly durations: Histogram<'method' | 'code'>;

  constructor(registry: Registry) {
    this.durations = new Histogram({
      name: 'irispair_request_duration_seconds',
      help: 'Time from a request to its answer, by method and gRPC status code',
      labelNames: ['method', 'code'],
      buckets: [...DURATION_BOUNDS],
      registers: [registry],
    });
  }

  /**
   * Answers a request and notes how that went.
   * @param method as the service's definition names it
   * @param codeOf the status that the caller is given for an error
   */
  async watch<Response>(
    method: string,
    answer: () => Response | Promise<Response>,
    codeOf: (error: unknown) => status = (error) => toStatus(error).code,
  ): Promise<Response> {
    const started = performance.now();
    try {
      const response = await answer();
      this.note(method, status.OK, started);
      return response;
    } catch (error) {
      this.note(method, codeOf(error), started);
      throw error;
    }
  }

  private note(method: string, code: status, started: number): void {
    this.durations.observe({ method, code: status[code] }, (performance.now() - started) / 1_000);
  }
}
