/** Exit codes of every command. */
export enum ExitCode {
  Done = 0,
  /** Some of the input failed, or the answer is no. */
  Failed = 1,
  /** The command line is wrong. */
  Usage = 2,
  /** No service answers. */
  Unavailable = 3,
  /** Stopped by SIGINT or SIGTERM. */
  Interrupted = 130,
}
