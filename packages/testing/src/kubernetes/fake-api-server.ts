/**
 * An API server for tests: lists in pages, watches with bookmarks and history, takes events and patches of nodes, over real
 * HTTP or TLS, and fails on demand. It stores whatever objects it is given and applies no selectors.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { FakeEvents } from './fake-events.ts';
import { applyJsonPatch } from './json-patch.ts';

/** Path of a file in testdata/. */
export function testdata(name: string): string {
  return fileURLToPath(new URL(`testdata/${name}`, import.meta.url));
}

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  /** Common name of the client's certificate; empty without one. */
  readonly clientName: string;
  readonly isWatch: boolean;
}

/** Answers a request in the server's place (true), or leaves it alone. */
type Interceptor = (request: FakeRequest, response: ServerResponse) => boolean;

interface FakeObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly path: string;
  readonly version: number;
  readonly object: object;
}

const NODES = '/api/v1/nodes';

const KINDS: Readonly<Record<string, string>> = {
  '/api/v1/services': 'ServiceList',
  '/apis/discovery.k8s.io/v1/endpointslices': 'EndpointSliceList',
  [NODES]: 'NodeList',
  '/apis/networking.k8s.io/v1/servicecidrs': 'ServiceCIDRList',
};

export class FakeApiServer implements AsyncDisposable {
  /** Every request that came in, oldest first. */
  readonly requests: FakeRequest[] = [];
  readonly events = new FakeEvents();
  /** Answers with everything at once, as an API server's cache does for resourceVersion=0. */
  ignoreLimit = false;
  readonly #kinds = new Map(Object.entries(KINDS));
  readonly #objects = new Map<string, Map<string, object>>();
  readonly #watches = new Set<{ readonly path: string; readonly response: ServerResponse }>();
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  readonly #scheme: string;
  #interceptors: Interceptor[] = [];
  #history: Change[] = [];
  #port = 0;
  #version = 100;
  #oldestVersion = 0;

  /** From now on there are objects of this kind under the path; `kind` is `Lease`. */
  install(path: string, kind: string): void {
    this.#kinds.set(path, `${kind}List`);
  }

