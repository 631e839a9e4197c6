/** What `menwei run` tells Prometheus, read by Prometheus' own parser, and the packets that the kernel counts for it. */
import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { createNamespace, type NetworkNamespace, withNamespace } from '@menwei/kernel/netns.ts';
import { observeAccountingSupport } from '@menwei/netlink/nfacct';
import { FakeApiServer } from '@menwei/testing/kubernetes/fake-api-server.ts';
import { parseMetrics } from '@menwei/testing/metrics/prometheus.ts';
import type { ProxyMode } from 'menwei/config/settings.ts';
import { CATALOGUE } from 'menwei/metrics/catalogue/catalogue.ts';
import { isInMode } from 'menwei/metrics/definition.ts';
import { describe, expect, it } from 'vitest';
import { describeVariants } from './iptables-variants.ts';
import { NODE, putEndpoints, putNode, putService, testFolder } from './run-cluster.ts';
import { observeStatus, RunProcess } from './run-process.ts';

const PORT = 11_249;
const SERVERS = ['--healthz-bind-address', '127.0.0.1:11256', '--metrics-bind-address', `127.0.0.1:${PORT}`];
const OPEN_METRICS = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';

const folder = testFolder();

function start(args: readonly string[]): RunProcess {
  return RunProcess.start([...SERVERS, '--hostname-override', NODE, ...args]);
}

async function scrape(path = '/metrics', accept = 'text/plain') {
  const response = await fetch(`http://127.0.0.1:${PORT}${path}`, { headers: { accept } });
  return parseMetrics(await response.text(), accept === OPEN_METRICS);
}

type Metrics = Awaited<ReturnType<typeof scrape>>;

/** The sum of the samples of a name that have these labels. */
function sumOf(metrics: Metrics, name: string, labels: Readonly<Record<string, string>> = {}): number {
  return metrics
    .flatMap(({ samples }) => samples)
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
    .reduce((sum, { value }) => sum + value, 0);
}

/** Of other programs, and of a proxy that announces. */
const NOT_OF_A_PROXY = [
  'Of the load-balancer controller',
  'Of announcing load-balancer addresses',
  'Of `menwei dns`',
];
const OF_A_PROXY = CATALOGUE.filter(({ title }) => !NOT_OF_A_PROXY.includes(title)).flatMap(
  ({ metrics }) => metrics,
);

/**
 * Those that need an API server, a kernel with accounting objects, a look for other proxies, Services whose endpoints are checked, or
 * a mode that counts connections.
 */
function isAlwaysThere(name: string): boolean {
  return !/^rest_client_|^kubeproxy_iptables_|^menwei_service_port_[crs]|^menwei_other_proxy_|^menwei_health_(?:check|endpoint_up|panic|transitions)|^kubernetes_health/.test(
    name,
  );
}

