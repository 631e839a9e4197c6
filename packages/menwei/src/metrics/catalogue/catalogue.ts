/** All metrics there are, in the order of docs/reference/metrics.md: by name. */
import type { MetricDefinition } from '../definition.ts';
import * as announcer from './announcer.ts';
import * as dns from './dns.ts';
import * as healthChecks from './health-checks.ts';
import * as kubeProxy from './kube-proxy.ts';
import * as libraries from './libraries.ts';
import * as loadBalancer from './load-balancer.ts';
import * as own from './own.ts';
import { RELAY_COUNTERS, RELAY_GAUGES } from './relays.ts';

interface Section {
  readonly title: string;
  readonly metrics: readonly MetricDefinition[];
}

export const CATALOGUE: readonly Section[] = [
  { title: "kube-proxy's", metrics: byName(Object.values(kubeProxy)) },
  { title: 'Of every Kubernetes component', metrics: byName(Object.values(libraries)) },
  { title: "Menwei's own", metrics: byName(Object.values(own)) },
  { title: 'Of health checks of endpoints', metrics: byName(Object.values(healthChecks)) },
  {
    title: 'Of userspace mode',
    metrics: byName([...RELAY_COUNTERS, ...RELAY_GAUGES].map(([, metric]) => metric)),
  },
  { title: 'Of the load-balancer controller', metrics: byName(Object.values(loadBalancer)) },
  { title: 'Of `menwei dns`', metrics: byName(Object.values(dns)) },
  { title: 'Of announcing load-balancer addresses', metrics: byName(Object.values(announcer)) },
];

function byName(metrics: readonly MetricDefinition[]): readonly MetricDefinition[] {
  return metrics.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
