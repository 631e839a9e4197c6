/** Cases of Kubernetes' end-to-end tests, `[sig-network] Services` and dual stack, as far as no pod must run. */
import { describe, expect, it } from 'vitest';
import type { AnyObject } from './api-client.ts';
import { useCluster } from './use-cluster.ts';

const cluster = useCluster();

const web = (name: string, spec: object = {}, labels: object = {}) => ({
  metadata: { name, labels },
  spec: { ports: [{ name: 'http', port: 80, targetPort: 80 }], ...spec },
});

describe('Services', () => {
  it('should complete a service status lifecycle', async () => {
    const { api } = cluster;
    const services = `/api/v1/namespaces/${await cluster.namespace()}/services`;
    const { metadata } = await api.create(
      services,
      web('s', { type: 'LoadBalancer' }, { 'test-service-static': 'true' }),
    );
    const watch = await api.watch(
      `${services}?labelSelector=test-service-static%3Dtrue&resourceVersion=${metadata.resourceVersion}`,
    );
    const ingress = [{ ip: '203.0.113.1' }];
    await api.patch(`${services}/s/status`, {
      metadata: { annotations: { patchedstatus: 'true' } },
      status: { loadBalancer: { ingress } },
    });
    const patched = (await watch.next()).object;
    expect(patched.metadata.annotations).toEqual({ patchedstatus: 'true' });
    expect(patched.status.loadBalancer.ingress).toEqual([{ ...ingress[0], ipMode: 'VIP' }]);

    const condition = { type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'Set from e2e test' };
    const lastTransitionTime = '2026-11-30T05:00:00Z';
    const current = await api.get(`${services}/s/status`);
    await api.put(`${services}/s/status`, {
      ...current,
      status: { ...current.status, conditions: [{ ...condition, lastTransitionTime }] },
    });
    expect((await watch.next()).object.status.conditions).toMatchObject([condition]);

    await api.patch(`${services}/s`, { metadata: { labels: { 'test-service': 'patched' } } });
    expect((await watch.next()).object.metadata.labels).toMatchObject({ 'test-service': 'patched' });
    await api.delete(`${services}/s`);
    expect(await watch.take(1)).toEqual(['DELETED s']);
    watch.stop();
  });

  it('should delete a collection of services', async () => {
    const { api } = cluster;
    const services = `/api/v1/namespaces/${await cluster.namespace()}/services`;
    await api.create(services, web('a', {}, { collection: 'yes' }));
    await api.create(services, web('b', { type: 'NodePort' }, { collection: 'yes' }));
    await api.create(services, web('c', {}, { collection: 'no' }));
    await api.delete(`${services}?labelSelector=collection%3Dyes`);
    expect((await api.get(services)).items.map(nameOf)).toEqual(['c']);
  });

  it('should find a service from listing all namespaces', async () => {
    const { items } = await cluster.api.get('/api/v1/services');
    expect(items.map(nameOf)).toContain('kubernetes');
  });

  it('should prevent NodePort collisions', async () => {
    const { api } = cluster;
    const services = `/api/v1/namespaces/${await cluster.namespace()}/services`;
    const first = await api.create(services, web('first', { type: 'NodePort' }));
    const [{ nodePort }] = first.spec.ports;
    expect(nodePort).toBeGreaterThanOrEqual(30_000);
    const second = web('second', { type: 'NodePort', ports: [{ port: 80, nodePort }] });
    expect(await api.refusal('POST', services, second)).toMatch(/provided port is already allocated/);
    await api.delete(`${services}/first`);
    expect((await api.create(services, second)).spec.ports[0].nodePort).toBe(nodePort);
  });

  it('should check NodePort out-of-range', async () => {
    const { api } = cluster;
    const services = `/api/v1/namespaces/${await cluster.namespace()}/services`;
    const outside = { type: 'NodePort', ports: [{ port: 80, nodePort: 29_999 }] };
    const said =
      /nodePort: Invalid value: 29999: provided port is not in the valid range\. The range of valid/;
    await api.create(services, web('s', { type: 'NodePort' }));
    expect(await api.refusal('PATCH', `${services}/s`, { spec: outside })).toMatch(said);
    await api.delete(`${services}/s`);
    expect(await api.refusal('POST', services, web('s', outside))).toMatch(said);
  });

  it('should serve endpoints on same port and different protocols', async () => {
    const { api } = cluster;
    const namespace = await cluster.namespace();
    const services = `/api/v1/namespaces/${namespace}/services`;
    const ports = ['TCP', 'UDP'].map((protocol) => ({
      name: protocol.toLowerCase(),
      port: 80,
      targetPort: 8080,
      protocol,
    }));
    const selector = { app: 'both' };
    await api.create(services, { metadata: { name: 's' }, spec: { selector, ports } });
    await runPod(namespace, 'p', selector, '10.0.0.1');
    const protocols = async () => {
      const { items } = await slicesOf(namespace, 's');
      const ports: readonly { readonly protocol: string }[] = items.flatMap(
        (slice: AnyObject) => slice.ports ?? [],
      );
      return ports.map(({ protocol }) => protocol).sort();
    };
    await expect.poll(protocols).toEqual(['TCP', 'UDP']);
    await api.patch(`${services}/s`, { spec: { ports: ports.slice(0, 1) } });
    await expect.poll(protocols).toEqual(['TCP']);
    await api.patch(`${services}/s`, { spec: { ports: ports.slice(1) } });
    await expect.poll(protocols).toEqual(['UDP']);
  });

  it('should implement NodePort and HealthCheckNodePort correctly when ExternalTrafficPolicy changes', async () => {
    const { api } = cluster;
    const services = `/api/v1/namespaces/${await cluster.namespace()}/services`;
    const local = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' };
    const { spec } = await api.create(services, web('s', local));
    expect(spec.healthCheckNodePort).toBeGreaterThanOrEqual(30_000);
    const nodePort = spec.ports[0].nodePort;
    const changed = await api.patch(`${services}/s`, { spec: { externalTrafficPolicy: 'Cluster' } });
    expect(changed.spec.healthCheckNodePort).toBeUndefined();
    expect(changed.spec.ports[0].nodePort).toBe(nodePort);
    const { spec: again } = await api.patch(`${services}/s`, { spec: { externalTrafficPolicy: 'Local' } });
    expect(again.healthCheckNodePort).toBeGreaterThanOrEqual(30_000);
  });
});

