/** How long tests wait for what another process or thread does: long enough for a machine that does much else. */
export const PATIENCE_MILLISECONDS = 120_000;

/** When a call of a test is given up, as gRPC takes it. */
export function patientDeadline(): number {
  return Date.now() + PATIENCE_MILLISECONDS;
}
