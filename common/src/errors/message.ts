/** What was thrown, in words. */

/** The message of an error; of anything else that was thrown, what it is as a string. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
