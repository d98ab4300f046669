/** Ends a gRPC server in order. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Server } from '@grpc/grpc-js';

/** For so long those get their refusals through that are refused at the end, milliseconds. */
const LAST_WORDS_MILLISECONDS = 500;

/**
 * Takes no new calls, waits for those in work, and cuts what is left after a while: streams last as long as their clients.
 * @param refuseRest called when the time is over, shortly before the cut: ends what has not begun, with a status
 */
export async function drainServer(
  server: Server,
  milliseconds: number,
  refuseRest: () => void = () => undefined,
): Promise<void> {
  const over = new AbortController();
  const drained = new Promise<void>((resolve) => {
    server.tryShutdown(() => {
      over.abort();
      resolve();
    });
  });
  const cut = async () => {
    await sleep(milliseconds, undefined, { signal: over.signal });
    refuseRest();
    await sleep(LAST_WORDS_MILLISECONDS, undefined, { signal: over.signal });
    server.forceShutdown();
    // Calls that are cut are seen to close before whatever they use does.
    await Promise.race([drained, sleep(LAST_WORDS_MILLISECONDS)]);
  };
  await Promise.race([drained, cut().catch(() => drained)]);
}
