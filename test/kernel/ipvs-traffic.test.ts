/** Connections and bytes of a service port, as the kernel's IPVS counts them and `menwei run` tells them. */

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { parseMetrics } from '@menwei/testing/metrics/prometheus.ts';
import * as KUBE_PROXY from 'menwei/metrics/catalogue/kube-proxy.ts';
import { isInMode } from 'menwei/metrics/definition.ts';
import { expect, it } from 'vitest';
import { testFolder } from './run-cluster.ts';
import { observeStatus, RunProcess } from './run-process.ts';

const PORT = 11_249;
const POD = '10.181.9.1';
const MANIFEST = `
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: 172.30.0.1, ports: [{port: 80, name: http}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [${POD}]}]
`;

const folder = testFolder();

async function scrape() {
  return parseMetrics(await (await fetch(`http://127.0.0.1:${PORT}/metrics`)).text(), false);
}

async function counted(name: string): Promise<number | undefined> {
  const metric = (await scrape()).find((each) => each.name === `menwei_service_port_${name}`);
  return metric?.samples.find(({ labels }) => labels.service === 'web')?.value;
}

async function request(): Promise<void> {
  const socket = connect({ host: '172.30.0.1', port: 80 });
  socket.resume();
  await once(socket, 'end');
  socket.destroy();
}

it('is told, and kube-proxy’s metrics of the mode', async () => {
  spawnSync('ip', ['address', 'add', `${POD}/32`, 'dev', 'lo']);
  const server = createServer((socket) => socket.end('x'.repeat(1000))).listen(8080, POD);
  await once(server, 'listening');
  try {
    const manifest = folder.write('web.yaml', MANIFEST);
    const servers = [
      '--healthz-bind-address',
      '127.0.0.1:11256',
      '--metrics-bind-address',
      `127.0.0.1:${PORT}`,
    ];
    await using _run = RunProcess.start([
      ...['--proxy-mode', 'ipvs', '--manifests', manifest, '--hostname-override', 'node-a'],
      ...servers,
    ]);
    await expect
      .poll(() => observeStatus(PORT).catch(() => []), { timeout: 60_000 })
      .toEqual(['default/web:http/TCP IPv4 programmed']);
    expect(await counted('connections')).toBe(0);
    const wanted = Object.values(KUBE_PROXY).filter((metric) => isInMode(metric, 'ipvs'));
    const told = (await scrape()).map(({ name, type }) => `${type} ${name}`);
    expect(told).toEqual(
      expect.arrayContaining(
        wanted.map(({ name, type }) => `${type} ${type === 'counter' ? name.replace(/_total$/, '') : name}`),
      ),
    );
    for (let each = 0; each < 3; each++) await request();
    await expect.poll(() => counted('connections'), { timeout: 20_000 }).toBe(3);
    expect(await counted('received_bytes')).toBeGreaterThan(0);
  } finally {
    server.close();
  }
});
