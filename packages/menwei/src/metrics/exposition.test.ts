/** What is told, read by Prometheus' own rules. */
import { parseMetrics } from '@menwei/testing/metrics/prometheus.ts';
import { describe, expect, it } from 'vitest';
import { counter, gauge, histogram } from './definition.ts';
import { chooseExposition, formatMetric, OPEN_METRICS, PROMETHEUS_TEXT } from './exposition.ts';
import { Registry } from './registry.ts';

function aRegistry(): Registry {
  const registry = new Registry('nftables');
  const requests = registry.counter(
    counter('requests_total', { labels: ['code'], help: 'A "\\" and\nmore.' }),
  );
  requests.add({ code: '200' }, 2);
  requests.add({ code: 'a"b\\c\nd' }, 1);
  registry.gauge(gauge('limit', { help: 'Limit.' })).set({}, Number.POSITIVE_INFINITY);
  registry.gauge(gauge('nothing', { help: 'Nothing was set.' }));
  registry.gauge(gauge('theirs', { help: 'Of another mode.', modes: ['ipvs'] })).set({}, 1);
  const sizes = registry.histogram(
    histogram('sizes', { labels: ['kind'], help: 'Sizes.', stability: 'ALPHA', buckets: [0.5, 1] }),
  );
  for (const size of [0.25, 1, 7]) sizes.observe({ kind: 'a' }, size);
  return registry;
}

const textOf = async (exposition: typeof OPEN_METRICS) =>
  [...(await aRegistry().expose(exposition))].join('');

describe('the text of metrics', () => {
  it.each([PROMETHEUS_TEXT, OPEN_METRICS])('is what Prometheus reads: $contentType', async (exposition) => {
    const metrics = parseMetrics(await textOf(exposition), exposition.isOpenMetrics);
    expect(metrics).toEqual([
      {
        name: 'requests',
        type: 'counter',
        help: 'A "\\" and\nmore.',
        samples: [
          { name: 'requests_total', labels: { code: '200' }, value: 2 },
          { name: 'requests_total', labels: { code: 'a"b\\c\nd' }, value: 1 },
        ],
      },
      {
        name: 'limit',
        type: 'gauge',
        help: 'Limit.',
        samples: [{ name: 'limit', labels: {}, value: Number.POSITIVE_INFINITY }],
      },
      {
        name: 'sizes',
        type: 'histogram',
        help: '[ALPHA] Sizes.',
        samples: [
          { name: 'sizes_bucket', labels: { kind: 'a', le: '0.5' }, value: 1 },
          {
            name: 'sizes_bucket',
            labels: { kind: 'a', le: exposition.isOpenMetrics ? '1.0' : '1' },
            value: 2,
          },
          { name: 'sizes_bucket', labels: { kind: 'a', le: '+Inf' }, value: 3 },
          { name: 'sizes_sum', labels: { kind: 'a' }, value: 8.25 },
          { name: 'sizes_count', labels: { kind: 'a' }, value: 3 },
        ],
      },
    ]);
  });

  it('gives counters no type in OpenMetrics whose names it does not allow', () => {
    const definition = counter('metallb_layer2_responses_sent', { help: 'Answers.' });
    const textIn = (exposition: typeof OPEN_METRICS) =>
      [...formatMetric(definition, [{ labels: {}, value: 1 }], exposition)].join('');
    const of = (type: string) =>
      `# HELP metallb_layer2_responses_sent Answers.\n# TYPE metallb_layer2_responses_sent ${type}\nmetallb_layer2_responses_sent 1\n`;
    expect(textIn(PROMETHEUS_TEXT)).toBe(of('counter'));
    expect(textIn(OPEN_METRICS)).toBe(of('unknown'));
  });

  it('is OpenMetrics for who asks for that', async () => {
    expect((await textOf(OPEN_METRICS)).split('\n')).toEqual([
      '# HELP requests A \\"\\\\\\" and\\nmore.',
      '# TYPE requests counter',
      'requests_total{code="200"} 2',
      'requests_total{code="a\\"b\\\\c\\nd"} 1',
      '# HELP limit Limit.',
      '# TYPE limit gauge',
      'limit +Inf',
      '# HELP sizes [ALPHA] Sizes.',
      '# TYPE sizes histogram',
      'sizes_bucket{kind="a",le="0.5"} 1',
      'sizes_bucket{kind="a",le="1.0"} 2',
      'sizes_bucket{kind="a",le="+Inf"} 3',
      'sizes_sum{kind="a"} 8.25',
      'sizes_count{kind="a"} 3',
      '# EOF',
      '',
    ]);
  });

  it.each([
    [undefined, PROMETHEUS_TEXT],
    ['*/*', PROMETHEUS_TEXT],
    ['text/plain;version=0.0.4;q=0.5,*/*;q=0.1', PROMETHEUS_TEXT],
    ['application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3', OPEN_METRICS],
    ['application/openmetrics-text; version=0.0.1', PROMETHEUS_TEXT],
    ['application/openmetrics-text;q=0', PROMETHEUS_TEXT],
    ['application/openmetrics-text;q=0.0', PROMETHEUS_TEXT],
    ['application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily', PROMETHEUS_TEXT],
  ])('is chosen by Accept: %s', (accept, exposition) => {
    expect(chooseExposition(accept)).toBe(exposition);
  });
});