describe('dual stack', () => {
  it('should create a single stack service with cluster ip from primary service range', async () => {
    const { spec } = await create({});
    expect(spec).toMatchObject({ ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' });
    expect(spec.clusterIPs).toEqual([expect.stringMatching(/^10\.96\./)]);
  });

  it.each([
    ['ipv4', ['IPv4'], 'SingleStack', ['10.96.']],
    ['ipv6', ['IPv6'], 'SingleStack', ['fd00:96::']],
    ['ipv4,v6', ['IPv4', 'IPv6'], 'RequireDualStack', ['10.96.', 'fd00:96::']],
    ['ipv6,v4', ['IPv6', 'IPv4'], 'RequireDualStack', ['fd00:96::', '10.96.']],
  ])('should create service with %s cluster ip', async (_, ipFamilies, ipFamilyPolicy, prefixes) => {
    const { spec } = await create({ ipFamilies, ipFamilyPolicy });
    expect(spec).toMatchObject({ ipFamilies, ipFamilyPolicy, clusterIP: spec.clusterIPs[0] });
    expect(spec.clusterIPs).toEqual(prefixes.map((prefix) => expect.stringContaining(prefix)));
  });

  async function create(spec: object) {
    return cluster.api.create(`/api/v1/namespaces/${await cluster.namespace()}/services`, web('s', spec));
  }
});

const nameOf = ({ metadata }: { readonly metadata: { readonly name: string } }) => metadata.name;

function slicesOf(namespace: string, service: string) {
  const selector = `labelSelector=kubernetes.io%2Fservice-name%3D${service}`;
  return cluster.api.get(`/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?${selector}`);
}

/** As if a kubelet ran it. */
async function runPod(namespace: string, name: string, labels: object, podIP: string): Promise<void> {
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  await cluster.api.create('/api/v1/nodes', { metadata: { name: `node-of-${name}` } });
  await cluster.api.create(pods, {
    metadata: { name, labels },
    spec: { nodeName: `node-of-${name}`, containers: [{ name: 'c', image: 'i' }] },
  });
  await cluster.api.patch(`${pods}/${name}/status`, {
    status: {
      phase: 'Running',
      podIP,
      podIPs: [{ ip: podIP }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  });
}
