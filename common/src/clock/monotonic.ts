/** Microseconds of the machine's monotonic clock, comparable between processes of one machine. */
export function monotonicMicroseconds(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + nanoseconds / 1e3;
}
