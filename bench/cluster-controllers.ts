/**
 * The controllers of `menwei cluster`: the first reconcile of 5,000 Services of 50 pods, a restart that finds all as it should be,
 * and how long it takes from a change of a pod's readiness to the slice: `npm run bench:cluster:parts`, or alone
 * `node bench/cluster-controllers.ts [-- SERVICES PODS]`.
 */
import { ControlledCluster } from '@menwei/testing/cluster/controlled-cluster.ts';
import type { ApiObject } from 'menwei/cluster/schema/object.ts';
import type { Store } from 'menwei/cluster/store/store.ts';
import { median, quantile, round } from './figures.ts';

const CHANGES = 500;
/** Of the design. */
const TARGETS = {
  first: '',
  restart: 'target: 5 s, no writes',
  change: 'target: 5 ms',
} as const;
const NODES = 20;
const TIME = '2026-01-01T00:00:00Z';
/** A pod as kubectl shows it is about 3 KB. */
const PADDING = 'x'.repeat(2_000);

const [services = 5_000, pods = 50] = process.argv
  .slice(2)
  .filter((word) => word !== '--')
  .map(Number);
const cluster = new ControlledCluster();
await fill(cluster.store);
await measureStart('first reconcile', TARGETS.first);
await cluster.stop();
await measureStart('restart', TARGETS.restart);
await measureChanges();
await cluster.stop();

async function measureStart(what: string, target: string): Promise<void> {
  const { store } = cluster;
  const before = store.revision;
  const cpu = process.cpuUsage();
  const beganAt = performance.now();
  let lastAt = beganAt;
  const subscription = store.subscribe(() => {
    lastAt = performance.now();
  });
  await cluster.start();
  lastAt = Math.max(lastAt, performance.now());
  await cluster.settled(500);
  subscription[Symbol.dispose]();
  const figures = [
    `${round((lastAt - beganAt) / 1000, 2)} s`,
    `${round(process.cpuUsage(cpu).user / 1e6, 2)} s of CPU`,
    `${store.revision - before} writes`,
    `${round(process.memoryUsage().rss / 1e6, 0)} MB in all`,
  ];
  row(what, figures.join(', '), target);
}

async function measureChanges(): Promise<void> {
  const times: number[] = [];
  for (let change = 0; change < CHANGES; change += 1) {
    const service = change % services;
    const told = Promise.withResolvers<number>();
    let beganAt = 0;
    const subscription = cluster.store.subscribe(({ object }) => {
      if (object.resource === 'pods') beganAt = performance.now();
      if (object.resource === 'endpointslices' && object.name.startsWith(`s${service}-`))
        told.resolve(performance.now() - beganAt);
    });
    const status = change < services ? 'False' : 'True';
    const key = `default/${podName(service, 0)}`;
    await cluster.change('pods', key, () => statusOf(service, 0, status), true);
    times.push(await told.promise);
    subscription[Symbol.dispose]();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  row(
    'readiness → slice',
    `p50 ${round(median(times), 2)} ms, p99 ${round(quantile(times, 0.99), 2)} ms`,
    TARGETS.change,
  );
}

function row(what: string, figures: string, target: string): void {
  process.stdout.write(`${what.padEnd(20)} ${figures}${target === '' ? '' : `   (${target})`}\n`);
}

async function fill(store: Store): Promise<void> {
  await put(store, 'namespaces', [named('Namespace', { name: 'default' })]);
  const nodes = Array.from({ length: NODES }, (_, index) => named('Node', { name: `n${index}` }));
  await put(store, 'nodes', nodes);
  for (let service = 0; service < services; service += 1) {
    await put(store, 'services', [serviceObject(service)]);
    const all = Array.from({ length: pods }, (_, pod) => podObject(service, pod));
    await put(store, 'pods', all);
  }
}

function put(store: Store, resource: string, objects: readonly ApiObject[]): Promise<void> {
  return store.transact((transaction) => {
    for (const object of objects) transaction.put(resource, object);
  });
}

function named(kind: string, metadata: object & { readonly name: string }, rest: object = {}): ApiObject {
  return {
    kind,
    apiVersion: 'v1',
    metadata: { uid: metadata.name, creationTimestamp: TIME, ...metadata },
    ...rest,
  };
}

function serviceObject(service: number): ApiObject {
  const ports = [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8080 }];
  const spec = {
    ports,
    selector: { app: `a${service}` },
    clusterIP: 'None',
    ipFamilies: ['IPv4'],
    type: 'ClusterIP',
  };
  return named('Service', { name: `s${service}`, ...{ namespace: 'default' } }, { spec });
}

function podName(service: number, pod: number): string {
  return `p${service}-${pod}`;
}

function podObject(service: number, pod: number): ApiObject {
  const labels = { app: `a${service}`, tier: 'web' };
  const metadata = {
    name: podName(service, pod),
    namespace: 'default',
    labels,
    annotations: { padding: PADDING },
  };
  const spec = { nodeName: `n${pod % NODES}`, containers: [{ name: 'c', image: 'i' }] };
  return named('Pod', metadata, { spec, ...statusOf(service, pod, 'True') });
}

function statusOf(service: number, pod: number, ready: string): object {
  const ip = `10.${service >> 8}.${service & 255}.${pod}`;
  const conditions = [{ type: 'Ready', status: ready, lastTransitionTime: TIME }];
  return { status: { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions } };
}
