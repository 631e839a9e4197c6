/** The metrics that there are, compared with those of kube-proxy (spec § 9.4), item by item. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MODE_NAMES, type ProxyMode } from 'menwei/config/settings.ts';
import { CATALOGUE } from 'menwei/metrics/catalogue/catalogue.ts';
import type { MetricDefinition } from 'menwei/metrics/definition.ts';
import { describe, expect, it } from 'vitest';

const REFERENCE = readFileSync(join(import.meta.dirname, '../docs/reference/kube-proxy.md'), 'utf8');
const METRICS = CATALOGUE.flatMap(({ metrics }) => metrics);
const KUBERNETES_MODES: readonly ProxyMode[] = ['iptables', 'ipvs', 'nftables'];

interface Promised {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly modes: readonly string[];
  readonly buckets: readonly number[] | undefined;
}

/** The table of the section. */
function promised(): readonly Promised[] {
  const [, section = ''] = /^## 9\.4 .*?\n(.*?)^---$/ms.exec(REFERENCE) ?? [];
  const rows = section.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| name'));
  let previousModes: readonly string[] = [];
  return rows.map((line) => {
    const [name = '', type = '', labels = '', registered = ''] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    const modes = modesOf(registered, previousModes);
    previousModes = modes;
    return {
      name: `kubeproxy_${name}`,
      type: type.split(' ', 1)[0] ?? '',
      labels: labels === '–' ? [] : labels.split(',').map((label) => label.trim().split(' ', 1)[0] ?? ''),
      modes,
      buckets: bucketsOf(type),
    };
  });
}

function modesOf(registered: string, previous: readonly string[]): readonly string[] {
  if (registered === 'same') return previous;
  if (registered === 'all') return KUBERNETES_MODES;
  return KUBERNETES_MODES.filter((mode) => registered.includes(mode));
}

/** As the paragraph below the table lists them. */
function bucketsOf(type: string): readonly number[] | undefined {
  if (type === 'histogram A') return Array.from({ length: 15 }, (_, index) => 0.001 * 2 ** index);
  if (type !== 'histogram B') return undefined;
  const range = (from: number, to: number, step: number) =>
    Array.from({ length: (to - from) / step + 1 }, (_, index) => from + index * step);
  return [0.25, 0.5, ...range(1, 59, 1), ...range(60, 115, 5), ...range(120, 300, 30)];
}

describe('kube-proxy’s metrics', () => {
  it.each(promised())('$name', ({ name, type, labels, modes, buckets }) => {
    const metric = METRICS.find((each) => each.name === name);
    expect(metric?.type).toBe(type);
    expect(metric?.labels.toSorted()).toEqual(labels.toSorted());
    expect(metric?.stability).toBe('ALPHA');
    expect(modesOfMetric(metric).filter((mode) => mode !== 'userspace')).toEqual(modes);
    expect(metric?.type === 'histogram' ? metric.buckets : undefined).toEqual(buckets);
  });

  it('are all that go by its name', () => {
    const names = METRICS.map(({ name }) => name).filter((name) => name.startsWith('kubeproxy_'));
    expect(names.toSorted()).toEqual(
      promised()
        .map(({ name }) => name)
        .toSorted(),
    );
    expect(names).toHaveLength(23);
  });
});

describe('every metric', () => {
  it.each(METRICS)('$name has a name and a help that Prometheus takes', (metric) => {
    expect(metric.name).toMatch(/^[a-z][a-z0-9_]*$/);
    for (const label of metric.labels) expect(label).toMatch(/^[a-z][a-z0-9_]*$/);
    expect(metric.help).toMatch(/^[A-Z1].*\.$/);
    // MetalLB's names are as they are.
    const isOfMetalLb = metric.name.startsWith('metallb_layer2_');
    if (metric.type === 'counter' && !isOfMetalLb) expect(metric.name).toMatch(/_total$/);
    if (metric.type === 'histogram') {
      expect(metric.buckets).toEqual(metric.buckets.toSorted((a, b) => a - b));
    }
  });
});

function modesOfMetric(metric: MetricDefinition | undefined): readonly string[] {
  return (metric?.modes ?? MODE_NAMES.filter((mode) => mode !== 'userspace')).toSorted();
}
