/** How the leader begins a term: all three are rid of what an earlier one left prepared. */
import type { Standing } from '@irispair/proto/agreement';
import type { PartyBatches } from './party-batches.js';
import type { Seat } from './seat.js';
import { settlements } from './settlement.js';
import type { Term } from './term.js';

/** Has every party apply or drop what it holds prepared. @returns what the leader holds then */
export async function settleTogether(
  term: Term,
  batches: PartyBatches,
  seats: readonly Seat[],
): Promise<Standing> {
  const before = await term.until(batches.standing());
  const [own, ...others] = settlements([before, ...seats.map(({ standing }) => standing)]);
  const settling = seats.map(async (seat, place) => {
    const settle = others[place];
    if (settle === undefined) return;
    const again = seat.standsAgain();
    seat.send({ $case: 'settle', value: settle });
    await again;
  });
  if (own !== undefined) settling.push(batches.settle(own));
  await term.until(Promise.all(settling));
  return own === undefined ? before : term.until(batches.standing());
}
