/**
 * What kube-controller-manager 1.36 made of Services and pods (test/data/cluster-golden/controllers.jsonl), and what ours makes of
 * them. Order of endpoints and ports is not promised there, nor are names; times of changes depend on when pods were made.
 */
import { readFileSync } from 'node:fs';
import { ControlledCluster } from '@menwei/testing/cluster/controlled-cluster.ts';
import { nodeFacts, PlannedSlices, podFacts, serviceFacts } from '@menwei/testing/cluster/planned-slices.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

interface GoldenPod {
  readonly ip: string | null;
  readonly ips: readonly string[] | null;
  readonly ready: boolean;
  readonly node: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly object[] | null;
  readonly phase: string;
  readonly hostname: string | null;
  readonly subdomain: string | null;
  readonly terminating?: boolean;
}

interface GoldenRow {
  readonly title: string;
  readonly service: {
    readonly labels: object | null;
    readonly annotations: object | null;
    readonly spec: object;
  };
  readonly pods: Readonly<Record<string, GoldenPod>>;
  readonly slices: readonly GoldenSlice[];
  readonly endpoints: object | null;
  readonly events: readonly { readonly reason: string }[];
}

interface GoldenSlice {
  readonly metadata: { readonly labels: object; readonly annotations?: object };
  readonly endpoints: readonly { readonly addresses: readonly string[] }[] | null;
  readonly endpointCount?: number;
}

const FILE = new URL('../../../../../../test/data/cluster-golden/controllers.jsonl', import.meta.url);
const ROWS: readonly GoldenRow[] = readFileSync(FILE, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line));

/** Made by one Service and its pods, which all are in the row. */
const WHOLE = ROWS.filter((row) => Object.keys(row.pods ?? {}).length > 0 || row.title.startsWith('no pods'));

/** Updates of the Service of another row. */
const AFTER: Readonly<Record<string, string>> = {
  'trafficDistribution removed': 'PreferSameNode',
  'dual → single: the IPv6 slice goes': 'dual stack',
};

let cluster: ControlledCluster;

beforeEach(async () => {
  cluster = new ControlledCluster({
    only: ['endpoint-controllers', 'endpointslice-mirroring-controller', 'garbage-collector'],
  });
  for (const name of ['default', 'ctl2']) await cluster.create('namespaces', { metadata: { name } });
  for (const [name, zone] of Object.entries({ cn1: 'z1', cn2: 'z2' })) {
    await cluster.create('nodes', {
      metadata: { name, labels: { 'topology.kubernetes.io/zone': zone } },
      status: { allocatable: { cpu: '4' }, conditions: [{ type: 'Ready', status: 'True' }] },
    });
  }
  await cluster.start();
});

afterEach(() => cluster.stop());

describe('kube-controller-manager and ours', () => {
  it.each(WHOLE)('agree on: $title', async (row) => {
    const name = String(Object(row.slices[0]?.metadata).labels?.['kubernetes.io/service-name'] ?? 's');
    for (const [podName, pod] of Object.entries(row.pods)) await createPod(podName, pod);
    const before = ROWS.find(({ title }) => title === AFTER[row.title]);
    await createService(name, before ?? row);
    await cluster.settled();
    if (before !== undefined)
      await cluster.change('services', `ctl2/${name}`, () => ({ spec: row.service.spec }));
    await cluster.settled();
    const slices = cluster.list('endpointslices', 'ctl2');
    expect(slices.map(comparable).sort()).toEqual(row.slices.map(comparable).sort());
    const endpoints = cluster.list('endpoints', 'ctl2');
    expect(endpoints.map(comparable)).toEqual(row.endpoints === null ? [] : [comparable(row.endpoints)]);
    const events = cluster
      .list('events', 'ctl2')
      .map(({ reason, message, type }) => ({ reason, message, type }));
    // Of the allocator's repair (CQ-11).
    expect(events).toEqual(row.events.filter(({ reason }) => reason !== 'ClusterIPNotAllocated'));
  });
});

