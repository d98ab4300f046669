/** The chart's values as its README lists them: names, allowed values and meaning from the schema, defaults from values.yaml. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { CHART } from './tools.js';

export const CHART_README = join(CHART, 'README.md');

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly description?: string | undefined;
  readonly enum?: readonly string[] | undefined;
}
const SCHEMA: z.ZodType<Schema> = z.object({
  properties: z
    .record(
      z.string(),
      z.lazy(() => SCHEMA),
    )
    .optional(),
  description: z.string().optional(),
  enum: z.array(z.string()).optional(),
});
const OBJECT = z.record(z.string(), z.unknown());

/** One value that can be set. */
export interface DescribedValue {
  /** Path, with dots. */
  readonly key: string;
  readonly description: string;
  readonly allowed: readonly string[];
}

/** All values that the schema describes; Helm's own left out. @throws Error when one is not described */
export function describedValues(): DescribedValue[] {
  return flatten(SCHEMA.parse(JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8'))), '');
}

function flatten({ properties }: Schema, path: string): DescribedValue[] {
  return Object.entries(properties ?? {}).flatMap(([name, schema]) => {
    const key = `${path}${name}`;
    if (key === 'global') return [];
    if (schema.properties !== undefined) return flatten(schema, `${key}.`);
    if (schema.description === undefined) throw new Error(`${key} is not described`);
    return [{ key, description: schema.description, allowed: schema.enum ?? [] }];
  });
}

/** Defaults by path: of each described value, and of what values.yaml has beside them. */
export function defaults(): Map<string, unknown> {
  const described = new Set(describedValues().map(({ key }) => key));
  const found = new Map<string, unknown>();
  const visit = (values: unknown, path: string) => {
    for (const [name, value] of Object.entries(OBJECT.parse(values))) {
      const key = `${path}${name}`;
      const goesOn = [...described].some((other) => other.startsWith(`${key}.`));
      if (goesOn) visit(value, `${key}.`);
      else found.set(key, value);
    }
  };
  visit(parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')), '');
  return found;
}

/** The README with its table made anew. */
export function readmeWithTable(readme: string): string {
  const given = defaults();
  const rows = describedValues().map(({ key, description, allowed }) => {
    const choice = allowed.length === 0 ? '' : `: ${allowed.map((value) => `\`${value}\``).join(', ')}`;
    return `| \`${key}\` | ${shown(given.get(key))} | ${description}${choice} |`;
  });
  const table = ['| value | default | what it is |', '|---|---|---|', ...rows].join('\n');
  return readme.replace(/(?<=\n)\| value \|[^]*?\n(?=\n|$)/, () => `${table}\n`);
}

/** Long defaults are to be read in values.yaml. */
function shown(value: unknown): string {
  if (value === '') return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 40 ? 'see values.yaml' : `\`${text}\``;
}
