/** Names threads for whoever looks at them with `top -H`, `ps` or `irispair placement`. */
import { binding } from './binding.js';

/** Bytes of a name that the kernel keeps. */
export const LONGEST_THREAD_NAME = 15;

/** Names the calling thread. @throws Error when the name is longer than the kernel takes */
export function nameThread(name: string): void {
  binding.nameThread(name);
}