describe('a Service of many pods', () => {
  const rowOf = (title: string) => ROWS.find((row) => row.title.startsWith(title));
  const counts = (row: GoldenRow | undefined) =>
    row?.slices.map(({ endpoints, endpointCount }) => endpointCount ?? endpoints?.length ?? 0);
  const name = (index: number) => `b${String(index).padStart(3, '0')}`;
  const pod = (index: number): GoldenPod => ({
    ip: `10.1.0.${index + 1}`,
    ips: null,
    ready: true,
    node: 'cn1',
    labels: { app: 'b' },
    ports: null,
    phase: 'Running',
    hostname: null,
    subdomain: null,
  });

  it('has slices as full as those of kube-controller-manager', () => {
    const planned = new PlannedSlices();
    const nodes = new Map([['n1', nodeFacts('n1', 'z1')]]);
    const pods = Array.from({ length: 120 }, (_, index) => podFacts(index));
    planned.sync(serviceFacts(), [], nodes);
    for (let count = 1; count <= 120; count++) planned.sync(serviceFacts(), pods.slice(0, count), nodes);
    expect(planned.counts).toEqual(counts(rowOf('120 pods')));
    for (let count = 1; count <= 60; count++) planned.sync(serviceFacts(), pods.slice(count), nodes);
    expect(planned.counts).toEqual(counts(rowOf('60 of them')));
    planned.sync(serviceFacts(), [], nodes);
    expect(planned.counts).toEqual(counts(rowOf('all deleted')));
  });

  it.each(['Background', 'Foreground'])(
    'leaves nothing when it is deleted in the %s',
    async (propagationPolicy) => {
      const row = rowOf('120 pods');
      if (row === undefined) throw new Error('there is no such row');
      await createService('big', row);
      await createPod(name(0), pod(0));
      await cluster.settled();
      await cluster.delete('services', 'ctl2/big', { propagationPolicy });
      await cluster.settled();
      expect([cluster.list('endpointslices'), cluster.list('endpoints')]).toEqual([[], []]);
      expect(cluster.get('services', 'ctl2/big')).toBeUndefined();
    },
  );

  it('has those pods whose addresses endpoints can have, and an Event tells of the others', async () => {
    const row = rowOf('120 pods');
    if (row === undefined) throw new Error('there is no such row');
    await createService('big', row);
    await createPod(name(0), pod(0));
    await createPod(name(1), { ...pod(1), ip: '127.0.0.1' });
    await cluster.settled();
    expect(cluster.list('endpointslices')).toMatchObject([{ endpoints: [{ addresses: ['10.1.0.1'] }] }]);
    expect(cluster.list('endpoints')).toMatchObject([{ subsets: [{ addresses: [{ ip: '10.1.0.1' }] }] }]);
    expect(cluster.list('events')).toMatchObject([
      {
        reason: 'FailedToUpdateEndpointSlices',
        message:
          "Error updating Endpoint Slices for Service ctl2/big: skipping Pod b001 for Service ctl2/big: 127.0.0.1 can't be the address of an endpoint",
      },
    ]);
  });
});

describe('an object that can not be read', () => {
  it('holds up no other one', async () => {
    const row = ROWS.find(({ title }) => title === 'headless');
    if (row === undefined) throw new Error('there is no such row');
    const bad = {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: 'bad', namespace: 'ctl2', labels: { app: 'x' } },
    };
    await cluster.store.transact((transaction) =>
      transaction.put('pods', { ...bad, ...{ status: { conditions: 5 } } }),
    );
    await createService('hl', row);
    const [pod] = Object.values(row.pods);
    if (pod !== undefined) await createPod('good', pod);
    await cluster.settled();
    expect(cluster.list('endpointslices')).toMatchObject([{ endpoints: [{ targetRef: { name: 'good' } }] }]);
  });
});

describe('Endpoints that are switched off', () => {
  it('are not made, and those made before go; what is kept by hand stays', async () => {
    const row = ROWS.find(({ title }) => title === 'headless');
    if (row === undefined) throw new Error('there is no such row');
    await createService('hl', row);
    await cluster.create('endpoints', { metadata: { name: 'by-hand', namespace: 'ctl2' } });
    await cluster.settled();
    expect(cluster.list('endpoints').map(({ metadata }) => metadata.name)).toEqual(['by-hand', 'hl']);
    await cluster.stop();
    const { store } = cluster;
    cluster = new ControlledCluster({
      store,
      controllers: { legacyEndpoints: false },
      only: ['endpoint-controllers'],
    });
    await cluster.start();
    await createService('other', row);
    await cluster.settled();
    expect(cluster.list('endpoints').map(({ metadata }) => metadata.name)).toEqual(['by-hand']);
    expect(cluster.list('endpointslices')).toHaveLength(2);
  });
});

