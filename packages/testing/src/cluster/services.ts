/** Test support: a cluster with ServiceCIDRs, where Services are written as clients write them. */
import { ServiceHook, type ServiceHookOptions } from 'menwei/cluster/allocation/service-hook.ts';
import type { WriteHook } from 'menwei/cluster/allocation/write-hook.ts';
import { resourceOf } from 'menwei/cluster/kinds/resources.ts';
import type { Service, ServiceSpec } from 'menwei/cluster/kinds/service/fields.ts';
import type { StoredKinds } from 'menwei/cluster/kinds/stored-kinds.ts';
import { ObjectRegistry } from 'menwei/cluster/registry/object-registry.ts';
import type { UpdateOptions } from 'menwei/cluster/registry/registry.ts';
import { StatusError } from 'menwei/cluster/schema/status-error.ts';
import { openMemoryStore } from 'menwei/cluster/store/local-store.ts';
import type { Store } from 'menwei/cluster/store/store.ts';
import { objectOf } from 'menwei/cluster/store/stored-object.ts';

type ServiceCidr = StoredKinds['servicecidrs'];

const SERVICES = resourceOf('', 'services');

interface ServicesOptions extends Partial<ServiceHookOptions> {
  /** Of the ServiceCIDR `kubernetes`. */
  readonly cidrs?: readonly string[];
  readonly store?: Store;
  /** What else is asked before a Service is written, and may refuse it. */
  readonly lastWord?: WriteHook;
}

/** What came of a write: either of the two. */
interface Answer {
  readonly service?: Service;
  readonly refusal?: StatusError['refusal'];
  readonly warnings: readonly string[];
}

export class Services {
  readonly store: Store;
  readonly registry: ObjectRegistry;
  #uids = 0;

  private constructor({ cidrs: _, store = openMemoryStore(), lastWord = {}, ...options }: ServicesOptions) {
    const nowMs = () => Date.parse('2026-01-01T00:00:00Z');
    const newUid = () => `uid-${++this.#uids}`;
    const hook = new ServiceHook(store, {
      families: ['IPv4', 'IPv6'],
      nodePorts: { first: 30_000, last: 32_767 },
      random: Math.random,
      stamp: { nowMs, newUid },
      ...options,
    });
    this.store = store;
    this.registry = new ObjectRegistry({
      store,
      hooks: { services: [hook, lastWord] },
      nowMs,
      newUid,
      random: Math.random,
    });
  }

  static async open(options: ServicesOptions = {}): Promise<Services> {
    const services = new Services(options);
    const namespace = {
      kind: 'Namespace',
      apiVersion: 'v1',
      metadata: { name: 'default', uid: 'uid-default' },
    };
    await services.store.transact((transaction) => transaction.put('namespaces', namespace));
    await services.putCidr('kubernetes', options.cidrs ?? ['10.96.0.0/16', 'fd00:96::/112']);
    return services;
  }

  /** As its controller leaves it. */
  async putCidr(name: string, cidrs: readonly string[], isReady = true): Promise<void> {
    const serviceCidr: ServiceCidr = {
      kind: 'ServiceCIDR',
      apiVersion: 'networking.k8s.io/v1',
      metadata: { name, uid: `uid-${name}` },
      spec: { cidrs },
      status: {
        conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False', reason: '', message: '' }],
      },
    };
    await this.store.transact((transaction) => transaction.put('servicecidrs', serviceCidr));
  }

  /** PUT, in the namespace `default`: creates it, or replaces its spec. */
  async put(name: string, spec: ServiceSpec, options: UpdateOptions & PutOptions = {}): Promise<Answer> {
    const { annotations, ...updateOptions } = options;
    const metadata = { name, namespace: 'default', ...(annotations === undefined ? {} : { annotations }) };
    const service: Service = { kind: 'Service', apiVersion: 'v1', metadata, spec };
    try {
      const { stored, warnings } = await this.registry.update(
        SERVICES,
        'default',
        name,
        service,
        updateOptions,
      );
      return { service: objectOf('services', stored), warnings };
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return { refusal: error.refusal, warnings: [] };
    }
  }

  async delete(name: string, isDryRun = false): Promise<void> {
    await this.registry.delete(SERVICES, 'default', name, { isDryRun });
  }

  all(): readonly Service[] {
    return Array.from(this.store.list('services'), (stored) => objectOf('services', stored));
  }

  /** Which Service of `default` each IPAddress is of, by the address. */
  addresses(): ReadonlyMap<string, string | undefined> {
    const entries = Array.from(this.store.list('ipaddresses'), (stored) => {
      const { spec } = objectOf('ipaddresses', stored);
      return [stored.name, spec?.parentRef?.name] as const;
    });
    return new Map(entries);
  }
}

interface PutOptions {
  readonly annotations?: Readonly<Record<string, string>>;
}
