/** How three graph services get on with each other. */
import { readGauge } from '@irispair/common/telemetry/read-metrics';
import { Refusal } from '@irispair/proto/agreement';
import { Counter, type Registry } from 'prom-client';

/** How an agreed batch ended. */
export type BatchEnd = 'settled' | 'failed';

/** What became of a batch that a term left prepared. */
export type BatchFate = 'applied' | 'dropped';

const REFUSED: Readonly<Record<Refusal, string>> = {
  [Refusal.UNSPECIFIED]: 'unspecified',
  [Refusal.DIFFERENT]: 'different',
  [Refusal.LATE]: 'late',
  [Refusal.FULL]: 'full',
  [Refusal.ABANDONED]: 'abandoned',
};

const REASONS = [Refusal.DIFFERENT, Refusal.LATE, Refusal.FULL, Refusal.ABANDONED] as const;

/** Watches the agreement. */
export class AgreementMetrics {
  /** Whether requests are taken. */
  serving = false;
  private readonly terms: Counter;
  private readonly batches: Counter<'result'>;
  private readonly settlements: Counter<'fate'>;
  private readonly refusals: Counter<'reason'>;

  constructor(registry: Registry) {
    const registers = [registry];
    readGauge(
      registry,
      {
        name: 'irispair_agreement_serving',
        help: 'Whether the three parties agree and take requests: 1 or 0',
      },
      () => Number(this.serving),
    );
    this.terms = new Counter({
      name: 'irispair_agreement_terms_total',
      help: 'Times that the three parties began to work together',
      registers,
    });
    this.batches = new Counter({
      name: 'irispair_agreement_batches_total',
      help: 'Batches that the three parties agreed on, by how they ended',
      labelNames: ['result'],
      registers,
    });
    this.settlements = new Counter({
      name: 'irispair_agreement_settled_batches_total',
      help: 'Batches that a term left prepared here, by what became of them before the next one',
      labelNames: ['fate'],
      registers,
    });
    this.refusals = new Counter({
      name: 'irispair_agreement_refused_requests_total',
      help: 'Requests that came into no batch, by reason',
      labelNames: ['reason'],
      registers,
    });
    // From the first on a rate can be told.
    for (const result of ['settled', 'failed'] as const) this.batches.inc({ result }, 0);
    for (const fate of ['applied', 'dropped'] as const) this.settlements.inc({ fate }, 0);
    for (const reason of REASONS) this.refusals.inc({ reason: REFUSED[reason] }, 0);
  }

  began(): void {
    this.terms.inc();
  }

  ended(result: BatchEnd): void {
    this.batches.inc({ result });
  }

  /** A batch was left prepared when a term ended. */
  settled(fate: BatchFate): void {
    this.settlements.inc({ fate });
  }

  refused(reason: Refusal): void {
    this.refusals.inc({ reason: REFUSED[reason] });
  }
}
