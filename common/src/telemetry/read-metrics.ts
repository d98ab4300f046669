/**
 * Metrics that are read when they are asked for: what counts them keeps no metric, and pays nothing for being watched.
 */
import { Counter, Gauge, Histogram, type LabelValues, type MetricType, type Registry } from 'prom-client';
import { sumOf, type Buckets } from './buckets.js';

/** In prom-client's types a number, in fact this word. */
const HISTOGRAM = 'histogram' as unknown as MetricType;

/** What a metric is. */
export interface MetricText<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly Label[];
}

/** One figure. */
export interface Sample<Label extends string, Value> {
  readonly labels: LabelValues<Label>;
  readonly value: Value;
}

/** What is read: a figure without labels, or several with; none where it is not known. */
export type Reading<Label extends string, Value> = Value | readonly Sample<Label, Value>[] | undefined;

/** How it is read. */
export type Read<Label extends string, Value> = () => Reading<Label, Value> | Promise<Reading<Label, Value>>;

/**
 * One reading for all metrics of a scrape, so that figures that belong together are of one moment. A registry asks all its metrics
 * in one go, before anything else runs.
 */
export function onceAScrape<Value>(read: () => Value): () => Value {
  let reading: { readonly value: Value } | undefined;
  return () => {
    if (reading === undefined) {
      reading = { value: read() };
      queueMicrotask(() => (reading = undefined));
    }
    return reading.value;
  };
}

/** A figure that goes up and down. */
export function readGauge<Label extends string = never>(
  registry: Registry,
  text: MetricText<Label>,
  read: Read<Label, number>,
): void {
  new Gauge({
    ...text,
    registers: [registry],
    async collect() {
      const samples = samplesOf(await read());
      forget(this);
      for (const { labels, value } of samples) this.set(labels, value);
    },
  });
}

/** A figure that only grows while the process lives. */
export function readCounter<Label extends string = never>(
  registry: Registry,
  text: MetricText<Label>,
  read: Read<Label, number>,
): void {
  new Counter({
    ...text,
    registers: [registry],
    async collect() {
      const samples = samplesOf(await read());
      forget(this);
      for (const { labels, value } of samples) this.inc(labels, value);
    },
  });
}

/** Values by bucket. */
export function readHistogram<Label extends string = never>(
  registry: Registry,
  text: MetricText<Label> & { readonly bounds: readonly number[] },
  read: Read<Label, Buckets>,
): void {
  const { bounds, ...rest } = text;
  new ReadHistogram({ ...rest, buckets: [...bounds], registers: [registry] }, bounds, read);
}

/** prom-client's own takes one value after the other; this one is given the counts. */
class ReadHistogram<Label extends string> extends Histogram<Label> {
  constructor(
    private readonly configuration: ConstructorParameters<typeof Histogram<Label>>[0],
    private readonly bounds: readonly number[],
    private readonly read: Read<Label, Buckets>,
  ) {
    super(configuration);
  }

  override async get(): ReturnType<Histogram<Label>['get']> {
    const { name, help } = this.configuration;
    const samples = samplesOf(await this.read());
    return {
      name,
      help,
      type: HISTOGRAM,
      aggregator: 'sum',
      collect: () => undefined,
      values: samples.flatMap((sample) => this.valuesOf(sample)),
    };
  }

  /** What the registry asks for its text. */
  getForPromString(): ReturnType<Histogram<Label>['get']> {
    return this.get();
  }

  private valuesOf({ labels, value }: Sample<Label, Buckets>) {
    const { name } = this.configuration;
    let count = 0;
    const buckets = [...this.bounds, '+Inf'].map((le, place) => {
      count += value[place];
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: sumOf(value) },
      { metricName: `${name}_count`, labels, value: count },
    ];
  }
}

function samplesOf<Label extends string, Value>(
  reading: Reading<Label, Value>,
): readonly Sample<Label, Value>[] {
  if (reading === undefined) return [];
  if (Array.isArray(reading)) return reading;
  return [{ labels: {}, value: reading as Value }];
}

/** A figure that is no longer known is shown no longer, not as zero. */
function forget<Label extends string>(metric: Gauge<Label> | Counter<Label>): void {
  metric.reset();
  metric.remove({} as LabelValues<Label>);
}
