/** Reads figures out of what `/metrics` answers. */

const SAMPLE = /^([a-z_0-9]+)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The samples of one answer. */
export class MetricsText {
  private readonly samples = new Map<string, Sample[]>();

  constructor(text: string) {
    for (const line of text.split('\n')) {
      const found = SAMPLE.exec(line);
      if (found === null) continue;
      const [, name, labels = '', value] = found;
      const sample = {
        labels: Object.fromEntries(Array.from(labels.matchAll(LABEL), ([, label, held]) => [label, held])),
        value: Number(value),
      };
      const known = this.samples.get(name);
      if (known === undefined) this.samples.set(name, [sample]);
      else known.push(sample);
    }
  }

  /**
   * The sum over all samples of a name, or over those that have the labels.
   * @throws Error when the name is not shown
   */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const samples = this.samples.get(name);
    if (samples === undefined) throw new Error(`the service shows no ${name}: is it of another version?`);
    return samples
      .filter((sample) => Object.entries(labels).every(([label, wanted]) => sample.labels[label] === wanted))
      .reduce((sum, { value }) => sum + value, 0);
  }
}