describe.each<ProxyMode>(['iptables', 'nftables', 'userspace'])('menwei run --proxy-mode %s', (mode) => {
  it('tells all metrics of the mode, and what the API server’s client does', async () => {
    await using server = await FakeApiServer.start();
    putNode(server);
    putService(server, 'web', 1, { externalTrafficPolicy: 'Local', type: 'NodePort' });
    putEndpoints(server, 'web', ['10.0.0.1', '10.0.0.2']);
    await using _run = start(['--proxy-mode', mode, '--kubeconfig', folder.kubeconfig(server)]);
    await expect
      .poll(() => observeStatus(PORT).catch(() => []), { timeout: 20_000 })
      .toEqual(['default/web/TCP IPv4 programmed']);
    for (const path of ['healthz', 'healthz', 'livez']) await fetch(`http://127.0.0.1:11256/${path}`);
    await fetch(`http://127.0.0.1:${PORT}/healthz`);

    const metrics = await scrape();
    const wanted = OF_A_PROXY.filter((metric) => isInMode(metric, mode) && isAlwaysThere(metric.name)).map(
      ({ name, type }) => `${type} ${name.replace(/_total$/, type === 'counter' ? '' : '_total')}`,
    );
    const told = (some: Metrics) => some.map(({ name, type }) => `${type} ${name}`);
    expect(told(metrics)).toEqual(expect.arrayContaining(wanted));
    expect(told(await scrape('/metrics', OPEN_METRICS))).toEqual(expect.arrayContaining(wanted));

    const host = server.url.replace(/^https?:\/\//, '');
    expect(
      sumOf(metrics, 'rest_client_requests_total', { code: '200', method: 'GET', host }),
    ).toBeGreaterThan(4);
    expect(sumOf(metrics, 'rest_client_response_size_bytes_sum', { verb: 'GET', host })).toBeGreaterThan(500);
    expect(sumOf(metrics, 'kubeproxy_proxy_healthz_total', { code: '200' })).toBe(2);
    expect(sumOf(metrics, 'kubeproxy_proxy_livez_total', { code: '200' })).toBe(1);
    expect(sumOf(metrics, 'kubeproxy_sync_proxy_rules_service_changes_total')).toBeGreaterThan(0);
    expect(sumOf(metrics, 'menwei_service_port_state', { service: 'web', state: 'programmed' })).toBe(1);

    // As the controller of EndpointSlices does when a pod has become ready.
    putEndpoints(server, 'web', ['10.0.0.1', '10.0.0.3'], new Date().toISOString());
    await expect
      .poll(async () => sumOf(await scrape(), 'kubeproxy_network_programming_duration_seconds_count'))
      .toBe(1);
    expect(sumOf(await scrape(), 'menwei_apply_delay_seconds_count', { ip_family: 'IPv4' })).toBe(2);
    expect(await scrape('/metrics/slis')).toContainEqual(
      expect.objectContaining({
        name: 'kubernetes_healthchecks',
        samples: [expect.objectContaining({ labels: { name: 'ping', type: 'healthz', status: 'success' } })],
      }),
    );
  });
});

const MANIFEST = `
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, clusterIP: 172.30.0.1, ports: [{port: 80, nodePort: 30080}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: "", port: 8080}]
endpoints: [{addresses: [10.181.2.2]}]
`;

/** A reset of a connection that nobody has, from an address to another. */
const RESET = `
import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
for _ in range(3):
    s.sendto(struct.pack('!HHIIBBHHH', 4242, 80, 1, 1, 5 << 4, 4, 0, 0, 0), ('10.181.2.2', 0))
`;

function ip(command: string): void {
  const { status, stderr } = spawnSync('ip', command.split(' '), { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${command}: ${stderr}`);
}

/** A namespace at the other end of a wire, which is gone with it. @param network `10.181.1`: .1 is here, .2 is there */
function openNeighbour(device: string, network: string): NetworkNamespace {
  const namespace = createNamespace();
  ip(`link add ${device} type veth peer name eth0 netns ${namespace.path}`);
  ip(`addr add ${network}.1/24 dev ${device}`);
  ip(`link set ${device} up`);
  withNamespace(namespace, () => {
    ip(`addr add ${network}.2/24 dev eth0`);
    ip('link set eth0 up');
    ip(`route add default via ${network}.1`);
  });
  return namespace;
}

const COUNTERS = [
  'kubeproxy_iptables_ct_state_invalid_dropped_packets_total',
  'kubeproxy_iptables_localhost_nodeports_accepted_packets_total',
];

async function readCounters(): Promise<readonly number[]> {
  const metrics = await scrape();
  return COUNTERS.map((name) => sumOf(metrics, name));
}

describe.runIf(observeAccountingSupport())('packets that rules count into nfacct objects', () => {
  describeVariants((variant, openEmptyKernel) => {
    it('are told', async () => {
      await openEmptyKernel('IPv4');
      const [name, network] = variant === 'legacy' ? ['leg', '10.181'] : ['nft', '10.182'];
      using sender = openNeighbour(`to-${name}`, `${network}.1`);
      using _pods = openNeighbour(`pods-${name}`, `${network}.2`);
      spawnSync('sysctl', ['-qw', 'net.ipv4.ip_forward=1']);
      // Who sends to a Service needs a route, whatever becomes of the packet.
      ip(`route replace 172.30.0.1/32 dev pods-${name}`);
      const manifest = folder.write('web.yaml', MANIFEST.replace('10.181', network));
      await using _run = start([
        ...['--proxy-mode', 'iptables', '--manifests', manifest],
        '--count-service-connections',
      ]);
      await expect
        .poll(() => observeStatus(PORT).catch(() => []), { timeout: 20_000 })
        .toEqual(['default/web/TCP IPv4 programmed']);
      const [invalid = 0, localhost = 0] = await readCounters();
      withNamespace(sender, () => spawnSync('/usr/bin/python3', ['-c', RESET.replace('10.181', network)]));
      const socket = connect({ host: '127.0.0.1', port: 30_080 }).on('error', () => undefined);
      await expect.poll(readCounters).toEqual([invalid + 3, localhost + 1]);
      socket.destroy();
      const connections = async () => sumOf(await scrape(), 'menwei_service_port_connections_total');
      expect(await connections()).toBe(1);
      for (const host of ['172.30.0.1', '127.0.0.1']) {
        const port = host === '127.0.0.1' ? 30_080 : 80;
        connect({ host, port })
          .on('error', () => undefined)
          .unref();
      }
      await expect.poll(connections).toBe(3);
    });
  });
});
