/** What a metric is, whoever counts: its name, type, labels and meaning. docs/reference/metrics.md is made of these. */
import type { ProxyMode } from '../config/settings.ts';

/** How far a name may be relied upon, as Kubernetes has it. A name of Menwei's own has none. */
type Stability = 'ALPHA' | 'BETA' | 'STABLE';

/** Values by the name of the label. */
export type Labels<Label extends string> = Readonly<Record<Label, string>>;

interface Definition<Label extends string> {
  readonly name: string;
  /** One sentence, for who reads a dashboard. */
  readonly help: string;
  readonly labels: readonly Label[];
  readonly stability?: Stability;
  /** The modes that have it; without it, every mode. */
  readonly modes?: readonly ProxyMode[];
  /** For the reference: when it is there, and where it differs from kube-proxy's. */
  readonly note?: string;
}

/** Grows only, but for a restart. */
export interface CounterDefinition<Label extends string = string> extends Definition<Label> {
  readonly type: 'counter';
}

export interface GaugeDefinition<Label extends string = string> extends Definition<Label> {
  readonly type: 'gauge';
}

export interface HistogramDefinition<Label extends string = string> extends Definition<Label> {
  readonly type: 'histogram';
  /** Upper bounds, ascending, without +Inf. */
  readonly buckets: readonly number[];
}

export type MetricDefinition<Label extends string = string> =
  | CounterDefinition<Label>
  | GaugeDefinition<Label>
  | HistogramDefinition<Label>;

type Details<Label extends string> = Omit<Definition<Label>, 'name' | 'labels'> & {
  readonly labels?: readonly Label[];
};

export function counter<const Label extends string = never>(
  name: string,
  { labels = [], ...details }: Details<Label>,
): CounterDefinition<Label> {
  return { type: 'counter', name, labels, ...details };
}

export function gauge<const Label extends string = never>(
  name: string,
  { labels = [], ...details }: Details<Label>,
): GaugeDefinition<Label> {
  return { type: 'gauge', name, labels, ...details };
}

export function histogram<const Label extends string = never>(
  name: string,
  { labels = [], ...details }: Details<Label> & { readonly buckets: readonly number[] },
): HistogramDefinition<Label> {
  return { type: 'histogram', name, labels, ...details };
}

/** The help text as a scrape has it. */
export function helpText({ stability, help }: Pick<MetricDefinition, 'stability' | 'help'>): string {
  return stability === undefined ? help : `[${stability}] ${help}`;
}

/** Whether a proxy in this mode has the metric; undefined: what is no proxy. */
export function isInMode({ modes }: Pick<MetricDefinition, 'modes'>, mode: ProxyMode | undefined): boolean {
  return modes === undefined || (mode !== undefined && modes.includes(mode));
}
