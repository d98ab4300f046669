/** Enrols people through the bulk stream. */
import { irisMessage } from '@irispair/common/iris/message';
import type { Iris } from '@irispair/common/iris/template';
import type * as api from '@irispair/proto/public';
import type { PairClient } from 'irispair/client/pair-client';
import { startProgress } from 'irispair/output/progress';

/** How enrolling went. */
export interface EnrolmentFigures {
  readonly people: number;
  readonly seconds: number;
  readonly enrolmentsPerSecond: number;
  readonly distancesPerSecond: number;
  /** People taken for somebody else. */
  readonly refused: number;
}

/**
 * Enrols the people from index `first` up to `end`.
 * @param serialIds told whom each of them became, by index
 * @throws Error when a request fails
 */
export async function enrol(
  client: PairClient,
  irises: readonly Iris[],
  { first, end }: { readonly first: number; readonly end: number },
  serialIds: Map<number, number>,
): Promise<EnrolmentFigures> {
  const people = end - first;
  const progress = startProgress(`enrolling up to ${end} people`, people);
  const failures: string[] = [];
  let refused = 0;
  const before = await client.status();
  const start = performance.now();
  await client.process(requests(irises, first, end), ({ requestId, response }) => {
    progress.step();
    if (response?.$case === 'error') failures.push(response.value.message);
    else if (response?.$case === 'enroll' && response.value.serialId > 0) {
      serialIds.set(Number(requestId), response.value.serialId);
    } else refused += 1;
  });
  const seconds = (performance.now() - start) / 1_000;
  progress.stop();
  if (failures.length > 0) throw new Error(`${failures.length} enrolments failed: ${failures[0]}`);
  const after = await client.status();
  return {
    people,
    seconds,
    enrolmentsPerSecond: people / seconds,
    distancesPerSecond: (after.distances - before.distances) / seconds,
    refused,
  };
}

function* requests(irises: readonly Iris[], first: number, end: number): Generator<api.ProcessRequest> {
  for (let index = first; index < end; index++) {
    const iris = irisMessage(irises[index]);
    yield { requestId: String(index), request: { $case: 'enroll', value: { iris, orList: [] } } };
  }
}
