/** Metrics as they are shown, described and used: for tests that compare the three. */
import { readFile } from 'node:fs/promises';

/** One metric. */
export interface ShownMetric {
  readonly type: string;
  /** Labels of its series, sorted, `le` left out; undefined while it has no series. */
  readonly labels: readonly string[] | undefined;
}

const HISTOGRAM_SUFFIX = /_(bucket|sum|count)$/;

/** What an answer of `/metrics` shows, by name. @throws Error for a line that is none, or a metric without help */
export function readShown(text: string): Map<string, ShownMetric> {
  const shown = new Map<string, { type: string; labels: readonly string[] | undefined }>();
  const helped = new Set<string>();
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const help = /^# HELP (\S+) \S/.exec(line);
    const type = /^# TYPE (\S+) (\S+)$/.exec(line);
    if (help !== null) helped.add(help[1]);
    else if (type !== null) shown.set(type[1], { type: type[2], labels: undefined });
    else noteSample(shown, line);
  }
  for (const name of shown.keys()) if (!helped.has(name)) throw new Error(`${name} has no help`);
  return shown;
}

function noteSample(
  shown: Map<string, { type: string; labels: readonly string[] | undefined }>,
  line: string,
) {
  const found = /^([a-z_0-9]+)(|\{.*\}) \S+$/.exec(line);
  if (found === null) throw new Error(`not a line of metrics: ${line}`);
  const [, sample, labels] = found;
  const metric = shown.get(sample) ?? shown.get(sample.replace(HISTOGRAM_SUFFIX, ''));
  if (metric === undefined) throw new Error(`a sample of no metric: ${line}`);
  const names = Array.from(labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g), ([, name]) => name);
  metric.labels = names.filter((name) => name !== 'le').sort();
}

/** What docs/metrics.md describes, by heading and name: rows with a unit and a meaning, no others. */
export async function readDescribed(path: string): Promise<Map<string, Map<string, ShownMetric>>> {
  const sections = new Map<string, Map<string, ShownMetric>>();
  for (const section of (await readFile(path, 'utf8')).split(/^## /m).slice(1)) {
    const metrics = new Map<string, ShownMetric>();
    for (const line of section.split('\n')) {
      const row = /^\| `(\w+)` +\| (\w+) +\| ([^|]*?) *\| [^|]+? +\| .+? +\|$/.exec(line);
      if (row === null) continue;
      const [, name, type, labels] = row;
      metrics.set(name, { type, labels: Array.from(labels.matchAll(/\w+/g), ([label]) => label).sort() });
    }
    sections.set(section.slice(0, section.indexOf('\n')), metrics);
  }
  return sections;
}

const WORDS = new Set(['and', 'or', 'unless', 'bool', 'offset', 'by', 'without', 'on', 'ignoring']);

/** The metrics that a PromQL expression reads, parts of histograms by the histogram's name. */
export function metricsIn(expression: string): string[] {
  const bare = expression
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, ' ')
    .replaceAll(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ');
  return Array.from(bare.matchAll(/\b[a-z_]\w*\b(?!\s*\()/gi), ([name]) => name)
    .filter((name) => !WORDS.has(name) && Number.isNaN(Number(name)))
    .map((name) => name.replace(/_bucket$/, ''));
}
