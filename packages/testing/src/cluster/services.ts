/** A store with one ServiceCIDR, and Services that are written to it as the registry does: rules, allocation, validation. */

import { ServiceHook, type ServiceHookOptions } from 'menwei/cluster/allocation/service-hook.ts';
import { resourceOf } from 'menwei/cluster/kinds/resources.ts';
import type { Service } from 'menwei/cluster/kinds/service/fields.ts';
import { SERVICE_RULES } from 'menwei/cluster/kinds/service/service.ts';
import type { StoredKinds } from 'menwei/cluster/kinds/stored-kinds.ts';
import { objectInvalid, StatusError } from 'menwei/cluster/schema/status-error.ts';
import { openMemoryStore } from 'menwei/cluster/store/local-store.ts';
import type { Store, Transaction } from 'menwei/cluster/store/store.ts';
import { objectOf } from 'menwei/cluster/store/stored-object.ts';

const SERVICES = resourceOf('', 'services');

/** Either of the two. */
export interface Answer {
  readonly service?: Service;
  readonly refusal?: StatusError['refusal'];
  readonly warnings: readonly string[];
}

export function serviceCidr(
  name: string,
  cidrs: readonly string[],
  isReady = true,
): StoredKinds['servicecidrs'] {
  const condition = { type: 'Ready', status: isReady ? 'True' : 'False', reason: '', message: '' };
  return {
    kind: 'ServiceCIDR',
    apiVersion: 'networking.k8s.io/v1',
    metadata: { name, uid: name },
    spec: { cidrs },
    status: { conditions: [condition] },
  };
}

export interface ServicesOptions extends Partial<ServiceHookOptions> {
  readonly cidrs?: readonly string[];
}

export function openServices({
  cidrs = ['10.96.0.0/16', 'fd00:96::/112'],
  ...options
}: ServicesOptions = {}) {
  const store = openMemoryStore();
  void store.transact((transaction) => transaction.put('servicecidrs', serviceCidr('kubernetes', cidrs)));
  return new Services(store, options);
}

export class Services {
  readonly store: Store;
  readonly hook: ServiceHook;

  constructor(store: Store, options: Partial<ServiceHookOptions>) {
    this.store = store;
    this.hook = new ServiceHook(store, {
      families: ['IPv4', 'IPv6'],
      nodePorts: { first: 30_000, last: 32_767 },
      random: (end) => Math.floor(Math.random() * end),
      stamp: { now: () => '2026-01-01T00:00:00Z', uid: () => 'uid' },
      ...options,
    });
  }

  /** Creates or updates. */
  put(service: Service): Promise<Answer> {
    return this.#answer(() => this.store.transact((transaction) => this.write(transaction, service)));
  }

  rehearse(service: Service): Promise<Answer> {
    return this.#answer(async () => this.store.rehearse((transaction) => this.write(transaction, service)));
  }

  delete(namespace: string, name: string): Promise<void> {
    return this.store.transact((transaction) => {
      const stored = transaction.delete('services', namespace, name);
      this.hook.removed(transaction, objectOf('services', stored));
    });
  }

  /** @throws StatusError */
  write(transaction: Transaction, sent: Service): Answer {
    const { namespace = '', name = '' } = sent.metadata;
    const stored = transaction.get('services', namespace, name);
    const old = stored === undefined ? undefined : objectOf('services', stored);
    const { prepareForCreate, prepareForUpdate, defaults, validate, warnings } = SERVICE_RULES;
    const prepared = old === undefined ? prepareForCreate?.(sent, 0) : prepareForUpdate?.(sent, old);
    const service = this.hook.allocate(transaction, defaults(prepared ?? sent), old);
    const errors = validate(service, old);
    if (errors.length > 0) throw objectInvalid(SERVICES, name, errors);
    transaction.put('services', service);
    if (old !== undefined) this.hook.replaced(transaction, service, old);
    return { service, warnings: warnings?.(service, old) ?? [] };
  }

  async #answer(work: () => Promise<Answer>): Promise<Answer> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return { refusal: error.refusal, warnings: [] };
    }
  }
}
