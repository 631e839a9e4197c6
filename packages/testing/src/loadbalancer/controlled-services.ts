/** An API server in memory, and load-balancer controllers that live and die: for tests of what they make of Services. */
import type { ClusterEvent } from 'menwei/events/event.ts';
import { type ApiClient, createApiClient } from 'menwei/kubernetes/api-client.ts';
import { plainConnection } from 'menwei/kubernetes/connection.ts';
import { type Decoded, decodeEndpointSlice, decodeNode, decodeService } from 'menwei/kubernetes/decode.ts';
import type { AddressPool, Lease } from 'menwei/kubernetes/load-balancer-objects.ts';
import type { WatchedObject } from 'menwei/kubernetes/objects.ts';
import type { Balancers } from 'menwei/loadbalancer/balancer-watch.ts';
import { type ControllerOptions, LoadBalancerController } from 'menwei/loadbalancer/controller.ts';
import { AddressAllocator } from 'menwei/loadbalancer/pools/address-allocator.ts';
import { apiStatusWriter } from 'menwei/loadbalancer/status-writer.ts';
import { silentLogger } from 'menwei/log/logger.ts';
import { ObjectTables } from 'menwei/state/object-tables.ts';
import { startTestApi, type TestApi } from '../cluster/api-server.ts';
import { Mortality } from './mortality.ts';

const STARTED_MS = Date.now();

type Write = Parameters<ApiClient['write']>[0];

interface Life {
  readonly controller: LoadBalancerController;
  readonly objects: ObjectTables;
  readonly stop: () => Promise<void>;
}

export class ControlledServices implements AsyncDisposable {
  readonly events: ClusterEvent[] = [];
  /** Every write that reached the API server. */
  readonly writes: Write[] = [];
  pools: readonly AddressPool[] = [];
  /** There before a controller begins. */
  leases: readonly Lease[] = [];
  readonly #api: TestApi;
  readonly client: ApiClient;
  readonly #lives = new Set<{
    readonly mortality: Mortality;
    readonly controller: LoadBalancerController;
    readonly feeder: Feeder;
  }>();

  private constructor(api: TestApi) {
    this.#api = api;
    this.client = createApiClient(plainConnection(api.url), { userAgent: 'menwei/test', qps: -1, burst: 1 });
  }

  static async open(): Promise<ControlledServices> {
    return new ControlledServices(await startTestApi());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async close(): Promise<void> {
    await this.client.close();
    await this.#api.close();
  }

  get store(): TestApi['store'] {
    return this.#api.store;
  }

  /** A controller with everything of its own, as that of a new process. @param mortality of this one; it lives unless given */
  async start(
    options: Partial<ControllerOptions> = {},
    mortality = new Mortality(() => undefined),
  ): Promise<Life> {
    const objects = new ObjectTables('', { endpointNodes: true });
    const balancers = options.balancers ?? new Map<string, Balancers>();
    const controller = new LoadBalancerController({
      objects,
      claims: {
        classes: new Set(['menwei.dev/l2', 'menwei.dev/node', ...balancers.keys()]),
        classlessAs: undefined,
        providerClasses: new Set(balancers.keys()),
      },
      nodes: { ignoresExcludeLabel: false },
      allocator: new AddressAllocator(),
      writer: apiStatusWriter(this.#mortalClient(mortality)),
      events: { record: (event) => void (mortality.isDead || this.events.push(event)) },
      logger: silentLogger,
      seesLeases: true,
      retryMs: () => 1,
      // What is told of Services that wait does not depend on how long a test takes.
      now: () => STARTED_MS,
      ...options,
      balancers,
    });
    const stop = new AbortController();
    for (const object of [...this.pools, ...this.leases]) objects.put(object);
    const feeder = new Feeder(this.#api.store, objects);
    const feeding = feeder.run(stop.signal);
    const running = controller.run(stop.signal);
    const life = { mortality, controller, feeder };
    this.#lives.add(life);
    return {
      controller,
      objects,
      stop: async () => {
        stop.abort();
        this.#lives.delete(life);
        await Promise.all([feeding, running]);
      },
    };
  }

  async create(kind: 'services' | 'nodes' | 'endpointslices', body: unknown): Promise<void> {
    await this.#send('POST', PATHS[kind], body);
  }

  /** A merge patch of a Service, as kubectl sends it. */
  async change(name: string, body: unknown, subresource = ''): Promise<void> {
    await this.#send('PATCH', `${PATHS.services}/${name}${subresource}`, body);
  }

  async delete(name: string, kind: keyof typeof PATHS = 'services'): Promise<void> {
    await fetch(`${this.#api.url}${PATHS[kind]}/${name}`, { method: 'DELETE' });
  }

  service(name: string): ServiceObject | undefined {
    const stored = this.store.get('services', 'default', name);
    return stored === undefined ? undefined : JSON.parse(stored.bytes.toString());
  }

  /** Resolves when all controllers that live know all there is, and have nothing left to do. */
  async settled(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve));
    while (![...this.#lives].every(isSettled));
  }

  #mortalClient(mortality: Mortality): Pick<ApiClient, 'get' | 'write' | 'server'> {
    const client = this.client;
    const write = async (request: Write) => {
      const answer = await client.write(request);
      this.writes.push(request);
      return answer;
    };
    return {
      server: client.server,
      get: (...given) => client.get(...given),
      write: (request) => mortality.step(() => write(request), request.signal),
    };
  }

  async #send(method: 'POST' | 'PATCH', path: string, body: unknown): Promise<void> {
    await this.client.write({ method, path, body, signal: AbortSignal.timeout(5_000), silenceMs: 5_000 });
  }
}

