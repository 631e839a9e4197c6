/**
 * Names in a cluster that has an API server and controllers: cases of Kubernetes' end-to-end tests `[sig-network] DNS` for which pods
 * matter. Those that a kubelet is the subject of, /etc/hosts and what resolv.conf says, are left out; search lists and ExternalName are
 * in dns-process.test.ts, the records themselves in dns-clients.test.ts.
 */
import type { AnyObject } from '@menwei/lab/lab-api.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LbLab, startLab } from './lb-lab.ts';

const LAB = `
nodes:
  - {name: node-1, ip: 192.168.49.2, podCIDR: 10.244.1.0/24}
pods:
  - {name: web, node: node-1, ip: 10.244.1.11}
  - {name: asker, node: node-1, ip: 10.244.1.12, ports: []}
`;
const PODS = '/api/v1/namespaces/default/pods';
const HOSTNAME = 'dns-querier-2';
const SUBDOMAIN = 'dns-test-service-2';

let lab: LbLab;

beforeAll(async () => {
  lab = await startLab('dns', LAB);
});
afterAll(() => lab?.session[Symbol.asyncDispose]());

/** In a pod, as the C library finds them: addresses, sorted. */
async function addressesOf(name: string): Promise<readonly string[]> {
  const found = await lab.session.menwei('run', 'asker', '--', 'getent', 'ahosts', name).catch(() => '');
  return [...new Set(found.split('\n').flatMap((line) => line.split(/\s/)[0] ?? []))].filter(Boolean).sort();
}

/** A pod that some kubelet runs, and whose addresses it has told. */
async function createPod(name: string, spec: object, labels: object, ip: string): Promise<void> {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, labels } };
  const containers = [{ name: 'main', image: 'none' }];
  await lab.api.create(PODS, { ...pod, spec: { nodeName: 'node-1', containers, ...spec } });
  await lab.api.patch(`${PODS}/${name}/status`, {
    status: {
      phase: 'Running',
      podIP: ip,
      podIPs: [{ ip }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  });
}

function headless(selector: object, more: object = {}): object {
  return { type: 'ClusterIP', clusterIP: 'None', selector, ports: [{ name: 'http', port: 80 }], ...more };
}

describe('DNS', () => {
  it('provides names of the cluster, also in part', async () => {
    const { spec }: AnyObject = await lab.get('kubernetes');
    for (const name of ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc.cluster.local']) {
      await expect.poll(() => addressesOf(name), { message: name }).toEqual([spec.clusterIP]);
    }
  });

  it('provides names of pods by their hostname and subdomain', async () => {
    const labels = { 'dns-test': 'hostname' };
    await lab.create(SUBDOMAIN, headless(labels));
    await createPod('querier', { hostname: HOSTNAME, subdomain: SUBDOMAIN }, labels, '10.244.1.50');
    await createPod('nameless', {}, labels, '10.244.1.51');
    const both = ['10.244.1.50', '10.244.1.51'];
    await expect.poll(() => addressesOf(SUBDOMAIN)).toEqual(both);
    expect(await addressesOf(`${HOSTNAME}.${SUBDOMAIN}`)).toEqual(['10.244.1.50']);
    expect(await addressesOf(`10-244-1-51.${SUBDOMAIN}.default.svc.cluster.local`)).toEqual(['10.244.1.51']);
    await lab.api.delete(`${PODS}/querier?gracePeriodSeconds=0`);
    await expect.poll(() => addressesOf(`${HOSTNAME}.${SUBDOMAIN}`)).toEqual([]);
    expect(await addressesOf(SUBDOMAIN)).toEqual(['10.244.1.51']);
  });

  it('leaves pods out that are not ready, unless they are to be published', async () => {
    const labels = { 'dns-test': 'unready' };
    await lab.create('ready-only', headless(labels));
    await lab.create('all', headless(labels, { publishNotReadyAddresses: true }));
    await createPod('unready', {}, labels, '10.244.1.60');
    const status = { conditions: [{ type: 'Ready', status: 'False' }] };
    await lab.api.patch(`${PODS}/unready/status`, { status });
    await expect.poll(() => addressesOf('all')).toEqual(['10.244.1.60']);
    await expect.poll(() => addressesOf('ready-only')).toEqual([]);
  });

  it('works with a Service whose name begins with a digit', async () => {
    const { spec } = await lab.create('1kubernetes', { type: 'ClusterIP', ports: [{ port: 443 }] });
    await expect.poll(() => addressesOf('1kubernetes')).toEqual([spec.clusterIP]);
  });

  it('leads a pod to a Service by its name', async () => {
    await lab.create('site', { type: 'ClusterIP', ports: [{ port: 80 }] });
    await lab.putBehind('site', 'web');
    const ask = () => lab.session.menwei('run', 'asker', '--', 'curl', '-s', '-m', '2', 'http://site/');
    await expect.poll(() => ask().catch(() => '')).toContain('"pod":"web"');
  });
});
