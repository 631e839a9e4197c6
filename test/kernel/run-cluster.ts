/** An API server to run against: a Node, Services with one endpoint each, and the kubeconfig that leads there. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FakeApiServer, testdata } from '@menwei/testing/kubernetes/fake-api-server.ts';
import { afterAll } from 'vitest';

export const SERVICES = '/api/v1/services';
export const SLICES = '/apis/discovery.k8s.io/v1/endpointslices';
export const NODES = '/api/v1/nodes';
export const SERVICE_CIDRS = '/apis/networking.k8s.io/v1/servicecidrs';

/** Name of the only node. */
export const NODE = 'node-a';

export function putNode(server: FakeApiServer): void {
  server.put(NODES, {
    metadata: { name: NODE },
    spec: { podCIDRs: ['10.0.0.0/24'] },
    status: { addresses: [{ type: 'InternalIP', address: '192.168.49.2' }] },
  });
}

/** Service `default/<name>` on 172.30.0.<host>:80 */
export function putService(server: FakeApiServer, name: string, host: number, spec: object = {}): void {
  server.put(SERVICES, {
    metadata: { name, namespace: 'default' },
    spec: { clusterIP: `172.30.0.${host}`, ports: [{ port: 80, protocol: 'TCP' }], ...spec },
  });
}

/** Its endpoints, on port 8080 and on the node. @param changedAt what set off the change; unless given, nobody says */
export function putEndpoints(
  server: FakeApiServer,
  name: string,
  ips: readonly string[],
  changedAt?: string,
): void {
  const trigger = { 'endpoints.kubernetes.io/last-change-trigger-time': changedAt };
  const slice = {
    metadata: {
      name: `${name}-1`,
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': name },
      ...(changedAt === undefined ? {} : { annotations: trigger }),
    },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
    endpoints: ips.map((ip) => ({ addresses: [ip], nodeName: NODE, conditions: { ready: true } })),
  };
  server.put(SLICES, slice);
}

/** The folder of a test file. */
export class TestFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'menwei-run-'));

  /** Writes a file in one step and returns its path. */
  write(name: string, content: string): string {
    const file = join(this.path, name);
    writeFileSync(`${file}.new`, content);
    renameSync(`${file}.new`, file);
    return file;
  }

  /** A kubeconfig, with a client certificate unless there is another way to log in. */
  kubeconfig(
    server: FakeApiServer,
    certificateAuthority: string = testdata('ca.crt'),
    user: object = { 'client-certificate': testdata('client.crt'), 'client-key': testdata('client.key') },
  ): string {
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'proxy' } }],
      clusters: [
        {
          name: 'test',
          cluster: { server: server.url, 'certificate-authority': certificateAuthority },
        },
      ],
      users: [{ name: 'proxy', user }],
    };
    return this.write('kubeconfig', JSON.stringify(config));
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}

/** One that lasts as long as the tests of the file, or of the group, that asks for it. */
export function testFolder(): TestFolder {
  const folder = new TestFolder();
  afterAll(() => folder[Symbol.dispose]());
  return folder;
}

/** The manifest of a Service without endpoints: `default/web` on 172.30.0.1:80. */
export const WEB = `apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec: {clusterIP: 172.30.0.1, ports: [{port: 80}]}
`;

/** The flags with which the tests run against an API server: no waiting between syncs. */
export function flagsFor(kubeconfig: string): readonly string[] {
  return [
    ...['--kubeconfig', kubeconfig],
    ...['--hostname-override', NODE],
    ...['--cluster-cidr', '10.0.0.0/8'],
    ...['--iptables-min-sync-period', '0s'],
  ];
}
