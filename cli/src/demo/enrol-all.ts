/** Enrols captures over the bulk stream, with a progress bar. */
import { irisMessage } from '@irispair/common/iris/message';
import type { Iris } from '@irispair/common/iris/template';
import type * as api from '@irispair/proto/public';
import type { PublicClient } from '../client/public-client.js';
import { startProgress } from '../output/progress.js';

/** @param answered told of each answer, with the place of the capture, as it comes */
export async function enrolAll(
  title: string,
  client: Pick<PublicClient, 'process'>,
  irises: readonly Iris[],
  answered: (place: number, response: api.ProcessResponse['response']) => void,
): Promise<void> {
  const progress = startProgress(title, irises.length);
  try {
    await client.process(
      irises.map((iris, place) => ({
        requestId: String(place),
        request: { $case: 'enroll' as const, value: { iris: irisMessage(iris), orList: [] } },
      })),
      ({ requestId, response }) => {
        progress.step();
        answered(Number(requestId), response);
      },
    );
  } finally {
    progress.stop();
  }
}
