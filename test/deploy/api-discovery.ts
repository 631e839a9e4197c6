/** What kubectl asks of an API server before it can say what a manifest is about; of objects it knows none. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Resources by path of their API group: name, kind, and whether they are in a namespace. */
const RESOURCES: Readonly<Record<string, readonly (readonly [string, string, boolean])[]>> = {
  '/api/v1': [
    ['configmaps', 'ConfigMap', true],
    ['namespaces', 'Namespace', false],
    ['serviceaccounts', 'ServiceAccount', true],
  ],
  '/apis/apps/v1': [['daemonsets', 'DaemonSet', true]],
  '/apis/rbac.authorization.k8s.io/v1': [
    ['clusterroles', 'ClusterRole', false],
    ['clusterrolebindings', 'ClusterRoleBinding', false],
  ],
};
const VERBS = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];

export class ApiDiscovery implements AsyncDisposable {
  readonly #server: Server;
  readonly url: string;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<ApiDiscovery> {
    const server = createServer((request, response) => {
      const answer = request.method === 'GET' ? find((request.url ?? '').replace(/\?.*/, '')) : undefined;
      response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify(answer ?? { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 404 }),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ApiDiscovery(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

function find(path: string): object | undefined {
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups() };
  const resources = RESOURCES[path];
  if (resources === undefined) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: path.replace(/^\/apis?\//, ''),
    resources: resources.map(([name, kind, namespaced]) => ({ name, kind, namespaced, verbs: VERBS })),
  };
}

function groups(): readonly object[] {
  return Object.keys(RESOURCES)
    .filter((path) => path.startsWith('/apis/'))
    .map((path) => {
      const [, , name, version] = path.split('/');
      const preferredVersion = { groupVersion: `${name}/${version}`, version };
      return { name, versions: [preferredVersion], preferredVersion };
    });
}
