/** A cluster in memory whose controllers run: for tests of what they make of the objects. */
import type { Component } from 'menwei/agent/component.ts';
import { ServiceHook } from 'menwei/cluster/allocation/service-hook.ts';
import type { WriteHook } from 'menwei/cluster/allocation/write-hook.ts';
import {
  type ClusterControllersOptions,
  clusterControllers,
} from 'menwei/cluster/controllers/cluster-controllers.ts';
import { storedResource, TypedRegistry } from 'menwei/cluster/controllers/typed-registry.ts';
import type { StoredKinds } from 'menwei/cluster/kinds/stored-kinds.ts';
import { clusterHooks } from 'menwei/cluster/registry/cluster-hooks.ts';
import { ObjectRegistry } from 'menwei/cluster/registry/object-registry.ts';
import type { Registry } from 'menwei/cluster/registry/registry.ts';
import { apiVersionOf } from 'menwei/cluster/schema/object.ts';
import { openMemoryStore } from 'menwei/cluster/store/local-store.ts';
import type { Store } from 'menwei/cluster/store/store.ts';
import { objectOf } from 'menwei/cluster/store/stored-object.ts';
import { silentLogger } from 'menwei/log/logger.ts';

type Name = keyof StoredKinds;
type Draft = Readonly<Record<string, unknown>>;

interface ControlledClusterOptions {
  /** Services get their addresses from the ServiceCIDRs that are there. */
  readonly allocates?: boolean;
  readonly now?: () => number;
  /** A new one unless given. */
  readonly store?: Store;
  /** The registry that the controllers have: to refuse writes. */
  readonly wrap?: (registry: Registry) => Registry;
  readonly controllers?: Partial<ClusterControllersOptions>;
  /** Names of the components that run; all of them unless given. */
  readonly only?: readonly string[];
}

export class ControlledCluster {
  readonly store: Store;
  readonly registry: Registry;
  readonly #options: ControlledClusterOptions;
  #run: { readonly stop: AbortController; readonly ended: Promise<unknown> } | undefined;

  constructor(options: ControlledClusterOptions = {}) {
    const { allocates = false, now = () => Date.now() } = options;
    this.#options = options;
    this.store = options.store ?? openMemoryStore();
    const services: WriteHook = allocates ? serviceHook(this.store) : {};
    this.registry = new ObjectRegistry({
      store: this.store,
      hooks: clusterHooks(services),
      nowMs: now,
      newUid: () => crypto.randomUUID(),
      random: Math.random,
    });
  }

  /** Resolves when all controllers are ready. */
  async start(): Promise<void> {
    const { wrap = (registry) => registry, controllers = {}, only, now = () => Date.now() } = this.#options;
    const components: readonly Component[] = clusterControllers({
      store: this.store,
      registry: wrap(this.registry),
      logger: silentLogger,
      now,
      serviceClusterIpRanges: ['10.96.0.0/16'],
      apiServer: { advertiseAddress: '192.0.2.10', port: 16443 },
      caCertificate: 'CA',
      ...controllers,
    }).filter(({ name }) => only === undefined || only.includes(name));
    const stop = new AbortController();
    const ready = components.map(() => Promise.withResolvers<void>());
    const runs = components.map((component, index) =>
      component.run(stop.signal, () => ready[index]?.resolve()),
    );
    this.#run = { stop, ended: Promise.all(runs) };
    await Promise.race([Promise.all(ready.map(({ promise }) => promise)), this.#run.ended]);
  }

  /** Rejects if one of the controllers has failed. */
  async stop(): Promise<void> {
    this.#run?.stop.abort();
    await this.#run?.ended;
    this.#run = undefined;
  }

  /** The object has what its kind's defaults leave out. */
  async create(name: Name, object: Draft & { readonly metadata: Draft }): Promise<void> {
    const resource = storedResource(name);
    const header = { kind: resource.kind, apiVersion: apiVersionOf(resource) };
    const { namespace = '' } = object.metadata;
    await this.registry.create(resource, String(namespace), { ...header, ...object });
  }

  /** @param status whether it is `/status` that changes */
  async change<Kind extends Name>(
    name: Kind,
    key: string,
    change: (current: StoredKinds[Kind]) => object,
    status = false,
  ): Promise<void> {
    const [objectName = '', namespace = ''] = key.split('/').reverse();
    await new TypedRegistry(this.registry).change(
      name,
      namespace,
      objectName,
      (current) => ({ ...current, ...change(current) }),
      status ? { subresource: 'status' } : {},
    );
  }

  async delete(name: Name, key: string, options: object = {}): Promise<void> {
    const [objectName = '', namespace = ''] = key.split('/').reverse();
    await this.registry.delete(storedResource(name), namespace, objectName, options);
  }

  get<Kind extends Name>(name: Kind, key: string): StoredKinds[Kind] | undefined {
    const [objectName = '', namespace = ''] = key.split('/').reverse();
    const stored = this.store.get(name, namespace, objectName);
    return stored === undefined ? undefined : objectOf(name, stored);
  }

  list<Kind extends Name>(name: Kind, namespace?: string): readonly StoredKinds[Kind][] {
    return Array.from(this.store.list(name, namespace), (stored) => objectOf(name, stored));
  }

  /** Resolves when nobody has written anything for so long, and nobody is about to. */
  async settled(quietMs = 40): Promise<void> {
    for (let revision = -1; revision !== this.store.revision; ) {
      revision = this.store.revision;
      await new Promise((resolve) => setTimeout(resolve, quietMs));
      // On a machine that was busy, what is due comes after the timer.
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

function serviceHook(store: Store): ServiceHook {
  return new ServiceHook(store, {
    families: ['IPv4', 'IPv6'],
    nodePorts: { first: 30_000, last: 32_767 },
    random: Math.random,
    stamp: { nowMs: Date.now, newUid: () => crypto.randomUUID() },
  });
}
