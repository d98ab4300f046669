/** What others may see of this process's memory. */
import { binding } from './binding.js';

/**
 * From now on the kernel writes no core dump of this process, and lets no other process of its user read its memory or
 * attach to it; root still may. It holds until the process executes another program.
 */
export function keepOutOfDumps(): void {
  binding.keepOutOfDumps();
}
