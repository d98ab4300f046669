/** `store check` and `store seal`: whether an embedded store of irises is what was written, without a service. */
import type { Command } from 'commander';
import { LmdbIrisStore, type Inspection } from '@irispair/iris-service/store/lmdb-iris-store';
import { formatOf, print } from '../output/print.js';
import { ExitCode } from './exit-code.js';
import { jsonOption } from './options.js';

const STORE = 'directory of an embedded iris store that no service runs on';

interface Output {
  readonly json?: boolean;
}

/** Adds both commands. */
export function addStoreCommands(program: Command): void {
  const store = program
    .command('store')
    .description('look after an embedded store of irises that no service runs on');
  store
    .command('check')
    .description('verify every page and every checksum; names the serial ids that are damaged or missing')
    .argument('<directory>', STORE)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExit code 1 when something is damaged.\n\nExample:\n  irispair store check /srv/irispair/iris',
    )
    .action(check);
  store
    .command('seal')
    .description('give a checksum to every iris that was stored before there were any; changes no iris')
    .argument('<directory>', STORE)
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  irispair store seal /srv/irispair/iris')
    .action(seal);
}

async function check(directory: string, options: Output): Promise<void> {
  const inspection = await withStore(directory, (store) => store.inspect());
  const isWhole = inspection.damaged.length + inspection.missing.length === 0;
  if (!isWhole) process.exitCode = ExitCode.Failed;
  print(
    formatOf(options) === 'json' ? JSON.stringify({ whole: isWhole, ...inspection }) : describe(inspection),
  );
}

async function seal(directory: string, options: Output): Promise<void> {
  const sealed = await withStore(directory, (store) => store.seal());
  print(
    formatOf(options) === 'json'
      ? JSON.stringify({ sealed })
      : `${sealed} irises gained a checksum: now every iris of the store has one`,
  );
}

async function withStore<Result>(
  directory: string,
  work: (store: LmdbIrisStore) => Promise<Result>,
): Promise<Result> {
  const store = await LmdbIrisStore.openExisting(directory);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

function describe({ live, deleted, unchecked, damaged, missing }: Inspection): string {
  const lines = [`${live} irises and ${deleted} deleted ids are whole`];
  if (unchecked > 0) {
    lines.push(`${unchecked} of them have no checksum: \`irispair store seal\` gives them one`);
  }
  if (damaged.length > 0) lines.push(`damaged serial ids: ${damaged.join(', ')}`);
  if (missing.length > 0) lines.push(`missing serial ids: ${missing.join(', ')}`);
  return lines.join('\n');
}
