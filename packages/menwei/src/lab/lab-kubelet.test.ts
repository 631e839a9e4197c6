import { beforeEach, describe, expect, it } from 'vitest';
import { resourceOf } from '../cluster/kinds/resources.ts';
import { ObjectRegistry } from '../cluster/registry/object-registry.ts';
import { openMemoryStore } from '../cluster/store/local-store.ts';
import type { Store } from '../cluster/store/store.ts';
import { objectOf } from '../cluster/store/stored-object.ts';
import { LabKubelet } from './lab-kubelet.ts';

const PODS = resourceOf('', 'pods');
const NODE = { name: 'a', ip: '192.168.49.2', ip6: 'fd00:49::2', podCIDR: '10.244.0.0/24', zone: 'east' };
const WEB = {
  ...{ name: 'web-1', node: 'a', ip: '10.244.0.5' },
  ports: [80, 81],
  portNames: new Map([[81, 'api']]),
};

let store: Store;
let registry: ObjectRegistry;
let kubelet: LabKubelet;
let removed: string[];
let seconds: number;

beforeEach(async () => {
  store = openMemoryStore();
  seconds = 1_000_000;
  const nowMs = () => seconds++ * 1000;
  registry = new ObjectRegistry({
    store,
    hooks: {},
    nowMs,
    newUid: () => crypto.randomUUID(),
    random: Math.random,
  });
  removed = [];
  kubelet = new LabKubelet({
    registry,
    store,
    nowMs,
    machine: { cpus: 2, memoryBytes: 2 ** 30, kernelVersion: '6.18', architecture: 'amd64', version: '1' },
    removePod: async (name) => {
      removed.push(name);
    },
  });
  await registry.create(resourceOf('', 'namespaces'), '', {
    kind: 'Namespace',
    apiVersion: 'v1',
    metadata: { name: 'default' },
  });
});

function pod(name: string, namespace = 'default') {
  const stored = store.get('pods', namespace, name);
  return stored === undefined ? undefined : objectOf('pods', stored);
}

function readiness(name: string): string | undefined {
  return pod(name)?.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
}

describe('the kubelet of a lab', () => {
  it('registers nodes and pods, each with what a controller and a proxy ask for', async () => {
    const agent = { name: 'agent', namespace: 'tools', node: 'a', hostNetwork: true, labels: { k: 'v' } };
    await kubelet.register([NODE], [WEB, agent]);
    const node = store.get('nodes', '', 'a');
    expect(node?.labels).toMatchObject({
      'kubernetes.io/hostname': 'a',
      'topology.kubernetes.io/zone': 'east',
    });
    expect(pod('web-1')).toMatchObject({
      metadata: { labels: { app: 'web' } },
      spec: { nodeName: 'a' },
      status: {
        phase: 'Running',
        podIP: '10.244.0.5',
        podIPs: [{ ip: '10.244.0.5' }],
        hostIP: '192.168.49.2',
      },
    });
    expect(readiness('web-1')).toBe('True');
    expect(pod('web-1')?.spec?.containers?.[0]?.ports).toContainEqual({
      ...{ name: 'api', containerPort: 81, protocol: 'TCP' },
    });
    expect(pod('agent', 'tools')).toMatchObject({
      metadata: { labels: { k: 'v' } },
      status: { podIPs: [{ ip: '192.168.49.2' }, { ip: 'fd00:49::2' }] },
    });
  });

  it('says who is ready, and since when', async () => {
    await kubelet.register([NODE], [WEB, { ...WEB, name: 'late', ip: '10.244.0.6', ready: false }]);
    expect(readiness('late')).toBe('False');
    expect([...kubelet.unreadyPods()]).toEqual(['late']);
    const before = pod('web-1');
    expect(await kubelet.setReady('web-1', false)).toBe(true);
    expect(readiness('web-1')).toBe('False');
    expect(pod('web-1')?.status?.startTime).toBe(before?.status?.startTime);
    const revision = store.revision;
    await kubelet.setReady('web-1', false);
    expect(store.revision).toBe(revision);
    expect(await kubelet.setReady('nobody', true)).toBe(false);
  });

  it('ends a pod whose object is deleted', async () => {
    await kubelet.register([NODE], [WEB]);
    const stop = new AbortController();
    const done = kubelet.run(stop.signal);
    await registry.delete(PODS, 'default', 'web-1');
    await expect.poll(() => pod('web-1')).toBeUndefined();
    expect(removed).toEqual(['web-1']);
    stop.abort();
    await done;
    expect(await kubelet.setReady('web-1', true)).toBe(false);
  });
});
