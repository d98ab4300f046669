/** `export`, `import` and `copy`: irises from one store to another, by way of a file or not. */
import { open } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { InvalidInputError } from '@irispair/common/errors/errors';
import { formatOf, note, print } from '../output/print.js';
import { startProgress } from '../output/progress.js';
import { ExportReader } from '../transfer/export-reader.js';
import { ExportWriter } from '../transfer/export-writer.js';
import { isSamePlace, StorePlace, type BadRowRule } from '../transfer/iris-places.js';
import { transfer, type Moved, type Source, type Target } from '../transfer/transfer.js';
import { jsonOption } from './options.js';

const STORE = 'directory or postgres:// URL of an iris store that no service runs on';

interface Output {
  readonly json?: boolean;
}

interface FromStore extends Output {
  readonly skipBadRows?: boolean;
}

/** Adds the three commands. */
export function addTransferCommands(program: Command): void {
  program
    .command('export')
    .description('write all irises of a store to a file; an interrupted export goes on where it stopped')
    .argument('<file>', 'file to write')
    .requiredOption('--store <store>', STORE)
    .addOption(skipOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  irispair export people.irises --store /srv/irispair/iris')
    .action((file: string, options: FromStore & { store: string }) => exportTo(file, options.store, options));
  program
    .command('import')
    .description('fill a store from a file that export wrote; an interrupted import goes on where it stopped')
    .argument('<file>', 'file to read')
    .requiredOption('--store <store>', `${STORE}; made when there is none`)
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  irispair import people.irises --store /srv/irispair/iris')
    .action((file: string, options: Output & { store: string }) => importFrom(file, options.store, options));
  program
    .command('copy')
    .description('fill a store with the irises of another; an interrupted copy goes on where it stopped')
    .requiredOption('--from <store>', STORE)
    .requiredOption('--to <store>', `${STORE}; made when there is none`)
    .addOption(skipOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  irispair copy --from /srv/irispair/iris --to postgres://me@db/irispair',
    )
    .action((options: FromStore & { from: string; to: string }) => copy(options.from, options.to, options));
}

function skipOption(): Option {
  return new Option(
    '--skip-bad-rows',
    'rows of a PostgreSQL table that hold no iris, and missing ids, count as deleted; each is named',
  );
}

function ruleOf({ skipBadRows }: FromStore): BadRowRule {
  return skipBadRows === true ? 'skip' : 'refuse';
}

async function exportTo(path: string, place: string, output: FromStore): Promise<void> {
  const store = await StorePlace.open(place, ruleOf(output));
  try {
    const count = await store.count();
    const file = await ExportWriter.open(path, { identity: store.identity, count });
    try {
      const moved = await move('exporting', count, store, file);
      await file.finish();
      report('exported', moved, output);
    } finally {
      await file.close();
    }
  } finally {
    await store.close();
  }
}

async function importFrom(path: string, place: string, output: Output): Promise<void> {
  const file = await open(path);
  try {
    const reader = await ExportReader.open(file, path);
    const { identity, count } = reader.header;
    const store = await StorePlace.openFor(place, identity);
    try {
      report(
        'imported',
        await move('importing', count, { name: path, irises: () => reader.irises() }, store),
        output,
      );
    } finally {
      await store.close();
    }
  } finally {
    await file.close();
  }
}

async function copy(from: string, to: string, output: FromStore): Promise<void> {
  if (isSamePlace(from, to))
    throw new InvalidInputError('--to', 'the same store as --from: name another one');
  const source = await StorePlace.open(from, ruleOf(output));
  try {
    const target = await StorePlace.openFor(to, source.identity);
    try {
      report('copied', await move('copying', await source.count(), source, target), output);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function move(title: string, count: number, source: Source, target: Target): Promise<Moved> {
  const progress = startProgress(title, count);
  try {
    return await transfer(source, target, {
      step() {
        progress.step();
      },
      goingOn(present) {
        note(`going on after ${present} irises that are in ${target.name} already`);
      },
    });
  } finally {
    progress.stop();
  }
}

function report(what: string, { present, appended, deleted }: Moved, output: Output): void {
  if (formatOf(output) === 'json') {
    print(JSON.stringify({ [what]: appended, already_there: present, deleted }));
    return;
  }
  print(
    `${what} ${appended} irises; ${present} were there already; ${deleted} of all ${present + appended} are deleted`,
  );
}