function isSettled({
  mortality,
  controller,
  feeder,
}: {
  readonly mortality: Mortality;
  readonly controller: LoadBalancerController;
  readonly feeder: Feeder;
}): boolean {
  if (mortality.isDead) return true;
  feeder.take();
  return controller.isSettled;
}

interface ServiceObject {
  readonly metadata: {
    readonly uid: string;
    readonly finalizers?: readonly string[];
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly type: string; readonly loadBalancerClass?: string };
  readonly status: {
    readonly loadBalancer: {
      readonly ingress?: readonly { readonly ip?: string; readonly ipMode?: string }[];
    };
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason: string;
      readonly message: string;
    }[];
  };
}

const PATHS = {
  services: '/api/v1/namespaces/default/services',
  nodes: '/api/v1/nodes',
  endpointslices: '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
} as const;

const DECODERS: Readonly<
  Record<string, readonly [WatchedObject['kind'], (value: unknown) => Decoded<WatchedObject>]>
> = {
  services: ['Service', decodeService],
  nodes: ['Node', decodeNode],
  endpointslices: ['EndpointSlice', decodeEndpointSlice],
};

/** Keeps tables equal to the store. */
class Feeder {
  readonly #reader: ReturnType<TestApi['store']['reader']>;
  readonly #objects: ObjectTables;

  constructor(store: TestApi['store'], objects: ObjectTables) {
    this.#reader = store.reader(Object.keys(DECODERS));
    this.#objects = objects;
    this.take();
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#reader.changed(signal);
      if (!signal.aborted) this.take();
    }
    this.#reader.close();
  }

  /** All that has changed since the last time. */
  take(): void {
    for (const { before, after } of this.#reader.take()) {
      const stored = after ?? before;
      const [kind, decode] = DECODERS[stored?.resource ?? ''] ?? [];
      if (stored === undefined || kind === undefined || decode === undefined) continue;
      const { object } =
        after === undefined ? { object: undefined } : decode(JSON.parse(after.bytes.toString()));
      if (object !== undefined) this.#objects.put(object);
      else this.#objects.delete({ kind, namespace: stored.namespace, name: stored.name });
    }
  }
}
