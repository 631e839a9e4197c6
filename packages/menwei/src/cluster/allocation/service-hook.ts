/**
 * What belongs to the writing of a Service: its ClusterIPs, as IPAddress objects, and its NodePorts. All of it is one transaction
 * with the Service, so that nothing is taken for a Service that is not, and no Service has what is not its own (cluster § 9.5,
 * 9.6).
 *
 * What is taken is what the transaction's objects say. This keeps only what makes the question cheap, and learns it from what was
 * committed; so a transaction that is given up, runs again or was a dry run leaves nothing behind.
 */
import type { Service } from '../kinds/service/fields.ts';
import type { Store, StoreReader, Transaction } from '../store/store.ts';
import { ServiceAddresses } from './addresses.ts';
import type { Random } from './bands.ts';
import { releaseClusterIps, takeClusterIps } from './cluster-ips.ts';
import { type OfferedFamilies, withFamilies } from './families.ts';
import { IP_ADDRESSES, type Stamp } from './ip-address.ts';
import { NodePortPool, type PortRange } from './node-port-pool.ts';
import { takeNodePorts } from './node-ports.ts';
import type { WriteHook } from './write-hook.ts';

export interface ServiceHookOptions {
  /** Of the networks that the flags name: the first one's is the primary. */
  readonly families: OfferedFamilies;
  readonly nodePorts: PortRange;
  readonly random: Random;
  readonly stamp: Stamp;
}

export class ServiceHook implements WriteHook<Service> {
  readonly #families: OfferedFamilies;
  readonly #addresses: ServiceAddresses;
  readonly #ports: NodePortPool;
  readonly #reader: StoreReader;

  constructor(store: Store, { families, nodePorts, random, stamp }: ServiceHookOptions) {
    this.#families = families;
    this.#addresses = new ServiceAddresses(store, random, stamp);
    this.#ports = new NodePortPool(nodePorts, random);
    this.#reader = store.reader(['services', IP_ADDRESSES]);
    this.#learn();
  }

  allocate(transaction: Transaction, service: Service, old: Service | undefined): Service {
    this.#learn();
    const withFamily = withFamilies(service, old, this.#families);
    const withIps = takeClusterIps(transaction, this.#addresses, withFamily, old);
    return takeNodePorts(transaction, this.#ports, withIps, old);
  }

  replaced(transaction: Transaction, service: Service, old: Service): void {
    releaseClusterIps(transaction, service, old);
  }

  removed(transaction: Transaction, old: Service): void {
    releaseClusterIps(transaction, { ...old, spec: {} }, old);
  }

  #learn(): void {
    for (const change of this.#reader.take()) {
      const resource = (change.after ?? change.before)?.resource;
      if (resource === 'services') this.#ports.commit(change);
      else if (change.after !== undefined) this.#addresses.mark(change.after.name, true);
      else if (change.before !== undefined) this.#addresses.mark(change.before.name, false);
    }
  }
}
