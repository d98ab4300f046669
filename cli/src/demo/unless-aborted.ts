/** Work that is left alone when somebody wants to stop. */

/** Settles as the work does, or rejects with the reason of the abort, if that comes first. */
export function unlessAborted<Result>(work: Promise<Result>, abort: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    work.then(resolve, reject);
    abort.addEventListener('abort', () => {
      reject(abort.reason instanceof Error ? abort.reason : new Error('stopped'));
    });
  });
}
