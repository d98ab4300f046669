/** A few hugepages and a mount of them, for a test; the machine has as many as before afterwards. */
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { mustRun } from './command.js';

const PAGES = 64;
const RESERVED = '/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages';

/** A mount that every user may write to. */
export class Hugetlbfs {
  private constructor(
    readonly directory: string,
    private readonly reservedBefore: number,
  ) {}

  /** Undefined when the machine cannot spare the pages. */
  static async mount(directory: string): Promise<Hugetlbfs | undefined> {
    const before = await reserved();
    await writeFile(RESERVED, String(before + PAGES));
    const hugetlbfs = new Hugetlbfs(directory, before);
    if ((await reserved()) < before + PAGES) {
      await writeFile(RESERVED, String(before));
      return undefined;
    }
    await mkdir(directory);
    await mustRun(['mount', '-t', 'hugetlbfs', '-o', 'pagesize=2M,mode=1777', 'none', directory]);
    return hugetlbfs;
  }

  async unmount(): Promise<void> {
    await mustRun(['umount', this.directory]);
    await rmdir(this.directory);
    await writeFile(RESERVED, String(this.reservedBefore));
  }
}

async function reserved(): Promise<number> {
  return Number(await readFile(RESERVED, 'utf8'));
}
