/** `menwei run --config` with a file as clusters have it, and what its servers answer (spec §§ 9.1-9.3, 10). */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { FakeApiServer } from '@menwei/testing/kubernetes/fake-api-server.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NODE, NODES, putEndpoints, putNode, putService, testFolder } from './run-cluster.ts';
import { observeStatus, RunProcess, savedRules } from './run-process.ts';

const folder = testFolder();
let server: FakeApiServer;

beforeEach(async () => {
  server = await FakeApiServer.start();
  putNode(server);
  putService(server, 'web', 1, {
    type: 'LoadBalancer',
    externalTrafficPolicy: 'Local',
    healthCheckNodePort: 31_000,
    ports: [{ port: 80, protocol: 'TCP', nodePort: 30_080 }],
  });
  putEndpoints(server, 'web', ['10.0.0.1', '10.0.0.2']);
});
afterEach(() => server[Symbol.asyncDispose]());

/** As kubeadm writes it, fields without a value included. */
function configFile(): string {
  return folder.write(
    'config.conf',
    `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
bindAddress: 0.0.0.0
bindAddressHardFail: false
clientConnection:
  acceptContentTypes: ""
  burst: 0
  contentType: ""
  kubeconfig: ${folder.kubeconfig(server)}
  qps: 0
clusterCIDR: 10.0.0.0/8
configSyncPeriod: 0s
conntrack: {maxPerCore: null, min: null, tcpCloseWaitTimeout: null, tcpEstablishedTimeout: null}
detectLocal: {bridgeInterface: "", interfaceNamePrefix: ""}
detectLocalMode: ""
enableProfiling: false
healthzBindAddress: 127.0.0.1:11256
hostnameOverride: ${NODE}
iptables: {localhostNodePorts: null, masqueradeAll: true, masqueradeBit: 20, minSyncPeriod: 1ms, syncPeriod: 2s}
ipvs: {excludeCIDRs: null, minSyncPeriod: 0s, scheduler: "", strictARP: false, syncPeriod: 0s}
logging: {flushFrequency: 0, options: {json: {infoBufferSize: "0"}, text: {infoBufferSize: "0"}}, verbosity: 0}
metricsBindAddress: 127.0.0.1:11249
mode: ""
nftables: {masqueradeAll: false, masqueradeBit: null, minSyncPeriod: 0s, syncPeriod: 0s}
nodePortAddresses: null
oomScoreAdj: null
portRange: ""
showHiddenMetricsForVersion: ""
winkernel: {enableDSR: false, networkName: ""}
`,
  );
}

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly body: string;
}

async function ask(url: string): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${url}`);
  return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
}

describe('menwei run --config', () => {
  it('does what the file says and answers on its addresses', async () => {
    await using run = RunProcess.start(['--config', configFile(), '--cluster-cidr', '192.0.2.0/24']);
    await expect
      .poll(() => observeStatus(11_249).catch(() => []), { timeout: 20_000 })
      .toEqual(['default/web/TCP IPv4 programmed']);
    expect([...run.log('W'), ...run.log('E')]).toEqual([
      'with --config these flags are ignored: --cluster-cidr',
    ]);
    expect(await savedRules()).toContain('-A KUBE-MARK-MASQ -j MARK --set-xmark 0x100000/0x100000');
    expect(await savedRules('filter')).toContainEqual(expect.stringMatching(/--dport 31000 -j ACCEPT$/));

    const health = await ask('11256/healthz');
    expect(health).toMatchObject({ status: 200, type: 'application/json' });
    const family = { lastUpdated: expect.any(String), healthy: true };
    expect(JSON.parse(health.body)).toEqual({
      lastUpdated: expect.any(String),
      currentTime: expect.any(String),
      nodeEligible: true,
      healthy: true,
      status: { IPv4: family, IPv6: family },
    });
    expect(JSON.parse((await ask('11256/livez')).body)).not.toHaveProperty('nodeEligible');
    expect(await ask('11249/proxyMode')).toMatchObject({ status: 200, body: 'iptables' });
    expect(await ask('11249/healthz')).toMatchObject({ status: 200, body: 'ok' });
    const metrics = await ask('11249/metrics');
    expect(metrics).toMatchObject({ status: 200, type: expect.stringMatching(/^text\/plain/) });
    expect(metrics.body).toMatch(
      /^kubeproxy_sync_proxy_rules_duration_seconds_count\{ip_family="IPv4"\} [1-9]/m,
    );

    const response = await fetch('http://127.0.0.1:31000/any/path', { method: 'POST' });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-load-balancing-endpoint-weight')).toBe('2');
    expect(await response.text()).toBe(
      '{\n\t"service": {\n\t\t"namespace": "default",\n\t\t"name": "web"\n\t},\n\t"localEndpoints": 2,\n\t"serviceProxyHealthy": true\n}',
    );
    putEndpoints(server, 'web', []);
    await expect.poll(() => ask('31000/').then(({ status }) => status)).toBe(503);

    // Load balancers are told to go elsewhere before the node goes; the kubelet is not told to restart anything.
    server.put(NODES, {
      metadata: { name: NODE },
      spec: { taints: [{ key: 'ToBeDeletedByClusterAutoscaler', value: '1', effect: 'NoSchedule' }] },
    });
    await expect.poll(() => ask('11256/healthz').then(({ status }) => status)).toBe(503);
    expect((await ask('11256/livez')).status).toBe(200);
    expect((await run.end('SIGTERM')).status).toBe(0);
    await expect(ask('31000/')).rejects.toThrow();
  });
});

describe('an address that somebody else listens on', () => {
  let other: Server;
  beforeEach(async () => {
    other = createServer();
    await new Promise<void>((resolve) => other.listen(11_256, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise((resolve) => other.close(resolve)));

  it('is tried again until it is free', async () => {
    await using run = RunProcess.start(['--config', configFile()]);
    await expect.poll(() => run.log('E')).toHaveLength(1);
    expect(run.log('E')[0]).toMatch(
      /^healthz server can't listen; retrying .*127\.0\.0\.1:11256.*EADDRINUSE/,
    );
    await expect.poll(() => observeStatus(11_249).catch(() => [])).toHaveLength(1);
    await new Promise((resolve) => other.close(resolve));
    await expect
      .poll(() =>
        ask('11256/livez').then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200);
  });

  it('ends it with bindAddressHardFail', async () => {
    const file = configFile().replace(/\.conf$/, '-hard.conf');
    writeFileSync(
      file,
      readFileSync(configFile(), 'utf8').replace('bindAddressHardFail: false', 'bindAddressHardFail: true'),
    );
    const { status, stderr } = await RunProcess.toItsEnd(['--config', file]);
    expect(status).toBe(1);
    expect(stderr.filter((line) => line.startsWith('menwei: '))).toEqual([
      expect.stringMatching(/^menwei: healthz server can't listen on 127\.0\.0\.1:11256: .*EADDRINUSE/),
    ]);
    expect(stderr.filter((line) => /^\s/.test(line))).toEqual([]);
  });
});
