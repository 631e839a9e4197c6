/** The two text formats that Prometheus reads: its own (version 0.0.4) and OpenMetrics 1.0. Pure. */
import { parseAccept } from '../http/accept.ts';
import { helpText, type Labels, type MetricDefinition } from './definition.ts';
import type { Distribution, Sample } from './series.ts';

/** One of the two formats. */
export interface Exposition {
  readonly contentType: string;
  /** After all metrics. */
  readonly end: string;
  /** OpenMetrics names the family of a counter without `_total`, and writes bounds with a fraction. */
  readonly isOpenMetrics: boolean;
}

export const PROMETHEUS_TEXT: Exposition = {
  contentType: 'text/plain; version=0.0.4; charset=utf-8',
  end: '',
  isOpenMetrics: false,
};

export const OPEN_METRICS: Exposition = {
  contentType: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  end: '# EOF\n',
  isOpenMetrics: true,
};

/** The format that a client prefers, by its Accept header: OpenMetrics where that is named, as Prometheus does first. */
export function chooseExposition(accept: string | undefined): Exposition {
  const isNamed = parseAccept(accept ?? '').some(({ range, parameters }) => {
    const version = parameters.get('version');
    return range === 'application/openmetrics-text' && (version === undefined || version === '1.0.0');
  });
  return isNamed ? OPEN_METRICS : PROMETHEUS_TEXT;
}

/** A metric as text; nothing of one that has no values. What a histogram has observed comes in one piece. */
export function* formatMetric(
  definition: MetricDefinition,
  values: Iterable<Sample | Distribution>,
  exposition: Exposition,
): Iterable<string> {
  let isHeaded = false;
  for (const value of values) {
    if (!isHeaded) yield formatHeader(definition, exposition);
    isHeaded = true;
    yield 'counts' in value
      ? formatDistribution(definition, value, exposition)
      : `${definition.name}${formatLabels(definition, value.labels)} ${formatNumber(value.value)}\n`;
  }
}

function formatHeader(definition: MetricDefinition, { isOpenMetrics }: Exposition): string {
  const { type, name } = definition;
  const family = isOpenMetrics && type === 'counter' ? name.replace(/_total$/, '') : name;
  const help = helpText(definition).replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  // There, a counter has to have that ending; what others have named otherwise may be of no known type.
  const isNamedOtherwise = isOpenMetrics && type === 'counter' && family === name;
  const shownType = isNamedOtherwise ? 'unknown' : type;
  return `# HELP ${family} ${isOpenMetrics ? help.replaceAll('"', '\\"') : help}\n# TYPE ${family} ${shownType}\n`;
}

function formatDistribution(
  definition: MetricDefinition,
  { labels, counts, sum }: Distribution,
  { isOpenMetrics }: Exposition,
): string {
  const { name } = definition;
  const bounds = definition.type === 'histogram' ? definition.buckets : [];
  let count = 0;
  let text = '';
  for (const [index, own] of counts.entries()) {
    count += own;
    const bound = formatBound(bounds[index] ?? Number.POSITIVE_INFINITY, isOpenMetrics);
    text += `${name}_bucket${formatLabels(definition, labels, `le="${bound}"`)} ${count}\n`;
  }
  const own = formatLabels(definition, labels);
  return `${text}${name}_sum${own} ${formatNumber(sum)}\n${name}_count${own} ${count}\n`;
}

function formatBound(bound: number, isOpenMetrics: boolean): string {
  const text = formatNumber(bound);
  return isOpenMetrics && Number.isInteger(bound) ? `${text}.0` : text;
}

function formatLabels(definition: MetricDefinition, labels: Labels<string>, more?: string): string {
  const parts = definition.labels.map((name) => `${name}="${escapeLabel(labels[name] ?? '')}"`);
  if (more !== undefined) parts.push(more);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function escapeLabel(value: string): string {
  if (!/[\\"\n]/.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function formatNumber(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}
