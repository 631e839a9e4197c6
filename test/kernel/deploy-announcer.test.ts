/** Nodes that announce load-balancer addresses, with the rights and capabilities that deploy/ grants, and no others. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findKubectl } from '../../scripts/kubectl.ts';
import { DeployedCluster, DeployedProcess } from '../deploy/deployed.ts';
import { DEPLOY, find, kustomize, kustomizeWith, type Manifest, parse } from '../deploy/rendered.ts';
import { asContainer } from './container.ts';

const kubectl = findKubectl('1.20') ?? '';
const VIP = '192.0.2.100';
const OBJECTS = [
  {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n1' },
    status: {
      addresses: [{ type: 'InternalIP', address: '192.0.2.1' }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  },
  {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'IPAddressPool',
    metadata: { name: 'first', namespace: 'default' },
    spec: { addresses: ['192.0.2.0/24'] },
  },
  {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'L2Advertisement',
    metadata: { name: 'first', namespace: 'default' },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'web-1',
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': 'web' },
    },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
    endpoints: [{ addresses: ['10.244.0.5'], nodeName: 'n1', conditions: { ready: true } }],
  },
];
const STATUS = [
  ...['replace', '--raw', '/api/v1/namespaces/default/services/web/status', '-f', '-'],
] as const;
const OWNS = [
  ...['-n', 'menwei', 'get', 'lease', 'menwei-announce-n1', '-o'],
  String.raw`jsonpath={.metadata.annotations.menwei\.dev/owns}`,
];

const folder = mkdtempSync(join(tmpdir(), 'menwei-deploy-announcer-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Deployed {
  readonly manifests: readonly Manifest[];
  readonly account: string;
  /** What the container's command stands for. */
  readonly command: readonly string[];
}

const announcer: Deployed = {
  manifests: parse(kustomize(join(DEPLOY, 'load-balancer/announcer'))),
  account: 'menwei-announcer',
  command: [],
};
const proxy: Deployed = {
  manifests: parse(kustomizeWith(folder, 'load-balancer/announce')),
  account: 'menwei',
  command: ['run', '--proxy-mode', 'nftables', '--healthz-bind-address', '127.0.0.1:10356'],
};

describe.skipIf(kubectl === '')('with what deploy/ grants', () => {
  let health: Server;
  beforeAll(async () => {
    execFileSync('ip', ['link', 'set', 'lo', 'up']);
    execFileSync('ip', ['link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'far0']);
    for (const name of ['eth0', 'far0']) execFileSync('ip', ['link', 'set', name, 'up']);
    execFileSync('ip', ['address', 'add', '192.0.2.1/24', 'dev', 'eth0']);
    // Of the other proxy.
    health = createServer((_request, response) => response.end('{}'));
    health.listen(10_256, '127.0.0.1');
    await once(health, 'listening');
  });
  afterAll(() => health.close());

  it.each([
    ['an announcer beside another proxy', announcer],
    ['a proxy', proxy],
  ])('%s announces an address', async (_what, { manifests, account, command }) => {
    await using cluster = await DeployedCluster.start(kubectl);
    const kubeconfig = await cluster.admit(manifests, account);
    await cluster.apply(...OBJECTS);
    const service = JSON.parse(await cluster.run(['get', 'service', 'web', '-o', 'json']));
    service.status = { loadBalancer: { ingress: [{ ip: VIP, ipMode: 'VIP' }] } };
    await cluster.run(STATUS, JSON.stringify(service));
    const { containers } = find(manifests, 'DaemonSet').spec.template.spec;
    const [{ args, securityContext }] = containers;
    const own = args
      .filter((arg: string) => !arg.startsWith('--config='))
      .map((arg: string) => arg.replace('$(NODE_NAME)', 'n1'));
    const through = asContainer(securityContext.capabilities.add);
    await using run = new DeployedProcess([...command, ...own, '--kubeconfig', kubeconfig], through);
    await expect
      .poll(async () => ((await cluster.run(OWNS)).includes(VIP) ? VIP : run.log()), { timeout: 30_000 })
      .toBe(VIP);
    expect(run.log()).not.toMatch(/forbidden|not permitted/);
  });
});
