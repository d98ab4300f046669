/** The chart as helm renders it. */
import { spawnSync } from 'node:child_process';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { CHART, KUBERNETES_VERSION, output, type Tools } from './tools.js';

/** A rendered object. */
export const MANIFEST = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});
export type Manifest = z.output<typeof MANIFEST>;

const RELEASE = [
  'template',
  'eyes',
  CHART,
  '--namespace',
  'biometrics',
  '--kube-version',
  KUBERNETES_VERSION,
];

/** The rendered text. @param values files of values, or `--set` options */
export function render({ helm }: Tools, ...values: readonly string[]): string {
  return output(helm, [...RELEASE, ...values]);
}

/** The objects in rendered text. @throws Error when it is no YAML */
export function manifestsOf(text: string): Manifest[] {
  return parseAllDocuments(text)
    .map((document) => {
      if (document.errors.length > 0) throw document.errors[0];
      return document.toJS() as unknown;
    })
    .filter((object) => object !== null)
    .map((object) => MANIFEST.parse(object));
}

/** Why helm refuses values. @throws Error when it does not */
export function refusal({ helm }: Tools, ...values: readonly string[]): string {
  const { status, stderr } = spawnSync(helm, [...RELEASE, ...values], { encoding: 'utf8' });
  if (status === 0) throw new Error(`not refused: ${values.join(' ')}`);
  return stderr;
}
