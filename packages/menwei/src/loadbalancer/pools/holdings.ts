/** Which addresses are taken: by whom, in which pools, and which of them a machine that is not of the cluster has. */
import { familyOf, type IpFamily, ipFromNumber, ipToNumber } from '@menwei/addresses/ip.ts';
import type { AddressPool } from '../../kubernetes/load-balancer-objects.ts';
import { AddressUse } from './address-use.ts';
import type { AddressRequest } from './allocation.ts';
import type { Holdings } from './choice.ts';
import { type KnownPool, PoolCatalog } from './pool-catalog.ts';
import { Quarantine } from './quarantine.ts';
import { SortedSet } from './sorted-set.ts';

export class HeldAddresses implements Holdings {
  #catalog = new PoolCatalog([]);
  readonly #uses = new Map<string, AddressUse>();
  /** Of each pool and key. */
  #shared = new Map<KnownPool, Map<string, SortedSet<AddressUse>>>();
  readonly #quarantine = new Quarantine();

  get catalog(): PoolCatalog {
    return this.#catalog;
  }

  useOf(address: string): AddressUse | undefined {
    return this.#uses.get(address);
  }

  foreignMac(address: string): string | undefined {
    return this.#quarantine.macOf(address);
  }

  get quarantineEndsAtMs(): number | undefined {
    return this.#quarantine.endsAtMs;
  }

  *sharedIn(pool: KnownPool, family: IpFamily, key: string): Generator<AddressUse> {
    yield* this.#shared.get(pool)?.get(sharedKey(family, key)) ?? [];
  }

  /** Everything that is taken, or was lately, is so in the new pools. */
  setPools(pools: readonly AddressPool[]): void {
    const cooling = this.#catalog.pools.flatMap(({ free }) => [...coolingOf(free)]);
    this.#catalog = new PoolCatalog(pools);
    this.#shared = new Map();
    for (const [address, use] of this.#uses) {
      const moved = new AddressUse(address, this.#catalog.poolsWith(address));
      for (const holder of use.holders) moved.join(holder);
      this.#uses.set(address, moved);
      this.#take(moved);
      this.#index(moved);
    }
    for (const address of this.#quarantine.addresses) this.#takeIn(address);
    for (const { address, releasedAtMs } of cooling.sort((a, b) => a.releasedAtMs - b.releasedAtMs)) {
      if (!this.#uses.has(address) && this.foreignMac(address) === undefined)
        this.#cool(address, releasedAtMs);
    }
  }

  join(address: string, request: AddressRequest): void {
    let use = this.#uses.get(address);
    if (use === undefined) {
      use = new AddressUse(address, this.#catalog.poolsWith(address));
      this.#uses.set(address, use);
      this.#take(use);
    }
    use.join(request);
    this.#index(use);
  }

  /** Whether nobody has it any more. */
  leave(address: string, service: string, nowMs: number): boolean {
    const use = this.#uses.get(address);
    if (use === undefined) return false;
    this.#unindex(use);
    use.leave(service);
    if (use.oldest !== undefined) {
      this.#index(use);
      return false;
    }
    this.#uses.delete(address);
    if (this.foreignMac(address) === undefined) {
      for (const { free } of use.pools) free[familyOf(address)].release(ipToNumber(address), nowMs);
    }
    return true;
  }

  /** The next ones are given instead; who has it keeps it until told to leave. */
  quarantine(address: string, untilMs: number, mac: string): void {
    this.#quarantine.add(address, untilMs, mac);
    this.#takeIn(address);
  }

  /** Those that may be given again from now on. */
  endQuarantines(nowMs: number): readonly string[] {
    const ended = this.#quarantine.end(nowMs);
    for (const address of ended) {
      for (const { free } of this.#catalog.poolsWith(address)) {
        free[familyOf(address)].forget(ipToNumber(address));
      }
    }
    return ended;
  }

  #takeIn(address: string): void {
    for (const { free } of this.#catalog.poolsWith(address)) {
      free[familyOf(address)].take(ipToNumber(address));
    }
  }

  #take({ address, pools }: AddressUse): void {
    for (const { free } of pools) free[familyOf(address)].take(ipToNumber(address));
  }

  #cool(address: string, releasedAtMs: number): void {
    for (const { free } of this.#catalog.poolsWith(address)) {
      const addresses = free[familyOf(address)];
      addresses.take(ipToNumber(address));
      addresses.release(ipToNumber(address), releasedAtMs);
    }
  }

  #index(use: AddressUse): void {
    if (use.key === undefined) return;
    const key = sharedKey(familyOf(use.address), use.key);
    for (const pool of use.pools) {
      const byKey = this.#shared.get(pool) ?? new Map<string, SortedSet<AddressUse>>();
      const uses = byKey.get(key) ?? new SortedSet(compareAddress);
      uses.add(use);
      this.#shared.set(pool, byKey.set(key, uses));
    }
  }

  #unindex(use: AddressUse): void {
    if (use.key === undefined) return;
    const key = sharedKey(familyOf(use.address), use.key);
    for (const pool of use.pools) {
      const byKey = this.#shared.get(pool);
      const uses = byKey?.get(key);
      uses?.delete(use);
      if (uses?.size === 0) byKey?.delete(key);
    }
  }
}

function sharedKey(family: IpFamily, key: string): string {
  return `${family} ${key}`;
}

/** Of one family. */
function compareAddress(a: AddressUse, b: AddressUse): number {
  return a.number < b.number ? -1 : Number(a.number > b.number);
}

function* coolingOf(free: KnownPool['free']) {
  for (const family of ['IPv4', 'IPv6'] as const) {
    for (const [number, releasedAtMs] of free[family].cooling) {
      yield { address: ipFromNumber(number, family), releasedAtMs };
    }
  }
}
