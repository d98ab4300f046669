/** `share`: captures to files of shares, one a party. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { InvalidInputError } from '@irispair/common/errors/errors';
import type { MaskRule } from '@irispair/common/iris/masks';
import type { OfEachParty } from '@irispair/common/parties/party';
import { ofEachParty } from '../client/of-each-party.js';
import { parseCapture, readLines, type Capture } from '../input/ndjson.js';
import { note } from '../output/print.js';
import { startProgress, type Progress } from '../output/progress.js';
import { shareableIris } from '../shares/checked-iris.js';
import { shareIris } from '../shares/iris-shares.js';
import { formatShare, shareFileName } from '../shares/share-file.js';
import { masksOption } from './options.js';

/** Adds the command. */
export function addShareCommand(program: Command): void {
  program
    .command('share')
    .description('secret-share the captures of an NDJSON file into one file a party; needs no service')
    .argument('<file>', 'NDJSON file, - for standard input')
    .requiredOption('--out <directory>', 'where the three files go; made if need be')
    .addOption(masksOption())
    .addHelpText(
      'after',
      `
Examples:
  irispair share people.ndjson --out shares
  irispair enroll --share shares/party-0.ndjson --server a.example:50051

One file says nothing of an iris; two of them give it away: each party gets its own and no other.
When a line cannot be shared, no file is left.`,
    )
    .action(async (file: string, { out, masks }: { out: string; masks: MaskRule }) => {
      await mkdir(out, { recursive: true });
      const paths = ofEachParty((party) => join(out, shareFileName(party)));
      const count = await shareInto(file, paths, masks);
      note(`${count} ${count === 1 ? 'capture' : 'captures'} shared: ${paths.join(', ')}`);
    });
}

async function shareInto(file: string, paths: OfEachParty<string>, masks: MaskRule): Promise<number> {
  const progress = startProgress('sharing', null);
  const files: FileHandle[] = [];
  try {
    for (const path of paths) files.push(await create(path));
    return await shareLines(file, files, masks, progress);
  } catch (error) {
    // Files that end at different lines would not fit together.
    await Promise.all(files.map((_, party) => rm(paths[party], { force: true })));
    throw error;
  } finally {
    await Promise.all(files.map((one) => one.close()));
    progress.stop();
  }
}

/** A new file that nobody else may read. */
async function create(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    throw new InvalidInputError(
      '--out',
      `${path} is there already: name another directory, or delete all three files`,
    );
  }
}

async function shareLines(
  file: string,
  files: readonly FileHandle[],
  masks: MaskRule,
  progress: Progress,
): Promise<number> {
  let count = 0;
  for await (const line of readLines(file, (text) => parseShareable(text, masks))) {
    if ('problem' in line) throw new InvalidInputError(`${file}:${line.number}`, line.problem);
    const { id, iris } = line.item;
    const shares = shareIris(iris);
    const requestId = randomUUID();
    await Promise.all(
      files.map((one, party) => one.appendFile(`${formatShare({ id, requestId, share: shares[party] })}\n`)),
    );
    progress.step();
    count += 1;
  }
  return count;
}

/** A capture that is right in every way: nobody can look at it afterwards. */
function parseShareable(line: string, masks: MaskRule): Capture {
  const { id, iris } = parseCapture(line);
  return { id, iris: shareableIris(iris, masks, '') };
}
