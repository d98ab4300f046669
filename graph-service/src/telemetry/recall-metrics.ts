/** The recall that audits find, and how the audits get on. */
import { readGauge } from '@irispair/common/telemetry/read-metrics';
import { Counter, Histogram, type Registry } from 'prom-client';
import type { Findings } from '../recall/findings.js';
import { RecallWindow, type RecallOf } from '../recall/recall-window.js';
import { shareOf, type Share } from '../recall/wilson.js';

const OF: readonly RecallOf[] = ['people', 'eyes'];

/** Seconds: what takes more than the last is given up. */
const SCAN_BOUNDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600];

/** Why an audit was not made: others waited already, or the iris service went away or took too long. */
export type SkipReason = 'behind' | 'failed';

/** Watches audits. */
export class RecallMetrics {
  private readonly window = new RecallWindow();
  private readonly audits: Counter;
  private readonly skipped: Counter<'reason'>;
  private readonly expected: Counter<'of'>;
  private readonly found: Counter<'of'>;
  private readonly scans: Histogram;

  constructor(registry: Registry) {
    const registers = [registry];
    this.audits = new Counter({
      name: 'irispair_recall_audits_total',
      help: 'Searches by walks that were repeated exactly',
      registers,
    });
    this.skipped = new Counter({
      name: 'irispair_recall_audits_skipped_total',
      help: 'Searches that were drawn to be repeated and were not',
      labelNames: ['reason'],
      registers,
    });
    this.expected = new Counter({
      name: 'irispair_recall_expected_total',
      help: 'People whom audits found to match by both eyes, and their eyes',
      labelNames: ['of'],
      registers,
    });
    this.found = new Counter({
      name: 'irispair_recall_found_total',
      help: 'Of them those whom walks had found',
      labelNames: ['of'],
      registers,
    });
    this.scans = new Histogram({
      name: 'irispair_recall_scan_seconds',
      help: 'Time of the exact scans of audits, in which they wait for all other work',
      buckets: SCAN_BOUNDS,
      registers,
    });
    // From the first on a rate can be told.
    for (const of of OF) {
      this.expected.inc({ of }, 0);
      this.found.inc({ of }, 0);
    }
    for (const reason of ['behind', 'failed'] as const) this.skip(reason, 0);
    this.showRecall(registry);
  }

  skip(reason: SkipReason, audits: number): void {
    this.skipped.inc({ reason }, audits);
  }

  scanned(seconds: number): void {
    this.scans.observe(seconds);
  }

  audited(found: Pick<Findings, RecallOf>): void {
    this.audits.inc();
    this.window.add(found);
    for (const of of OF) {
      this.expected.inc({ of }, found[of].expected);
      this.found.inc({ of }, found[of].found);
    }
  }

  private showRecall(registry: Registry): void {
    const gauges: [name: string, help: string, figure: (share: Share) => number][] = [
      [
        'irispair_recall_ratio',
        'Share of those who match that walks found, in the last 1,000 audits that found anybody; none before the first',
        ({ share }) => share,
      ],
      [
        'irispair_recall_lower_ratio',
        'Lower bound of its 95 % confidence interval (Wilson)',
        ({ lower }) => lower,
      ],
      [
        'irispair_recall_upper_ratio',
        'Upper bound of its 95 % confidence interval (Wilson)',
        ({ upper }) => upper,
      ],
    ];
    for (const [name, help, figure] of gauges) {
      readGauge(registry, { name, help, labelNames: ['of'] }, () =>
        OF.flatMap((of) => {
          const share = shareOf(this.window.tally(of));
          return share.expected === 0 ? [] : [{ labels: { of }, value: figure(share) }];
        }),
      );
    }
  }
}
