/** `/status` of a proxy that runs, for Services in every kind of trouble, and as their manifests are edited badly. */
import { parseStatus, type StatusRow } from 'menwei/status/status-row.ts';
import { describe, expect, it } from 'vitest';
import { NODE, testFolder } from './run-cluster.ts';
import { RunProcess } from './run-process.ts';

const folder = testFolder();
const PORT = 11_249;

function service(name: string, spec: string, created = '2026-01-01T00:00:00Z'): string {
  return `apiVersion: v1
kind: Service
metadata: {name: ${name}, creationTimestamp: "${created}"}
spec: {${spec}}
---
`;
}

function slice(service: string, endpoints: readonly string[]): string {
  return `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${service}-1, labels: {kubernetes.io/service-name: ${service}}}
addressType: IPv4
ports: [{name: "", port: 8080}]
endpoints: [${endpoints.join(', ')}]
---
`;
}

const LOCAL = `{addresses: [10.0.0.1], nodeName: ${NODE}}`;
const REMOTE = '{addresses: [10.0.0.2], nodeName: other}';
const UNREADY = '{addresses: [10.0.0.3], conditions: {ready: false}}';
const PORTS = 'ports: [{port: 80}]';

const TROUBLED = [
  service(
    'web',
    `clusterIP: 172.30.0.1, type: NodePort, externalTrafficPolicy: Local, ports: [{port: 80, nodePort: 30080}]`,
  ),
  slice('web', [LOCAL, REMOTE, UNREADY]),
  service('rival', `clusterIP: 172.30.0.1, ${PORTS}`, '2026-02-01T00:00:00Z'),
  service('empty', `clusterIP: 172.30.0.2, ${PORTS}`),
  service('unready', `clusterIP: 172.30.0.3, ${PORTS}`),
  slice('unready', [UNREADY]),
  service('elsewhere', `clusterIP: 172.30.0.4, internalTrafficPolicy: Local, ${PORTS}`),
  slice('elsewhere', [REMOTE]),
].join('');

const edited = (clusterIP: string, endpoint: string) =>
  service('edited', `clusterIP: ${clusterIP}, ${PORTS}`) + slice('edited', [endpoint, REMOTE]);

async function rows(): Promise<readonly StatusRow[]> {
  const response = await fetch(`http://127.0.0.1:${PORT}/status`).catch(() => undefined);
  return parseStatus((await response?.text()) ?? '[]') ?? [];
}

async function rowOf(name: string): Promise<object> {
  const row = (await rows()).find(({ servicePort }) => servicePort === `default/${name}/TCP`);
  if (row === undefined) return {};
  const { state, error, warning, endpoints } = row;
  return { state, ...(error && { error }), ...(warning && { warning }), endpoints };
}

const ONE_OF_TWO = { used: 2, local: 1, total: 2 };

describe('the status', () => {
  it('tells the truth of every Service, whatever is wrong with it', async () => {
    folder.write('troubled.yaml', TROUBLED);
    folder.write('edited.yaml', edited('172.30.0.9', LOCAL));
    await using _run = RunProcess.start([
      ...['--manifests', folder.path, '--hostname-override', NODE, '--proxy-mode', 'nftables'],
      ...['--healthz-bind-address', '127.0.0.1:11256', '--metrics-bind-address', `127.0.0.1:${PORT}`],
    ]);
    await expect.poll(rows, { timeout: 20_000 }).toHaveLength(6);
    for (const row of await rows())
      expect(row).toMatchObject({ node: NODE, mode: 'nftables', family: 'IPv4' });
    expect(await rowOf('web')).toMatchObject({
      state: 'programmed',
      endpoints: { used: 2, local: 1, total: 3, unused: { notReady: 1 } },
    });
    expect(await rowOf('rival')).toMatchObject({
      state: 'error',
      error: 'spec.clusterIP: 172.30.0.1:80/TCP already belongs to Service default/web',
    });
    expect(await rowOf('empty')).toMatchObject({ state: 'programmed', warning: 'no endpoints' });
    expect(await rowOf('unready')).toMatchObject({
      warning: 'no endpoint is ready',
      endpoints: { used: 0, total: 1 },
    });
    expect(await rowOf('elsewhere')).toMatchObject({
      warning: 'no endpoint on this node for internalTrafficPolicy Local',
      endpoints: { used: 0, total: 1, unused: { trafficPolicy: 1 } },
    });
    expect(await rowOf('edited')).toEqual({ state: 'programmed', endpoints: ONE_OF_TWO });

    folder.write('edited.yaml', edited('172.30.0.999', LOCAL));
    await expect
      .poll(() => rowOf('edited'))
      .toMatchObject({
        state: 'error',
        error: expect.stringMatching(
          /edited\.yaml:4: .*172\.30\.0\.999 is not an IP address; the last valid version stays in effect$/,
        ),
        endpoints: ONE_OF_TWO,
      });
    expect(await rows()).toHaveLength(6);

    folder.write('edited.yaml', edited('172.30.0.9', '{addresses: [10.0.0.1111]}'));
    await expect
      .poll(() => rowOf('edited'))
      .toMatchObject({
        state: 'programmed',
        warning: expect.stringMatching(
          /edited\.yaml:.* EndpointSlice default\/edited-1: .*10\.0\.0\.1111 is not an IPv4 address; the endpoint is left out$/,
        ),
        endpoints: { used: 1, local: 0, total: 1 },
      });

    folder.write('edited.yaml', edited('172.30.0.9', LOCAL).replace(/---\n$/, 'more: ['));
    await expect
      .poll(() => rowOf('edited'))
      .toMatchObject({
        state: 'error',
        error: expect.stringMatching(/the last valid version stays in effect$/),
      });

    folder.write('edited.yaml', edited('172.30.0.9', LOCAL));
    await expect.poll(() => rowOf('edited')).toEqual({ state: 'programmed', endpoints: ONE_OF_TWO });
  });
});
