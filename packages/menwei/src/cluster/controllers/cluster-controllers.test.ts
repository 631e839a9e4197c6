import { readFileSync } from 'node:fs';
import { ControlledCluster } from '@menwei/testing/cluster/controlled-cluster.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findResource } from '../kinds/resources.ts';
import { parseStored } from '../store/stored-object.ts';

interface GoldenRow {
  readonly title: string;
  readonly request: { readonly path: string };
  readonly body: { readonly metadata: object };
}

const FILE = new URL('../../../../../test/data/cluster-golden/defaults.jsonl', import.meta.url);
const ROWS: readonly GoldenRow[] = readFileSync(FILE, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line));
/** The last row is what happened in that cluster before. */
const OBJECTS = ROWS.filter(({ title }) => title !== 'kube-system events');

const RANGES = ['10.96.0.0/16', 'fd00:96::/112'];

let cluster: ControlledCluster;

async function startCluster(controllers: object = {}): Promise<void> {
  cluster = new ControlledCluster({
    allocates: true,
    controllers: { serviceClusterIpRanges: RANGES, ...controllers },
  });
  await cluster.start();
  await cluster.settled();
}

beforeEach(() => startCluster());
afterEach(() => cluster.stop());

describe('a cluster that starts', () => {
  it.each(OBJECTS)('has what kube-apiserver has: $title', ({ request, body }) => {
    expect(masked(objectAt(request.path))).toEqual(masked(body));
  });

  it('has four namespaces, each with a ServiceAccount and the CA', () => {
    const names = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];
    expect(cluster.list('namespaces').map(({ metadata }) => metadata.name)).toEqual(names);
    for (const name of names) {
      expect(cluster.get('serviceaccounts', `${name}/default`)).toBeDefined();
      expect(cluster.get('configmaps', `${name}/kube-root-ca.crt`)?.data).toEqual({ 'ca.crt': 'CA' });
    }
  });

  it('writes nothing when its controllers start again', async () => {
    const { revision } = cluster.store;
    await cluster.stop();
    await cluster.start();
    await cluster.settled(100);
    expect(cluster.store.revision).toBe(revision);
  });

  it.each([
    ['services', 'default/kubernetes'],
    ['endpoints', 'default/kubernetes'],
    ['endpointslices', 'default/kubernetes'],
    ['serviceaccounts', 'kube-system/default'],
    ['configmaps', 'default/kube-root-ca.crt'],
    ['namespaces', 'kube-node-lease'],
    ['servicecidrs', 'kubernetes'],
  ] as const)('makes %s %s again when that is deleted', async (name, key) => {
    const former = cluster.get(name, key);
    await cluster.delete(name, key);
    await cluster.settled();
    expect(cluster.get(name, key)).toMatchObject({ metadata: { name: former?.metadata.name } });
    expect(cluster.get(name, key)?.metadata.uid).not.toBe(former?.metadata.uid);
  });

  it.each([
    ['services', 'default/kubernetes', { spec: { ports: [{ name: 'https', port: 443, targetPort: 1 }] } }],
    ['endpoints', 'default/kubernetes', { subsets: [] }],
    ['endpointslices', 'default/kubernetes', { endpoints: [] }],
    ['configmaps', 'default/kube-root-ca.crt', { data: { 'ca.crt': 'another' } }],
  ] as const)('mends %s %s when somebody changes it', async (name, key, change) => {
    const former = cluster.get(name, key);
    await cluster.change(name, key, (current) => ({
      ...change,
      ...('spec' in current && 'spec' in change ? { spec: { ...current.spec, ...change.spec } } : {}),
    }));
    await cluster.settled();
    expect(masked(cluster.get(name, key))).toEqual(masked(former));
  });
});

describe('a cluster whose API server pods cannot reach', () => {
  it('has the Service without endpoints, also when it had some before', async () => {
    await cluster.stop();
    await startCluster({ apiServer: { advertiseAddress: undefined, port: 6443 } });
    expect(cluster.get('services', 'default/kubernetes')).toBeDefined();
    expect(cluster.get('endpoints', 'default/kubernetes')).toBeUndefined();
    expect(cluster.get('endpointslices', 'default/kubernetes')).toBeUndefined();
  });
});

/** `/api/v1/namespaces/default/services/kubernetes` */
function objectAt(path: string): object | undefined {
  const parts = path.split('/').slice(1);
  const [group, rest] = parts[0] === 'api' ? ['', parts.slice(2)] : [parts[1] ?? '', parts.slice(3)];
  const [name = '', plural = ''] = rest.toReversed();
  const namespace = rest.length === 4 ? (rest[1] ?? '') : '';
  const { storedAs = '' } = findResource(group, plural) ?? {};
  const stored = cluster.store.get(storedAs, namespace, name);
  return stored === undefined ? undefined : parseStored(stored);
}

/** What differs from one cluster to the next. */
const MASKED = [
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'managedFields',
  'generation',
  'lastTransitionTime',
];

function masked(object: object | undefined): unknown {
  return JSON.parse(
    JSON.stringify(object ?? null, (key, value) => (MASKED.includes(key) ? undefined : value)),
  );
}