describe('Endpoints kept by hand', () => {
  const MIRRORED = ROWS.find(({ title }) => title === 'mirroring');
  const SKIPPED = ROWS.find(({ title }) => title === 'skip-mirror');

  it('are mirrored until they ask not to be', async () => {
    if (MIRRORED === undefined || SKIPPED === undefined) throw new Error('there are no such rows');
    await createService('sl', MIRRORED);
    const { metadata, ...rest } = { metadata: {}, ...MIRRORED.endpoints };
    await cluster.create('endpoints', { ...rest, metadata: { ...metadata, namespace: 'ctl2' } });
    await cluster.settled();
    const slices = cluster.list('endpointslices', 'ctl2');
    expect(slices.map(comparable).sort()).toEqual(MIRRORED.slices.map(comparable).sort());
    const labels = Object(SKIPPED.endpoints).metadata.labels;
    await cluster.change('endpoints', 'ctl2/sl', (current) => ({
      metadata: { ...current.metadata, labels },
    }));
    await cluster.settled();
    expect(cluster.list('endpointslices', 'ctl2')).toEqual([]);
  });
});

async function createService(name: string, { service }: GoldenRow): Promise<void> {
  const { labels, annotations, spec } = service;
  await cluster.create('services', {
    metadata: {
      name,
      namespace: 'ctl2',
      ...(labels === null ? {} : { labels }),
      ...(annotations === null ? {} : { annotations }),
    },
    spec,
  });
}

async function createPod(name: string, pod: GoldenPod): Promise<void> {
  const { ip, ips, ready, node, labels, ports, phase, hostname, subdomain, terminating = false } = pod;
  const podIPs = (ips ?? (ip === null ? [] : [ip])).map((each) => ({ ip: each }));
  await cluster.create('pods', {
    metadata: { name, namespace: 'ctl2', labels },
    spec: {
      nodeName: node,
      containers: [{ name: 'c', image: 'i', ...(ports === null ? {} : { ports }) }],
      ...(hostname === null ? {} : { hostname }),
      ...(subdomain === null ? {} : { subdomain }),
    },
  });
  const status = {
    phase,
    ...(ip === null ? {} : { podIP: ip, podIPs }),
    conditions: [
      { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: '2026-11-30T05:00:00Z' },
    ],
  };
  await cluster.change('pods', `ctl2/${name}`, () => ({ status }), true);
  if (terminating) await cluster.delete('pods', `ctl2/${name}`);
}

/** Random, or of no matter. */
const MASKED = ['name', 'uid', 'resourceVersion', 'generation', 'creationTimestamp'];
const LISTS: readonly string[] = ['endpoints', 'ports', 'subsets', 'addresses', 'notReadyAddresses'];

/** Without random names, uids and times, and whatever the order of lists. */
function comparable(object: object & { readonly metadata?: object; readonly subsets?: unknown }): string {
  const { metadata = {}, ...rest } = object;
  const kept = Object.entries(metadata).filter(([key]) => !MASKED.includes(key) && key !== 'namespace');
  const whole = {
    ...('addressType' in rest ? {} : { subsets: [] }),
    ...rest,
    metadata: Object.fromEntries(kept),
    kind: undefined,
    apiVersion: undefined,
  };
  return JSON.stringify(whole, (key, value) => {
    if (key === 'uid' || key === 'namespace') return undefined;
    if (key === 'endpoints.kubernetes.io/last-change-trigger-time') return 'a time';
    if (LISTS.includes(key)) return inAnyOrder(value);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? sorted(value) : value;
  });
}

function inAnyOrder(list: readonly object[] | null): unknown {
  return list?.toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1)) ?? null;
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, each) =>
    each !== null && typeof each === 'object' && !Array.isArray(each) ? sorted(each) : each,
  );
}

function sorted(object: object): object {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
