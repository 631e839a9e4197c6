/** The metrics of a process, and what a scrape finds of them. */
import type { ProxyMode } from '../config/settings.ts';
import {
  type CounterDefinition,
  type GaugeDefinition,
  type HistogramDefinition,
  isInMode,
  type MetricDefinition,
} from './definition.ts';
import { type Exposition, formatMetric } from './exposition.ts';
import { Counter, type Distribution, Gauge, Histogram, type Sample } from './series.ts';

/** The values of one metric, in pieces that belong together. */
type Collected = Iterable<Sample | Distribution>;

/** Asks for the values of a metric when somebody scrapes. */
type Collect = () => Collected | Promise<Collected>;

/** Some metrics that are found out together when somebody scrapes. What is left out has no value now. */
interface Group<Name extends string> {
  readonly metrics: Readonly<Record<Name, CounterDefinition | GaugeDefinition>>;
  readonly collect: () => GroupValues<Name> | Promise<GroupValues<Name>>;
}

type GroupValues<Name extends string> = Readonly<Partial<Record<Name, Iterable<Sample>>>>;

export class Registry {
  readonly #mode: ProxyMode | undefined;
  readonly #collects = new Map<MetricDefinition, Collect>();

  /** @param mode of the process, if it is a proxy; what only another mode has is counted, and never told */
  constructor(mode?: ProxyMode) {
    this.#mode = mode;
  }

  counter<Label extends string>(definition: CounterDefinition<Label>): Counter<Label> {
    const counter = new Counter(definition);
    this.#register(definition, () => counter.samples());
    return counter;
  }

  gauge<Label extends string>(definition: GaugeDefinition<Label>): Gauge<Label> {
    const gauge = new Gauge(definition);
    this.#register(definition, () => gauge.samples());
    return gauge;
  }

  histogram<Label extends string>(definition: HistogramDefinition<Label>): Histogram<Label> {
    const histogram = new Histogram(definition);
    this.#register(definition, () => histogram.distributions());
    return histogram;
  }

  /** A metric whose values are found out when somebody scrapes; long lists may be made row by row. */
  collected<Label extends string>(
    definition: CounterDefinition<Label> | GaugeDefinition<Label>,
    collect: () => Iterable<Sample<Label>>,
  ): void {
    this.#register(definition, collect);
  }

  /** The same for a histogram that somebody else keeps. */
  distributed<Label extends string>(
    definition: HistogramDefinition<Label>,
    collect: () => Iterable<Distribution<Label>>,
  ): void {
    this.#register(definition, collect);
  }

  /** The same for metrics that one look gives all values of. */
  group<Name extends string>({ metrics, collect }: Group<Name>): void {
    let look: Promise<GroupValues<Name>> | undefined;
    const once = () => {
      look ??= Promise.resolve(collect()).finally(() => {
        look = undefined;
      });
      return look;
    };
    for (const name of Object.keys(metrics) as Name[]) {
      this.#register(metrics[name], async () => (await once())[name] ?? []);
    }
  }

  /** What a scrape is answered with, in pieces: each is made when it is asked for, so that a long answer holds nobody up. */
  async expose(exposition: Exposition): Promise<Iterable<string>> {
    const all = await Promise.all(
      Array.from(this.#collects, async ([definition, collect]) => ({ definition, values: await collect() })),
    );
    return formatAll(all, exposition);
  }

  #register(definition: MetricDefinition, collect: Collect): void {
    if (!isInMode(definition, this.#mode)) return;
    for (const { name } of this.#collects.keys()) {
      if (name === definition.name) throw new Error(`BUG: two metrics ${name}`);
    }
    this.#collects.set(definition, collect);
  }
}

function* formatAll(
  metrics: readonly { readonly definition: MetricDefinition; readonly values: Collected }[],
  exposition: Exposition,
): Iterable<string> {
  for (const { definition, values } of metrics) yield* formatMetric(definition, values, exposition);
  yield exposition.end;
}
