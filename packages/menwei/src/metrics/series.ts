/** Counters, gauges and histograms that are kept between scrapes: a value for each combination of label values. */
import type { CounterDefinition, GaugeDefinition, HistogramDefinition, Labels } from './definition.ts';

/** A value of a counter or a gauge. */
export interface Sample<Label extends string = string> {
  readonly labels: Labels<Label>;
  readonly value: number;
}

/** What a histogram has observed under one combination of label values. */
export interface Distribution<Label extends string = string> {
  readonly labels: Labels<Label>;
  /** By bucket, not cumulated; what is above all bounds comes last. */
  readonly counts: readonly number[];
  readonly sum: number;
}

class Values<Label extends string> {
  readonly #labels: readonly Label[];
  readonly #samples = new Map<string, Sample<Label>>();

  constructor(labels: readonly Label[]) {
    this.#labels = labels;
  }

  get(labels: Labels<Label>): number | undefined {
    return this.#samples.get(seriesKey(this.#labels, labels))?.value;
  }

  set(labels: Labels<Label>, value: number): void {
    this.#samples.set(seriesKey(this.#labels, labels), { labels, value });
  }

  samples(): Iterable<Sample<Label>> {
    return this.#samples.values();
  }
}

export class Counter<Label extends string> {
  readonly #values: Values<Label>;

  constructor({ labels }: Pick<CounterDefinition<Label>, 'labels'>) {
    this.#values = new Values(labels);
  }

  /** @param amount 0 makes a counter be there before anything was counted */
  add(labels: Labels<Label>, amount: number): void {
    this.#values.set(labels, (this.#values.get(labels) ?? 0) + amount);
  }

  samples(): Iterable<Sample<Label>> {
    return this.#values.samples();
  }
}

export class Gauge<Label extends string> {
  readonly #values: Values<Label>;

  constructor({ labels }: Pick<GaugeDefinition<Label>, 'labels'>) {
    this.#values = new Values(labels);
  }

  set(labels: Labels<Label>, value: number): void {
    this.#values.set(labels, value);
  }

  samples(): Iterable<Sample<Label>> {
    return this.#values.samples();
  }
}

interface MutableDistribution<Label extends string> {
  readonly labels: Labels<Label>;
  readonly counts: number[];
  sum: number;
}

export class Histogram<Label extends string> {
  readonly #definition: Pick<HistogramDefinition<Label>, 'labels' | 'buckets'>;
  readonly #distributions = new Map<string, MutableDistribution<Label>>();

  constructor(definition: Pick<HistogramDefinition<Label>, 'labels' | 'buckets'>) {
    this.#definition = definition;
  }

  observe(labels: Labels<Label>, value: number): void {
    const { buckets } = this.#definition;
    const distribution = this.#of(labels);
    const index = buckets.findIndex((bound) => value <= bound);
    const place = index === -1 ? buckets.length : index;
    distribution.counts[place] = (distribution.counts[place] ?? 0) + 1;
    distribution.sum += value;
  }

  /** Makes the series be there before anything was observed. */
  declare(labels: Labels<Label>): void {
    this.#of(labels);
  }

  distributions(): Iterable<Distribution<Label>> {
    return this.#distributions.values();
  }

  #of(labels: Labels<Label>): MutableDistribution<Label> {
    const key = seriesKey(this.#definition.labels, labels);
    const known = this.#distributions.get(key);
    if (known !== undefined) return known;
    const counts = Array.from({ length: this.#definition.buckets.length + 1 }, () => 0);
    const distribution = { labels, counts, sum: 0 };
    this.#distributions.set(key, distribution);
    return distribution;
  }
}

function seriesKey<Label extends string>(names: readonly Label[], labels: Labels<Label>): string {
  return names.map((name) => labels[name]).join('\n');
}
