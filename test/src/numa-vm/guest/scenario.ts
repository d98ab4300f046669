/** What a scenario gets, and what it is. */
import type { GuestPair, PairPlan } from './pair.js';
import type { ScenarioReport } from './report.js';
import type { Visitors } from './visitors.js';

/** The guest, as scenarios use it. */
export interface Guest {
  readonly pair: GuestPair;
  readonly visitors: Visitors;
  readonly report: ScenarioReport;
}

/** Looks at one way of running the pair. What it throws itself counts as a failed check. */
export type Scenario = (guest: Guest) => Promise<void>;

/** Runs the pair as planned, with the residents enrolled. */
export async function runWithResidents({ pair, visitors }: Guest, plan: PairPlan): Promise<void> {
  await pair.run(plan);
  const client = pair.client();
  try {
    await visitors.enrolResidents(client);
  } finally {
    client.close();
  }
}

/** Enrolments and searches are answered as everywhere. */
export async function checkAnswers({ pair, visitors, report }: Guest): Promise<void> {
  await report.check('enrolments and searches are answered as everywhere', async () => {
    const client = pair.client();
    try {
      await visitors.checkAnswers(client);
    } finally {
      client.close();
    }
  });
}
