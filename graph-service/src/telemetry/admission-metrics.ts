/** Requests that were turned away undecided. */
import { Counter, type Registry } from 'prom-client';
import { Turned } from '../batch/admission.js';

/** Counts them by reason. */
export class AdmissionMetrics {
  private readonly turned: Counter<'reason'>;

  constructor(registry: Registry) {
    this.turned = new Counter({
      name: 'irispair_requests_turned_away_total',
      help: 'Requests that were not decided: refused when they came, or dropped while they waited',
      labelNames: ['reason'],
      registers: [registry],
    });
    // From the first on a rate can be told.
    for (const reason of Object.values(Turned)) this.turned.inc({ reason }, 0);
  }

  /** One more. */
  note(reason: Turned): void {
    this.turned.inc({ reason });
  }
}
