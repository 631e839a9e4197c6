/** docs/reference/metrics.md */
import { CATALOGUE } from 'menwei/metrics/catalogue/catalogue.ts';
import type { MetricDefinition } from 'menwei/metrics/definition.ts';
import { code, heading, table } from './markdown.ts';

const INTRODUCTION = `
What a proxy tells at \`/metrics\` of its metrics server (127.0.0.1:10249 unless \`--metrics-bind-address\` says otherwise), and its health checks at
\`/metrics/slis\`. Names, types, labels and buckets of the first two parts are those of kube-proxy 1.36, so dashboards and alerts go on working.

- **Formats**: the text format of Prometheus, and OpenMetrics 1.0 for who asks for it. There are no native histograms; the feature gate \`NativeHistograms\`
  changes nothing.
- **Labels**: \`ip_family\` is \`IPv4\` or \`IPv6\`, and only families that are proxied have series.
- **What is not known is absent**, never 0: a metric of another mode, a counter that this kernel does not have, a time before anything has happened. What is
  counted from the start begins with 0.
- **Service by Service**: the series with the labels \`namespace\`, \`service\` and \`port\` are there as long as there are no more Services than
  \`--service-metrics-limit\`. \`port\` is the name of the port, or its number where it has none.
- **\`go_*\`** is not there: this is no Go program, and what runs it has other figures. \`menwei_event_loop_*\` says whether it keeps up.
- **Hidden metrics**: there are none, whatever \`--show-hidden-metrics-for-version\` says.
- **Cost of a scrape**: about 0.6 ms of processor time, and 3 µs for each service port that has series of its own: with all series of 10,000 Services 30 ms, of which none holds
  up the event loop for more than 18 ms, and 4 MB of text (\`npm run bench:scrape\`). It is written in pieces, no faster than the client reads, so that neither ten
  clients at a time nor one that does not read hold up the proxy. One that does not read for 30 s is cut off. Nothing is counted on the data path for the sake of
  metrics, but what nfacct counts in iptables mode, as with kube-proxy.
`;

/** The whole document. */
export function metricsReference(): string {
  const sections = CATALOGUE.map(
    ({ title, metrics }) =>
      `\n## ${title}\n\n${table(['name', 'type', 'labels', 'modes', 'meaning'], metrics.map(row))}\n`,
  );
  const buckets = CATALOGUE.flatMap(({ metrics }) => metrics).flatMap(bucketRow);
  const histograms = `\n## Buckets\n\nUpper bounds; every histogram has \`+Inf\`, too.\n\n${table(['histogram', 'buckets'], buckets)}\n`;
  const source = 'packages/menwei/src/metrics/catalogue';
  return `${heading('Metrics', source)}${INTRODUCTION}${sections.join('')}${histograms}`;
}

function row({ name, type, labels, modes, stability, help, note }: MetricDefinition): readonly string[] {
  const level = stability === undefined ? '' : ` (${stability})`;
  return [
    code(name),
    `${type}${level}`,
    labels.map(code).join(', '),
    modes === undefined ? 'all' : modes.join(', '),
    note === undefined ? help : `${help} ${note}`,
  ];
}

function bucketRow(metric: MetricDefinition): readonly (readonly string[])[] {
  return metric.type === 'histogram' ? [[code(metric.name), metric.buckets.join(', ')]] : [];
}