  private constructor(tls: boolean) {
    const listener = (request: IncomingMessage, response: ServerResponse): void =>
      this.#answer(request, response);
    const authority = readFileSync(testdata('ca.crt'));
    this.#scheme = tls ? 'https' : 'http';
    this.#server = tls
      ? createTlsServer(
          {
            cert: readFileSync(testdata('server.crt')),
            key: readFileSync(testdata('server.key')),
            ca: authority,
            requestCert: true,
            rejectUnauthorized: false,
          },
          listener,
        )
      : createHttpServer(listener);
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  /** @param port 0 takes a free one */
  static async start({
    tls = true,
    port = 0,
  }: {
    tls?: boolean;
    port?: number;
  } = {}): Promise<FakeApiServer> {
    const server = new FakeApiServer(tls);
    server.#server.listen(port, '127.0.0.1');
    await once(server.#server, 'listening');
    const address = server.#server.address();
    if (address !== null && typeof address === 'object') server.#port = address.port;
    return server;
  }

  /** Stays what it was after the server is closed. */
  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  /** Connections open now. */
  get connections(): number {
    return this.#sockets.size;
  }

  get watches(): number {
    return this.#watches.size;
  }

  requestsFor(path: string, { isWatch }: { isWatch: boolean }): FakeRequest[] {
    return this.requests.filter((request) => request.path === path && request.isWatch === isWatch);
  }

  /** Adds or changes an object under a list path such as `/api/v1/services`. */
  put(path: string, object: FakeObject): void {
    const objects = this.#under(path);
    const key = `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
    const type = objects.has(key) ? 'MODIFIED' : 'ADDED';
    this.#version++;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    objects.set(key, stored);
    this.#record({ type, path, version: this.#version, object: stored });
  }

  /** Undefined: there is no such object. */
  find(path: string, namespace: string, name: string): object | undefined {
    return this.#under(path).get(`${namespace}/${name}`);
  }

  delete(path: string, namespace: string, name: string): void {
    const key = `${namespace}/${name}`;
    const object = this.#under(path).get(key);
    if (object === undefined) return;
    this.#under(path).delete(key);
    this.#version++;
    const stored = { ...object, metadata: { namespace, name, resourceVersion: String(this.#version) } };
    this.#record({ type: 'DELETED', path, version: this.#version, object: stored });
  }

  /** Sends every watch a bookmark with the newest version. */
  bookmark(): void {
    for (const { response } of this.#watches) {
      const object = { metadata: { resourceVersion: String(this.#version) } };
      response.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
    }
  }

  /** Forgets the history: a watch from an older version gets a 410. */
  compact(): void {
    this.#oldestVersion = this.#version;
    this.#history = [];
  }

  /** Sends raw bytes down all watches of a path. */
  writeToWatches(path: string, bytes: string | Buffer): void {
    for (const watch of this.#watches) if (watch.path === path) watch.response.write(bytes);
  }

  /** Ends all watches in good order, as their timeout does. */
  endWatches(): void {
    for (const { response } of this.#watches) response.end();
  }

  /** Cuts all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** The newest interceptor is asked first. Disposing the result takes it away. */
  intercept(interceptor: Interceptor): Disposable {
    this.#interceptors.unshift(interceptor);
    return {
      [Symbol.dispose]: () => {
        this.#interceptors = this.#interceptors.filter((other) => other !== interceptor);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
  }

  #under(path: string): Map<string, object> {
    const objects = this.#objects.get(path) ?? new Map<string, object>();
    this.#objects.set(path, objects);
    return objects;
  }

  #record(change: Change): void {
    this.#history.push(change);
    this.writeToWatches(change.path, eventLine(change));
  }

  #answer(message: IncomingMessage, response: ServerResponse): void {
    const url = new URL(message.url ?? '/', this.url);
    const query = Object.fromEntries(url.searchParams);
    const request: FakeRequest = {
      method: message.method ?? '',
      path: url.pathname,
      query,
      headers: message.headers,
      clientName: clientName(message.socket),
      isWatch: query.watch === 'true',
    };
    this.requests.push(request);
    response.on('error', () => undefined);
    if (this.#interceptors.some((interceptor) => interceptor(request, response))) return;
    const node = this.#nodeAt(request.path);
    if (request.method !== 'GET') void this.#write(request, message, response);
    else if (node !== undefined) sendJson(response, 200, node);
    else if (!this.#kinds.has(request.path))
      sendStatus(response, 404, 'the server could not find the requested resource');
    else if (request.isWatch) this.#watch(request, response);
    else this.#list(request, response);
  }

  async #write(
    { method, path, headers }: FakeRequest,
    message: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const body = await text(message).catch(() => undefined);
    if (body === undefined) return;
    if (method === 'PATCH' && this.#nodeAt(path) !== undefined)
      return this.#patchNode(path, body, headers, response);
    const types = { POST: 'application/json', PATCH: 'application/merge-patch+json' };
    const isRightType = Object.entries(types).some(
      ([each, type]) => method === each && headers['content-type'] === type,
    );
    if (!isRightType) return sendStatus(response, 415, 'the body of the request was in an unknown format');
    const answer = this.events.answer(method, path, body);
    if (answer === undefined)
      return sendStatus(response, 404, 'the server could not find the requested resource');
    sendJson(response, answer.status, answer.body);
  }

  /** Undefined: the path is of no node that there is. */
  #nodeAt(path: string): object | undefined {
    const [, name] = /^\/api\/v1\/nodes\/([^/]+)$/.exec(path) ?? [];
    return name === undefined ? undefined : this.#under(NODES).get(`/${decodeURIComponent(name)}`);
  }

  #patchNode(
    path: string,
    body: string,
    headers: IncomingMessage['headers'],
    response: ServerResponse,
  ): void {
    if (headers['content-type'] !== 'application/json-patch+json') {
      sendStatus(response, 415, 'the body of the request was in an unknown format');
      return;
    }
    const patched = applyJsonPatch(this.#nodeAt(path) ?? {}, JSON.parse(body));
    if ('error' in patched) {
      sendStatus(response, 422, `the server rejected our request: ${patched.error}`);
      return;
    }
    if (isFakeObject(patched.object)) this.put(NODES, patched.object);
    sendJson(response, 200, patched.object);
  }

  #list({ path, query }: FakeRequest, response: ServerResponse): void {
    const all = [...this.#under(path).values()];
    const from = Number(query.continue ?? 0);
    const limit = this.ignoreLimit ? all.length : Number(query.limit ?? all.length);
    const items = all.slice(from, from + limit);
    const rest = all.length - from - items.length;
    const metadata = {
      resourceVersion: String(this.#version),
      ...(rest > 0 && { continue: String(from + items.length), remainingItemCount: rest }),
    };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ kind: this.#kinds.get(path), apiVersion: 'v1', metadata, items }));
  }

  #watch({ path, query }: FakeRequest, response: ServerResponse): void {
    const from = Number(query.resourceVersion);
    if (from < this.#oldestVersion) {
      sendStatus(response, 410, `too old resource version: ${from} (${this.#oldestVersion})`);
      return;
    }
    response.setHeader('content-type', 'application/json');
    response.flushHeaders();
    for (const change of this.#history) {
      if (change.path === path && change.version > from) response.write(eventLine(change));
    }
    const watch = { path, response };
    this.#watches.add(watch);
    response.on('close', () => this.#watches.delete(watch));
  }
}

/** Answers as the API server does when it refuses. */
export function sendStatus(response: ServerResponse, code: number, message: string): void {
  sendJson(response, code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code });
}

function sendJson(response: ServerResponse, code: number, body: unknown): void {
  response.statusCode = code;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}

function isFakeObject(object: object): object is FakeObject {
  return 'metadata' in object && typeof object.metadata === 'object';
}

function eventLine({ type, object }: Change): string {
  return `${JSON.stringify({ type, object })}\n`;
}

function clientName(socket: Socket | TLSSocket): string {
  if (!('getPeerCertificate' in socket) || !socket.authorized) return '';
  const name = socket.getPeerCertificate().subject?.CN ?? '';
  return Array.isArray(name) ? name.join(',') : name;
}
