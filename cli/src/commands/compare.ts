/** `compare`: two captures of one eye, offline. */
import { Option, type Command } from 'commander';
import { InvalidInputError } from '@irispair/common/errors/errors';
import { combinedMask } from '@irispair/common/iris/masks';
import { columnsOfBytes } from '@irispair/common/iris/shape';
import { templateOf, type Template } from '@irispair/common/iris/template';
import { Side } from '@irispair/common/iris/side';
import { compareTemplates, leastDistance, type Comparison } from '@irispair/native/compare';
import { fractionalHammingDistance } from '@irispair/native/distances';
import { readOnlyCapture } from '../input/ndjson.js';
import { formatOf, print, table } from '../output/print.js';
import { jsonOption } from './options.js';

/** Adds the command. */
export function addCompareCommand(program: Command): void {
  program
    .command('compare')
    .description('compare two captures at every rotation, without a service')
    .argument('<probe>', 'NDJSON file with one capture')
    .argument('<gallery>', 'NDJSON file with one capture')
    .addOption(new Option('--side <side>', 'eye to compare').choices(['left', 'right']).default('left'))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  irispair compare probe.ndjson enrolled.ndjson --side right --json')
    .action(async (probe: string, gallery: string, options: { side: 'left' | 'right'; json?: boolean }) => {
      const side = options.side === 'left' ? Side.Left : Side.Right;
      const [a, b] = await Promise.all([readOnlyCapture(probe), readOnlyCapture(gallery)]);
      const [one, other] = [comparable(templateOf(a.iris, side)), comparable(templateOf(b.iris, side))];
      checkAlike(one, other, gallery);
      const comparison = compareTemplates(one, other);
      print(formatOf(options) === 'json' ? JSON.stringify(asJson(comparison)) : asTable(comparison));
    });
}

/** As a pair would hold it by default: parts masked apart are combined. */
function comparable({ irisCodes, maskCodes }: Template): Template {
  return { irisCodes, maskCodes: combinedMask(maskCodes) };
}

function checkAlike(probe: Template, gallery: Template, file: string): void {
  if (probe.irisCodes.byteLength === gallery.irisCodes.byteLength) return;
  const [one, other] = [probe, gallery].map(({ irisCodes }) => columnsOfBytes(irisCodes.byteLength));
  throw new InvalidInputError(
    file,
    `a code of ${other} columns, and the probe has ${one}: give captures of one shape, made with the same n_cols in Open IRIS`,
  );
}

function asJson({ byRotation, mirroredByRotation }: Comparison) {
  const figures = (distances: Comparison['byRotation']) =>
    distances.map(({ differing, unmasked }) => [differing, unmasked]);
  const least = (reach: number) => {
    const distance = leastDistance(byRotation, reach);
    return distance && { fhd: fractionalHammingDistance(distance), shift: distance.rotation };
  };
  return {
    by_shift: figures(byRotation),
    min11: least(5),
    min31: least(15),
    mirrored_probe_by_shift: figures(mirroredByRotation),
  };
}

function asTable(comparison: Comparison): string {
  const rows = comparison.byRotation.map((distance, index) => {
    const mirrored = comparison.mirroredByRotation[index];
    return [
      String(distance.rotation),
      `${distance.differing} of ${distance.unmasked}`,
      fractionalHammingDistance(distance).toFixed(4),
      fractionalHammingDistance(mirrored).toFixed(4),
    ];
  });
  const { min11, min31 } = asJson(comparison);
  const say = (least: typeof min11) =>
    least === null ? 'no bit in common' : `${least.fhd.toFixed(4)} at ${least.shift}`;
  return [
    table(['rotation', 'differing', 'FHD', 'FHD mirrored'], rows),
    `min11 ${say(min11)}`,
    `min31 ${say(min31)}`,
  ].join('\n');
}
