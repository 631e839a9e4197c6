/** Cases of Kubernetes' end-to-end tests about ServiceCIDRs, IPAddresses, Ingresses and IngressClasses. */
import { describe, expect, it } from 'vitest';
import type { AnyObject } from './api-client.ts';
import { useCluster } from './use-cluster.ts';

const cluster = useCluster();
const NETWORKING = '/apis/networking.k8s.io/v1';

/** Everything that an API of a kind offers, in the order of the upstream tests. */
async function useApi(path: string, object: (name: string) => object, change: object): Promise<AnyObject> {
  const { api } = cluster;
  const { metadata } = await api.create(path, object('one'));
  const labels = 'labelSelector=test%3Dapi';
  expect((await api.get(`${path}?${labels}`)).items).toHaveLength(1);
  const watch = await api.watch(`${path}?${labels}&resourceVersion=${metadata.resourceVersion}`);
  const patched = await api.patch(`${path}/one`, { metadata: { annotations: { patched: 'true' } } });
  expect(patched.metadata.annotations).toEqual({ patched: 'true' });
  const updated = await api.put(`${path}/one`, {
    ...patched,
    metadata: { ...patched.metadata, annotations: { updated: 'true' } },
    ...change,
  });
  expect(updated.metadata.annotations).toEqual({ updated: 'true' });
  expect(await watch.take(2)).toEqual(['MODIFIED one', 'MODIFIED one']);
  watch.stop();
  return updated;
}

async function deleteAll(path: string, object: (name: string) => object): Promise<void> {
  const { api } = cluster;
  await api.delete(`${path}/one`);
  await api.create(path, object('two'));
  await api.delete(`${path}?labelSelector=test%3Dapi`);
  await expect.poll(async () => (await api.get(`${path}?labelSelector=test%3Dapi`)).items).toEqual([]);
}

const metadata = (name: string) => ({ name, labels: { test: 'api' } });

describe('ServiceCIDR and IPAddress API', () => {
  it('should support ServiceCIDR API operations', { timeout: 60_000 }, async () => {
    const { api } = cluster;
    const path = `${NETWORKING}/servicecidrs`;
    const cidr = (name: string) => ({ metadata: metadata(name), spec: { cidrs: ['10.201.0.0/24'] } });
    const { metadata: created } = await api.create(path, cidr('one'));
    const isReady = async () =>
      (await api.get(`${path}/one/status`)).status?.conditions?.some(
        ({ type, status }: { type: string; status: string }) => type === 'Ready' && status === 'True',
      );
    await expect.poll(isReady).toBe(true);
    const watch = await api.watch(
      `${path}?labelSelector=test%3Dapi&resourceVersion=${created.resourceVersion}`,
    );
    await api.patch(`${path}/one`, { metadata: { annotations: { patched: 'true' } } });
    const condition = {
      status: 'True',
      reason: 'E2E',
      message: 'Set from e2e test',
      lastTransitionTime: '2026-11-30T05:00:00Z',
    };
    const current = await api.get(`${path}/one/status`);
    const conditions = [...current.status.conditions, { type: 'StatusUpdate', ...condition }];
    const updated = await api.put(`${path}/one/status`, { ...current, status: { conditions } });
    expect(updated.status.conditions).toHaveLength(2);
    expect((await watch.take(2)).every((text) => text === 'MODIFIED one')).toBe(true);
    watch.stop();
    expect(await api.refusal('PATCH', `${path}/one`, { spec: { cidrs: ['10.202.0.0/24'] } })).toMatch(
      /field is immutable/,
    );
    await api.delete(`${path}/one`);
    // It waits some seconds for allocations that are under way.
    await expect
      .poll(async () => (await api.get(`${path}?labelSelector=test%3Dapi`)).items, { timeout: 30_000 })
      .toEqual([]);
  });

  it('should support IPAddress API operations', async () => {
    const path = `${NETWORKING}/ipaddresses`;
    const address = (name: string) => ({
      metadata: metadata(name),
      spec: { parentRef: { group: '', resource: 'services', namespace: 'default', name: 'kubernetes-2' } },
    });
    const { api } = cluster;
    const { metadata: created } = await api.create(path, address('192.168.1.2'));
    const patched = await api.patch(`${path}/192.168.1.2`, {
      metadata: { annotations: { patched: 'true' } },
    });
    const watch = await api.watch(
      `${path}?labelSelector=test%3Dapi&resourceVersion=${created.resourceVersion}`,
    );
    expect(await watch.take(1)).toEqual(['MODIFIED 192.168.1.2']);
    watch.stop();
    await api.put(`${path}/192.168.1.2`, {
      ...patched,
      metadata: { ...patched.metadata, annotations: { updated: 'true' } },
    });
    await api.delete(`${path}/192.168.1.2`);
    await api.create(path, address('192.168.1.3'));
    await api.delete(`${path}?labelSelector=test%3Dapi`);
    expect((await api.get(`${path}?labelSelector=test%3Dapi`)).items).toEqual([]);
  });

  it('should create Services and serve on different Service CIDRs', async () => {
    const { api } = cluster;
    await api.create(`${NETWORKING}/servicecidrs`, {
      metadata: { name: 'second' },
      spec: { cidrs: ['10.203.0.0/24'] },
    });
    const services = `/api/v1/namespaces/${await cluster.namespace()}/services`;
    const service = { metadata: { name: 's' }, spec: { clusterIP: '10.203.0.77', ports: [{ port: 80 }] } };
    const created = await expect
      .poll(async () => (await api.send('POST', services, service)).body.spec?.clusterIP)
      .toBe('10.203.0.77')
      .then(() => api.get(`${services}/s`));
    expect(created.spec.clusterIPs).toEqual(['10.203.0.77']);
    expect((await api.get(`${NETWORKING}/ipaddresses/10.203.0.77`)).spec.parentRef.name).toBe('s');
    await api.delete(`${services}/s`);
  });
});

describe('Ingress API', () => {
  it('should support creating Ingress API operations', async () => {
    const { api } = cluster;
    const path = `${NETWORKING}/namespaces/${await cluster.namespace()}/ingresses`;
    const ingress = (name: string) => ({
      metadata: metadata(name),
      spec: { defaultBackend: { service: { name: 'default', port: { number: 80 } } } },
    });
    await useApi(path, ingress, {});
    const address = { loadBalancer: { ingress: [{ ip: '169.1.1.1' }] } };
    const patched = await api.patch(`${path}/one/status`, {
      metadata: { annotations: { status: 'patched' } },
      status: address,
    });
    expect(patched).toMatchObject({ metadata: { annotations: { status: 'patched' } }, status: address });
    const moved = { loadBalancer: { ingress: [{ ip: '169.1.1.2' }] } };
    expect((await api.put(`${path}/one/status`, { ...patched, status: moved })).status).toEqual(moved);
    expect((await api.get(`${path}/one/status`)).metadata.name).toBe('one');
    await deleteAll(path, ingress);
  });
});

describe('IngressClass API', () => {
  it('should support creating IngressClass API operations', async () => {
    const path = `${NETWORKING}/ingressclasses`;
    const ingressClass = (name: string) => ({
      metadata: metadata(name),
      spec: { controller: 'example.com/controller' },
    });
    await useApi(path, ingressClass, {});
    await deleteAll(path, ingressClass);
  });
});
