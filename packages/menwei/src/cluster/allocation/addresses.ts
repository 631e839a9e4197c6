/**
 * Addresses of Services. One is taken while an IPAddress of its name exists (cluster § 9.5): the transaction is asked, which
 * sees what is not committed yet and forgets what is given up. The pools beside it only save looking at each address.
 */
import { type Cidr, familyOf, type IpFamily, parseCidr, parseIp } from '@menwei/addresses/ip.ts';
import { isReady } from '../kinds/conditions.ts';
import { type Service, specOf } from '../kinds/service/fields.ts';
import { invalid } from '../schema/field-error.ts';
import { internalError } from '../schema/status-error.ts';
import type { StoredObject, StoreView, Transaction } from '../store/store.ts';
import { objectOf } from '../store/stored-object.ts';
import { AddressPool } from './address-pool.ts';
import type { Random } from './bands.ts';
import { IP_ADDRESSES, newIpAddress, type Stamp } from './ip-address.ts';
import { refusal } from './refusal.ts';

/** The ServiceCIDR that the flags describe. */
const DEFAULT_SERVICE_CIDR = 'kubernetes';

export class ServiceAddresses {
  readonly #committed: StoreView;
  readonly #random: Random;
  readonly #stamp: Stamp;
  /** By network. */
  #pools = new Map<string, AddressPool>();
  /** An object in the store does not change: what it was read as holds. */
  readonly #cidrs = new WeakMap<StoredObject, readonly Cidr[]>();

  /** @param committed the store itself */
  constructor(committed: StoreView, random: Random, stamp: Stamp) {
    this.#committed = committed;
    this.#random = random;
    this.#stamp = stamp;
    // Now, rather than when the first Service waits for it.
    this.#readyNetworks(committed);
  }

  /** What was committed about an IPAddress. */
  mark(ip: string, isTaken: boolean): void {
    for (const pool of this.#pools.values()) pool.mark(ip, isTaken);
  }

  /** @param wanted as the client wrote it @throws StatusError */
  take(transaction: Transaction, service: Service, wanted: string): void {
    const ip = parseIp(wanted) ?? wanted;
    const isInside = this.#readyPools(transaction, familyOf(ip)).some((pool) => pool.canHold(ip));
    const why = isInside
      ? 'provided IP is already allocated'
      : 'the provided network does not match the current range';
    if (!isInside || isTaken(transaction, ip)) {
      const { clusterIPs } = specOf(service);
      throw refusal(service, [
        invalid('spec.clusterIPs', clusterIPs, `failed to allocate IP ${wanted}: ${why}`),
      ]);
    }
    transaction.put(IP_ADDRESSES, newIpAddress(ip, service, this.#stamp));
  }

  /** @throws StatusError all are taken */
  takeAny(transaction: Transaction, service: Service, family: IpFamily): string {
    for (const pool of this.#readyPools(transaction, family)) {
      const ip = pool.findFree(this.#random, (candidate) => isTaken(transaction, candidate));
      if (ip === undefined) continue;
      transaction.put(IP_ADDRESSES, newIpAddress(ip, service, this.#stamp));
      return ip;
    }
    const name = JSON.stringify(service.metadata.name ?? '');
    throw internalError(`failed to allocate a serviceIP for Service ${name}: range is full`);
  }

  /** Of the flags first, so that others are used when it is full. */
  #readyPools(view: StoreView, family: IpFamily): readonly AddressPool[] {
    return this.#readyNetworks(view)
      .filter((cidr) => cidr.family === family)
      .flatMap((cidr) => this.#pools.get(cidr.text) ?? []);
  }

  #readyNetworks(view: StoreView): readonly Cidr[] {
    const networks = [...view.list('servicecidrs')]
      .sort((a, b) => rank(a) - rank(b))
      .flatMap((stored) => this.#readyCidrs(stored));
    this.#keepPoolsOf(networks);
    return networks;
  }

  #readyCidrs(stored: StoredObject): readonly Cidr[] {
    const known = this.#cidrs.get(stored);
    if (known !== undefined) return known;
    const { spec, status } = objectOf('servicecidrs', stored);
    const cidrs =
      isReady(status) && !stored.isBeingDeleted
        ? (spec?.cidrs ?? []).flatMap((text) => parseCidr(text) ?? [])
        : [];
    this.#cidrs.set(stored, cidrs);
    return cidrs;
  }

  #keepPoolsOf(networks: readonly Cidr[]): void {
    const isSame =
      networks.length === this.#pools.size && networks.every(({ text }) => this.#pools.has(text));
    if (isSame) return;
    this.#pools = new Map(
      networks.map((cidr) => [cidr.text, this.#pools.get(cidr.text) ?? this.#newPool(cidr)]),
    );
  }

  #newPool(cidr: Cidr): AddressPool {
    const pool = new AddressPool(cidr);
    for (const { name } of this.#committed.list(IP_ADDRESSES)) pool.mark(name, true);
    return pool;
  }
}

function isTaken(transaction: Transaction, ip: string): boolean {
  return transaction.get(IP_ADDRESSES, '', ip) !== undefined;
}

function rank({ name }: StoredObject): number {
  return name === DEFAULT_SERVICE_CIDR ? 0 : 1;
}
