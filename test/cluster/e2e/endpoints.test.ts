/** Cases of Kubernetes' end-to-end tests about EndpointSlices, Endpoints and their mirrors. */
import { describe, expect, it } from 'vitest';
import { useCluster } from './use-cluster.ts';

const cluster = useCluster();
const slicesIn = (namespace: string) => `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
const endpointsIn = (namespace: string) => `/api/v1/namespaces/${namespace}/endpoints`;
const servicesIn = (namespace: string) => `/api/v1/namespaces/${namespace}/services`;
const ofService = (name: string) => `labelSelector=kubernetes.io%2Fservice-name%3D${name}`;

interface Slice {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly endpoints?: readonly { readonly addresses: readonly string[] }[] | null;
  readonly ports?: readonly { readonly port: number }[] | null;
}

const addressesOf = (slices: readonly Slice[]) =>
  slices.flatMap(({ endpoints }) => (endpoints ?? []).flatMap(({ addresses }) => addresses)).sort();

describe('the API server', () => {
  it('should provide secure master service', async () => {
    const { spec } = await cluster.api.get(`${servicesIn('default')}/kubernetes`);
    expect(spec.ports).toMatchObject([{ name: 'https', port: 443, protocol: 'TCP' }]);
  });

  it('should have Endpoints and EndpointSlices pointing to API Server', async () => {
    const endpoints = await cluster.api.get(`${endpointsIn('default')}/kubernetes`);
    expect(endpoints.subsets).toMatchObject([
      { addresses: [{ ip: '192.0.2.10' }], ports: [{ name: 'https' }] },
    ]);
    const { items } = await cluster.api.get(`${slicesIn('default')}?${ofService('kubernetes')}`);
    expect(addressesOf(items)).toEqual(['192.0.2.10']);
  });
});

describe('EndpointSlice', () => {
  it('should create and delete Endpoints and EndpointSlices for a Service with a selector that matches no pods', async () => {
    const namespace = await cluster.namespace();
    await cluster.api.create(servicesIn(namespace), {
      metadata: { name: 's' },
      spec: { selector: { 'does-not-match': 'any' }, ports: [{ port: 80 }] },
    });
    const found = async () => [
      (await cluster.api.send('GET', `${endpointsIn(namespace)}/s`)).status,
      (await cluster.api.get(`${slicesIn(namespace)}?${ofService('s')}`)).items.length,
    ];
    await expect.poll(found).toEqual([200, 1]);
    await cluster.api.delete(`${servicesIn(namespace)}/s`);
    await expect.poll(found).toEqual([404, 0]);
  });

  it('should support creating EndpointSlice API operations', async () => {
    const { api } = cluster;
    const slices = slicesIn(await cluster.namespace());
    const slice = (name: string) => ({
      metadata: { name, labels: { 'special-label': 'x' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['1.2.3.4', '5.6.7.8'] }],
    });
    const { metadata } = await api.create(slices, slice('a'));
    for (const name of ['b', 'c']) await api.create(slices, slice(name));
    expect((await api.get(`${slices}?labelSelector=special-label%3Dx`)).items).toHaveLength(3);
    const everywhere = await api.get(
      '/apis/discovery.k8s.io/v1/endpointslices?labelSelector=special-label%3Dx',
    );
    expect(everywhere.items).toHaveLength(3);

    const watch = await api.watch(`${slices}?resourceVersion=${metadata.resourceVersion}`);
    expect(await watch.take(2)).toEqual(['ADDED b', 'ADDED c']);
    const patched = await api.patch(`${slices}/a`, { metadata: { annotations: { patched: 'true' } } });
    expect(patched.metadata.annotations).toEqual({ patched: 'true' });
    await api.put(`${slices}/a`, {
      ...patched,
      metadata: { ...patched.metadata, annotations: { updated: 'true' } },
      endpoints: [{ addresses: ['8.8.8.8'] }],
    });
    expect(await watch.take(2)).toEqual(['MODIFIED a', 'MODIFIED a']);
    await api.delete(`${slices}/a`);
    expect(await watch.take(1)).toEqual(['DELETED a']);
    watch.stop();
    await api.delete(`${slices}?labelSelector=special-label%3Dx`);
    expect((await api.get(slices)).items).toEqual([]);
  });
});

describe('Endpoints', () => {
  it('should test the lifecycle of an Endpoint', async () => {
    const { api } = cluster;
    const endpoints = endpointsIn(await cluster.namespace());
    const labels = { 'test-endpoint-static': 'true' };
    const subset = { addresses: [{ ip: '10.0.0.24' }], ports: [{ name: 'http', port: 80, protocol: 'TCP' }] };
    const { metadata } = await api.create(endpoints, { metadata: { name: 'e', labels }, subsets: [subset] });
    const selector = 'labelSelector=test-endpoint-static%3Dtrue';
    expect((await api.get(`/api/v1/endpoints?${selector}`)).items).toHaveLength(1);
    const watch = await api.watch(`${endpoints}?${selector}&resourceVersion=${metadata.resourceVersion}`);
    const current = await api.get(`${endpoints}/e`);
    await api.put(`${endpoints}/e`, {
      ...current,
      metadata: { ...current.metadata, labels: { ...labels, 'test-service': 'updated' } },
    });
    const subsets = [
      { ...subset, addresses: [{ ip: '10.0.0.25' }], ports: [{ name: 'http-test', port: 8080 }] },
    ];
    const patched = await api.patch(`${endpoints}/e`, {
      metadata: { labels: { 'test-service': 'patched' } },
      subsets,
    });
    expect(patched.subsets).toMatchObject([{ addresses: [{ ip: '10.0.0.25' }], ports: [{ port: 8080 }] }]);
    await api.delete(`${endpoints}?${selector}`);
    expect(await watch.take(3)).toEqual(['MODIFIED e', 'MODIFIED e', 'DELETED e']);
    watch.stop();
  });
});

describe('EndpointSliceMirroring', () => {
  const ports = [{ name: 'port80', port: 80 }];

  it('should mirror a custom Endpoints resource through create update and delete', async () => {
    const { api } = cluster;
    const namespace = await cluster.namespace();
    await api.create(servicesIn(namespace), {
      metadata: { name: 'custom' },
      spec: { ports: [{ port: 80 }] },
    });
    const mirrored = async () =>
      addressesOf((await api.get(`${slicesIn(namespace)}?${ofService('custom')}`)).items);
    const metadata = { name: 'custom' };
    await api.create(endpointsIn(namespace), {
      metadata,
      subsets: [{ ports, addresses: [{ ip: '10.1.2.3' }] }],
    });
    await expect.poll(mirrored).toEqual(['10.1.2.3']);
    await api.put(`${endpointsIn(namespace)}/custom`, {
      metadata,
      subsets: [{ ports, addresses: [{ ip: '10.2.3.4' }] }],
    });
    await expect.poll(mirrored).toEqual(['10.2.3.4']);
    await api.delete(`${endpointsIn(namespace)}/custom`);
    await expect.poll(mirrored).toEqual([]);
    expect((await api.get(`${slicesIn(namespace)}?${ofService('custom')}`)).items).toEqual([]);
  });

  it('should mirror a custom Endpoint with multiple subsets and same IP address', async () => {
    const { api } = cluster;
    const namespace = await cluster.namespace();
    await api.create(servicesIn(namespace), {
      metadata: { name: 'custom' },
      spec: { ports: [{ port: 80 }] },
    });
    await api.create(endpointsIn(namespace), {
      metadata: { name: 'custom' },
      subsets: [
        { ports: [{ name: 'port1', port: 9090 }], addresses: [{ ip: '10.1.2.3' }] },
        { ports: [{ name: 'port2', port: 9091 }], addresses: [{ ip: '10.1.2.3' }] },
      ],
    });
    const mirrored = async () => {
      const { items } = await api.get(`${slicesIn(namespace)}?${ofService('custom')}`);
      const ports: readonly { readonly port: number }[] = items.flatMap((slice: Slice) => slice.ports ?? []);
      return [addressesOf(items), ports.map(({ port }) => port).sort()];
    };
    // One slice with both ports, for both subsets have the same address.
    await expect.poll(mirrored).toEqual([['10.1.2.3'], [9090, 9091]]);
  });
});
