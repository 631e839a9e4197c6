/** An API server of the tests in a process of its own, with the objects of the benchmarks. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { FakeApiServer } from '@menwei/testing/kubernetes/fake-api-server.ts';
import { NODE_VIEW, serviceJson, sliceJson } from './objects.ts';

/** An API server that runs; it ends with this process. */
interface BenchApiServer extends Disposable {
  /** The text of a kubeconfig that leads to it. */
  readonly kubeconfig: string;
}

/** In the network namespace of the calling thread. */
export async function startApiServer(services: number, endpoints: number): Promise<BenchApiServer> {
  const server: ChildProcess = fork(import.meta.filename, [String(services), String(endpoints)]);
  const [url]: unknown[] = await once(server, 'message');
  return {
    kubeconfig: JSON.stringify(kubeconfigFor(String(url))),
    [Symbol.dispose]: () => {
      server.kill();
    },
  };
}

function kubeconfigFor(server: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'bench',
    contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }],
    clusters: [{ name: 'bench', cluster: { server } }],
    users: [{ name: 'bench', user: {} }],
  };
}

async function serve(services: number, endpoints: number): Promise<void> {
  const server = await FakeApiServer.start({ tls: false });
  server.put('/api/v1/nodes', {
    metadata: { name: NODE_VIEW.name },
    spec: { podCIDRs: ['10.128.0.0/24'] },
    status: { addresses: [{ type: 'InternalIP', address: NODE_VIEW.ip }] },
  });
  for (let index = 0; index < services; index++) {
    server.put('/api/v1/services', serviceJson(index));
    server.put('/apis/discovery.k8s.io/v1/endpointslices', sliceJson(index, endpoints));
  }
  server.compact();
  process.send?.(server.url);
  process.on('disconnect', () => process.exit());
}

if (import.meta.main) {
  const [, , services, endpoints] = process.argv;
  await serve(Number(services), Number(endpoints));
}
