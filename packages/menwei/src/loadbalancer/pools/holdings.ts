/** Which addresses are taken: by whom, in which pools, and which of them a node or a machine that is not of the cluster has. */
import { familyOf, IP_FAMILIES, type IpFamily, ipFromNumber, ipToNumber } from '@menwei/addresses/ip.ts';
import type { AddressPool } from '../../kubernetes/load-balancer-objects.ts';
import { AddressUse } from './address-use.ts';
import type { AddressRequest } from './allocation.ts';
import type { Holdings } from './choice.ts';
import type { FreeAddresses, Release } from './free-addresses.ts';
import { type KnownPool, PoolCatalog } from './pool-catalog.ts';
import { Quarantine } from './quarantine.ts';
import { SharedAddresses } from './shared-addresses.ts';
import { type Topic, topicOfFullness } from './waiting.ts';

interface Touched {
  readonly topic: Topic;
  readonly wasFull: boolean;
  /** Some were told the one, some the other. */
  readonly wasOther: boolean;
}

export class HeldAddresses implements Holdings {
  #catalog = new PoolCatalog([]);
  readonly #uses = new Map<string, AddressUse>();
  #shared = new SharedAddresses();
  readonly #quarantine = new Quarantine();
  /** Names of nodes by their own addresses. */
  #nodes: ReadonlyMap<string, string> = new Map();
  #releases = 0;
  /** Since the flips were taken. */
  readonly #touched = new Map<FreeAddresses, Touched>();

  get catalog(): PoolCatalog {
    return this.#catalog;
  }

  useOf(address: string): AddressUse | undefined {
    return this.#uses.get(address);
  }

  outsider(address: string): string | undefined {
    const node = this.#nodes.get(address);
    if (node !== undefined) return `node ${node}, whose own address it is`;
    const mac = this.#quarantine.macOf(address);
    return mac === undefined ? undefined : `a machine with the MAC address ${mac}`;
  }

  get quarantineEndsAtMs(): number | undefined {
    return this.#quarantine.endsAtMs;
  }

  /** Addresses that no Service may have. */
  get reserved(): Iterable<string> {
    return new Set([...this.#quarantine.addresses, ...this.#nodes.keys()]);
  }

  sharedWith(request: AddressRequest, pool: KnownPool, family: IpFamily): AddressUse | undefined {
    return this.#shared.lowestFor(request, pool, family);
  }

  /** Everything that is taken, or was lately, is so in the new pools. */
  setPools(pools: readonly AddressPool[]): void {
    const cooling = new Map(this.#catalog.pools.flatMap(({ free }) => [...coolingOf(free)]));
    this.#catalog = new PoolCatalog(pools);
    this.#shared = new SharedAddresses();
    this.#touched.clear();
    for (const [address, use] of this.#uses) {
      const moved = new AddressUse(address, this.#catalog.poolsWith(address));
      for (const holder of use.holders) moved.join(holder);
      this.#uses.set(address, moved);
      this.#take(address, moved.pools);
      this.#shared.add(moved);
    }
    for (const address of this.reserved) this.#take(address, this.#catalog.poolsWith(address));
    for (const [address, release] of [...cooling].sort(([, a], [, b]) => a.order - b.order)) {
      if (!this.#uses.has(address) && this.outsider(address) === undefined) this.#cool(address, release);
    }
  }

  join(address: string, request: AddressRequest): void {
    let use = this.#uses.get(address);
    if (use === undefined) {
      use = new AddressUse(address, this.#catalog.poolsWith(address));
      this.#uses.set(address, use);
      this.#take(address, use.pools);
    }
    this.#shared.delete(use);
    use.join(request);
    this.#shared.add(use);
  }

  /** Whether nobody has it any more. */
  leave(address: string, service: string, nowMs: number): boolean {
    const use = this.#uses.get(address);
    if (use === undefined) return false;
    this.#shared.delete(use);
    use.leave(service);
    if (use.oldest !== undefined) {
      this.#shared.add(use);
      return false;
    }
    this.#uses.delete(address);
    if (this.outsider(address) === undefined) {
      this.#releases += 1;
      const release = { atMs: nowMs, order: this.#releases };
      this.#inEach(use.pools, address, (free, number) => free.release(number, release));
    }
    return true;
  }

  /** The next ones are given instead; who has it keeps it until told to leave. */
  quarantine(address: string, untilMs: number, mac: string): void {
    this.#quarantine.add(address, untilMs, mac);
    this.#take(address, this.#catalog.poolsWith(address));
  }

  /** Those that may be given again from now on. */
  endQuarantines(nowMs: number): readonly string[] {
    const ended = this.#quarantine.end(nowMs);
    return ended.filter((address) => this.#forgetFree(address));
  }

  /**
   * Nobody else may have what is a node's own; who has it keeps it until told to leave.
   *
   * @param nodes names by address
   */
  setNodes(nodes: ReadonlyMap<string, string>): {
    readonly taken: readonly string[];
    readonly freed: readonly string[];
  } {
    const before = this.#nodes;
    this.#nodes = nodes;
    const taken = [...nodes.keys()].filter((address) => !before.has(address));
    for (const address of taken) this.#take(address, this.#catalog.poolsWith(address));
    const left = [...before.keys()].filter((address) => !nodes.has(address));
    return { taken, freed: left.filter((address) => this.#forgetFree(address)) };
  }

  /** Whether nobody has it any more. */
  #forgetFree(address: string): boolean {
    if (this.#uses.has(address) || this.outsider(address) !== undefined) return false;
    this.#inEach(this.#catalog.poolsWith(address), address, (free, number) => free.forget(number));
    return true;
  }

  /** Somebody has been told what is so now about the fullness that these topics mean. */
  noteFullness(topics: readonly Topic[]): void {
    for (const topic of topics) {
      const free = this.#catalog.fullnessOf(topic);
      if (free === undefined) continue;
      const touched = this.#touched.get(free);
      const wasOther = touched !== undefined && (touched.wasOther || touched.wasFull !== free.isFull);
      this.#touched.set(free, { topic, wasFull: free.isFull, wasOther });
    }
  }

  /** Where somebody was told of a fullness that is another one now. */
  takeFlips(): readonly Topic[] {
    const flipped = [...this.#touched].filter(
      ([free, { wasFull, wasOther }]) => wasOther || free.isFull !== wasFull,
    );
    this.#touched.clear();
    return flipped.map(([, { topic }]) => topic);
  }

  #take(address: string, pools: readonly KnownPool[]): void {
    this.#inEach(pools, address, (free, number) => free.take(number));
  }

  #cool(address: string, release: Release): void {
    this.#inEach(this.#catalog.poolsWith(address), address, (free, number) => {
      free.take(number);
      free.release(number, release);
    });
  }

  #inEach(
    pools: readonly KnownPool[],
    address: string,
    change: (free: FreeAddresses, number: bigint) => void,
  ): void {
    const family = familyOf(address);
    for (const { pool, free } of pools) {
      const addresses = free[family];
      if (!this.#touched.has(addresses)) {
        const topic = topicOfFullness(pool, family);
        this.#touched.set(addresses, { topic, wasFull: addresses.isFull, wasOther: false });
      }
      change(addresses, ipToNumber(address));
    }
  }
}

function* coolingOf(free: KnownPool['free']): Generator<readonly [string, Release]> {
  for (const family of IP_FAMILIES) {
    for (const [number, release] of free[family].cooling) yield [ipFromNumber(number, family), release];
  }
}
