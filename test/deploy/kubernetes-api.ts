/** As much of an API server as kubectl needs to work on a few objects, over HTTP on loopback. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { JsonObject } from 'menwei/cluster/schema/json.ts';
import { jsonPatch } from 'menwei/cluster/schema/patch/json-patch.ts';
import { type Fields, mergeStrategically } from './strategic-merge.ts';

/** Resources by path of their API group: name, kind, and whether they are in a namespace. */
const RESOURCES: Readonly<Record<string, readonly (readonly [string, string, boolean])[]>> = {
  '/api/v1': [
    ['configmaps', 'ConfigMap', true],
    ['namespaces', 'Namespace', false],
    ['pods', 'Pod', true],
    ['serviceaccounts', 'ServiceAccount', true],
    ['services', 'Service', true],
  ],
  '/apis/admissionregistration.k8s.io/v1': [
    ['validatingwebhookconfigurations', 'ValidatingWebhookConfiguration', false],
  ],
  '/apis/apps/v1': [
    ['daemonsets', 'DaemonSet', true],
    ['deployments', 'Deployment', true],
  ],
  '/apis/apiextensions.k8s.io/v1': [['customresourcedefinitions', 'CustomResourceDefinition', false]],
  '/apis/rbac.authorization.k8s.io/v1': [
    ['clusterroles', 'ClusterRole', false],
    ['clusterrolebindings', 'ClusterRoleBinding', false],
    ['roles', 'Role', true],
    ['rolebindings', 'RoleBinding', true],
  ],
};
const VERBS = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];
/** Of a Deployment of two, and of a DaemonSet on two nodes. */
const ALL_RUN = {
  ...{ replicas: 2, updatedReplicas: 2, availableReplicas: 2 },
  ...{ desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2, observedGeneration: 1 },
};
const NOT_FOUND = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 };

/** Logs of pods are empty, and nothing can be executed in them; what is asked for is remembered. */
export class KubernetesApi implements AsyncDisposable {
  readonly #server: Server;
  readonly #objects = new Map<string, Fields>();
  /** Of what was to be executed in pods: the words of each command. */
  readonly executed: (readonly string[])[] = [];

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<KubernetesApi> {
    const api = new KubernetesApi();
    api.#server.listen(0, '127.0.0.1');
    await once(api.#server, 'listening');
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** @param path as `/api/v1/namespaces/kube-system/configmaps/kube-proxy` */
  get(path: string): Fields | undefined {
    return this.#objects.get(path);
  }

  put(path: string, object: Fields): void {
    this.#objects.set(path, object);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path, searchParams: query } = new URL(request.url ?? '', this.url);
    const send = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    if (path.endsWith('/exec')) {
      // kubectl tries a second protocol.
      if (request.headers.upgrade !== 'websocket') this.executed.push(query.getAll('command'));
      return send(403, { ...NOT_FOUND, reason: 'Forbidden', code: 403 });
    }
    if (path.endsWith('/log')) return void response.end();
    if (request.method === 'PATCH') {
      const isJson = request.headers['content-type'] === 'application/json-patch+json';
      return send(...this.#patch(path, JSON.parse(await text(request)), isJson));
    }
    if (request.method === 'POST') return send(201, this.#create(path, JSON.parse(await text(request))));
    if (request.method === 'DELETE') {
      return this.#objects.delete(path)
        ? send(200, { kind: 'Status', status: 'Success' })
        : send(404, NOT_FOUND);
    }
    const found = this.#objects.get(path) ?? describeApi(path);
    if (found !== undefined) return send(200, found);
    const inAll = path.replace(/\/([^/]+)$/, '/namespaces/[^/]+/$1/[^/]+$');
    const isListed = (at: string) => at.startsWith(`${path}/`) || new RegExp(`^${inAll}`).test(at);
    const items = [...this.#objects].filter(([at]) => isListed(at)).map(([, object]) => object);
    if (items.length === 0 || /^\/api\/v1\/namespaces\/[^/]+$/.test(path)) return send(404, NOT_FOUND);
    // Nothing ever happens.
    if (query.has('watch'))
      return void response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    const { apiVersion, kind } = items[0] ?? {};
    return send(200, { apiVersion, kind: `${kind}List`, metadata: { resourceVersion: '1' }, items });
  }

  #create(path: string, object: Fields): object {
    const metadata = { generation: 1, ...(object.metadata as { readonly name: string }) };
    const hasPods = ['Deployment', 'DaemonSet'].includes(String(object.kind));
    const created = { ...object, metadata, ...(hasPods && { status: ALL_RUN }) };
    this.#objects.set(`${path}/${metadata.name}`, created);
    return created;
  }

  /** The controllers of this cluster are done at once. */
  #patch(path: string, patch: Fields, isJson: boolean): readonly [number, object] {
    const before = this.#objects.get(path);
    if (before === undefined) return [404, NOT_FOUND];
    const after = isJson
      ? (jsonPatch(before as JsonObject, patch as JsonObject).patched as Fields)
      : mergeStrategically(before, patch);
    const { generation = 1 } = after.metadata as { readonly generation?: number };
    const status = { ...(before.status as object), observedGeneration: generation };
    this.#objects.set(path, 'status' in before ? { ...after, status } : after);
    return [200, after];
  }
}

function describeApi(path: string): object | undefined {
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
