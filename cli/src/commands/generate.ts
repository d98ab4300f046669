/** `generate`: realistic captures as NDJSON. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { Option, type Command } from 'commander';
import { HIGHEST_SERIAL_ID } from '@irispair/common/ids/vector-id';
import type { Columns } from '@irispair/common/iris/shape';
import type { Iris } from '@irispair/common/iris/template';
import { mirrored } from '../generate/mirror.js';
import { Population } from '../generate/population.js';
import { formatCapture } from '../input/ndjson.js';
import { startProgress } from '../output/progress.js';
import { columnsOption, integerArgument } from './options.js';

interface GenerateOptions {
  readonly people: number;
  readonly first: number;
  readonly seed: string;
  readonly columns: Columns;
  readonly capture: 'enrolment' | 'again' | 'mirrored';
  readonly out?: string;
}

/** Adds the command. */
export function addGenerateCommand(program: Command): void {
  program
    .command('generate')
    .description('write captures of made-up people with realistic irises as NDJSON')
    .option('--people <count>', 'how many people', integerArgument(0, HIGHEST_SERIAL_ID), 100)
    .option('--first <index>', 'index of the first person, from 0', integerArgument(0, HIGHEST_SERIAL_ID), 0)
    .option('--seed <text>', 'the population; the same seed gives the same people', 'irispair')
    .addOption(
      new Option('--capture <kind>', 'which capture of each')
        .choices(['enrolment', 'again', 'mirrored'])
        .default('enrolment'),
    )
    .addOption(columnsOption('columns of every code: 256 as public Open IRIS makes them'))
    .option('--out <file>', 'file to write; default standard output')
    .addHelpText('after', '\nExample:\n  irispair generate --people 50 --capture again --out probes.ndjson')
    .action(async (options: GenerateOptions) => {
      const output = options.out === undefined ? process.stdout : createWriteStream(options.out);
      const progress = startProgress('generating', options.people);
      const population = new Population(options.seed, options.columns);
      for (let index = options.first; index < options.first + options.people; index++) {
        const line = formatCapture({
          id: `person-${index}`,
          iris: captureOf(population, index, options.capture),
        });
        if (!output.write(`${line}\n`)) await once(output, 'drain');
        progress.step();
      }
      progress.stop();
      if (output !== process.stdout) output.end();
    });
}

function captureOf(population: Population, index: number, kind: GenerateOptions['capture']): Iris {
  const person = population.person(index);
  switch (kind) {
    case 'enrolment':
      return population.enrolment(person);
    case 'again':
      return population.again(person, 1);
    case 'mirrored':
      return mirrored(population.again(person, 1));
  }
}
