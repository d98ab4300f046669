/** Tells the host what was found, a line at once. */
import { writeSync } from 'node:fs';
import { messageOf } from '@irispair/common/errors/message';
import type { ReportLine } from '../report.js';

const STANDARD_OUTPUT = 1;

/** The report of one scenario. */
export class ScenarioReport {
  constructor(private readonly scenario: string) {}

  /** Looks at one thing; what it throws is told, and the next things are looked at all the same. */
  async check(what: string, look: () => void | Promise<void>): Promise<void> {
    let problem = '';
    try {
      await look();
    } catch (error) {
      problem = messageOf(error);
    }
    tell({ kind: 'check', scenario: this.scenario, what, problem });
  }

  figure(text: string): void {
    tell({ kind: 'figure', scenario: this.scenario, text });
  }
}

/** Tells that everything was run. */
export function tellEnd(): void {
  tell({ kind: 'end' });
}

function tell(line: ReportLine): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let written = 0; written < bytes.length;) written += writeSync(STANDARD_OUTPUT, bytes, written);
}
