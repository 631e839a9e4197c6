/** Data folders for what measures a cluster: filled by the store itself, since writing each object by itself takes minutes. */
import { storedResource } from 'menwei/cluster/controllers/typed-registry.ts';
import type { StoredKinds } from 'menwei/cluster/kinds/stored-kinds.ts';
import { ObjectRegistry } from 'menwei/cluster/registry/object-registry.ts';
import type { ApiObject } from 'menwei/cluster/schema/object.ts';
import { openFileStore } from 'menwei/cluster/store/file-store.ts';
import { openMemoryStore } from 'menwei/cluster/store/local-store.ts';
import { objectOf } from 'menwei/cluster/store/stored-object.ts';
import { silentLogger } from 'menwei/log/logger.ts';

export interface ClusterSize {
  readonly services: number;
  readonly endpoints: number;
}

const NAMESPACES = 20;
const NODES = 1_000;
const BATCH = 500;
/** Of environment variables: as large as a usual pod without managedFields, 3 KB. */
const VARIABLES = 14;

type Pod = StoredKinds['pods'];

interface Written {
  readonly resource: string;
  readonly object: ApiObject;
}

/** Namespaces, Nodes and pods; the controllers make the rest. */
export async function fillWithPods(folder: string, { services, endpoints }: ClusterSize): Promise<void> {
  const template = await canonicalPod();
  function* all(): Iterable<Written> {
    for (let index = 0; index < NAMESPACES; index++)
      yield { resource: 'namespaces', object: namespace(index) };
    for (let index = 0; index < NODES; index++) yield { resource: 'nodes', object: node(index) };
    for (let service = 0; service < services; service++) {
      for (let index = 0; index < endpoints; index++) {
        yield { resource: 'pods', object: pod(template, service, index, service * endpoints + index) };
      }
    }
  }
  await fillFolder(folder, all());
}

/** Puts objects, which are in canonical form, into the folder of a cluster that does not run. */
export async function fillFolder(folder: string, objects: Iterable<Written>): Promise<void> {
  const store = await openFileStore({ folder, sync: 'normal', logger: silentLogger });
  try {
    let batch: Written[] = [];
    const write = () =>
      store.transact((transaction) => {
        for (const { resource, object } of batch) transaction.put(resource, object);
      });
    for (const each of objects) {
      batch.push(each);
      if (batch.length < BATCH) continue;
      await write();
      batch = [];
    }
    await write();
  } finally {
    await store.close();
  }
}

export function namespaceOf(service: number): string {
  return `bench-${service % NAMESPACES}`;
}

export function selectingService(index: number): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `service-${index}`, namespace: namespaceOf(index) },
    spec: { selector: { app: `service-${index}` }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  };
}

/** Of no Service, so that no controller cares for it. */
export function sliceOf(namespace: string, name: string, endpoints: number, version: number): object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace, labels: { version: String(version) } },
    addressType: 'IPv4',
    endpoints: Array.from({ length: endpoints }, (_, endpoint) => ({
      addresses: [`10.1.${version % 250}.${endpoint}`],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: `node-${endpoint}`,
      targetRef: { kind: 'Pod', namespace, name: `pod-${endpoint}`, uid: `uid-${endpoint}` },
      zone: 'zone-1',
    })),
    ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
  };
}

function namespace(index: number): ApiObject {
  const made = {
    kind: 'Namespace',
    apiVersion: 'v1',
    metadata: { ...identity(`bench-${index}`), labels: { 'kubernetes.io/metadata.name': `bench-${index}` } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  };
  return made;
}

function node(index: number): ApiObject {
  const labels = { 'topology.kubernetes.io/zone': `zone-${index % 3}` };
  const made = {
    kind: 'Node',
    apiVersion: 'v1',
    metadata: { ...identity(`node-${index}`), labels },
    spec: {},
    status: {},
  };
  return made;
}

/** As the registry keeps it. */
async function canonicalPod(): Promise<Pod> {
  const store = openMemoryStore();
  const registry = new ObjectRegistry({
    store,
    hooks: {},
    nowMs: Date.now,
    newUid: () => crypto.randomUUID(),
    random: Math.random,
  });
  await store.transact((transaction) => transaction.put('namespaces', namespace(0)));
  const variable = (_: unknown, index: number) => ({
    name: `VARIABLE_${index}`,
    value: `value ${index} of it`,
  });
  const given = {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: 'pod', namespace: 'bench-0', labels: { app: 'any' } },
    spec: {
      nodeName: 'node-0',
      containers: [
        {
          name: 'web',
          image: 'registry.example/shop/web:1.27.3',
          env: Array.from({ length: VARIABLES }, variable),
          ports: [{ name: 'http', containerPort: 8080 }],
          readinessProbe: { httpGet: { path: '/ready', port: 'http' } },
          resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
        },
      ],
    },
  };
  await registry.create(storedResource('pods'), 'bench-0', given);
  const stored = store.get('pods', 'bench-0', 'pod');
  if (stored === undefined) throw new Error('BUG: the pod that was made is not there');
  return objectOf('pods', stored);
}

function pod(template: Pod, service: number, index: number, number: number): ApiObject {
  const name = `service-${service}-${index}`;
  const ip = `10.${128 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`;
  const condition = (type: string) => ({
    type,
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: '2026-01-01T00:00:00Z',
  });
  const made = {
    ...template,
    metadata: {
      ...template.metadata,
      ...identity(name),
      namespace: namespaceOf(service),
      labels: { app: `service-${service}`, tier: 'backend' },
    },
    spec: { ...template.spec, nodeName: `node-${number % NODES}` },
    status: {
      phase: 'Running',
      conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map(condition),
      hostIP: '192.0.2.1',
      podIP: ip,
      podIPs: [{ ip }],
      startTime: '2026-01-01T00:00:00Z',
      qosClass: 'Burstable',
    },
  };
  return made;
}

function identity(name: string) {
  return { name, uid: crypto.randomUUID(), creationTimestamp: '2026-01-01T00:00:00Z' };
}
