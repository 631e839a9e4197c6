/**
 * Load-balancer § 4.4 in the plainest form: after each event every Service is looked at, the oldest first, until nothing changes,
 * and every address of every pool is looked at for each. The allocator must come to the same.
 */
import { familyOf, type IpFamily, ipFromNumber, ipToNumber } from '@menwei/addresses/ip.ts';
import { matches } from 'menwei/kubernetes/label-selector.ts';
import type { AddressPool } from 'menwei/kubernetes/load-balancer-objects.ts';
import type { AddressRequest, PendingReason } from 'menwei/loadbalancer/pools/allocation.ts';

interface SlowService {
  request: AddressRequest;
  addresses: string[];
  reason: PendingReason | undefined;
}

/** One address that a Service is to have; an empty text: any. */
interface Slot {
  readonly family: IpFamily;
  readonly address: string;
}

const COOL_DOWN_MS = 60_000;

export class SlowAllocation {
  pools: readonly AddressPool[] = [];
  readonly services: SlowService[] = [];
  /** The longest-released first. */
  readonly #released: { readonly address: string; readonly atMs: number }[] = [];
  readonly quarantined = new Map<string, number>();
  #nowMs = 0;

  setPools(pools: readonly AddressPool[], nowMs: number): void {
    this.#at(nowMs);
    this.pools = pools;
    const kept = this.#released.filter(({ address }) => this.#having(address).length > 0);
    this.#released.splice(0, Number.POSITIVE_INFINITY, ...kept);
    for (const service of this.services) this.#giveUp(service);
    this.#settle();
  }

  put(request: AddressRequest, nowMs: number): void {
    this.#at(nowMs);
    const known = this.services.find(({ request: { service } }) => service === request.service);
    if (known === undefined) this.#adopt(request);
    else this.#change(known, request);
    this.#decide(this.#find(request.service));
    this.#settle();
  }

  remove(service: string, nowMs: number): void {
    this.#at(nowMs);
    const index = this.services.findIndex(({ request }) => request.service === service);
    const [gone] = index < 0 ? [] : this.services.splice(index, 1);
    for (const address of gone?.addresses ?? []) this.#release(address);
    this.#settle();
  }

  quarantine(address: string, untilMs: number, nowMs: number): void {
    this.#at(nowMs);
    this.quarantined.set(address, Math.max(untilMs, this.quarantined.get(address) ?? 0));
    this.#forget(address);
    for (const holder of this.#holders(address)) {
      holder.addresses = holder.addresses.filter((other) => other !== address);
    }
    this.#settle();
  }

  passTime(nowMs: number): void {
    this.#at(nowMs);
    this.#settle();
  }

  #at(nowMs: number): void {
    this.#nowMs = nowMs;
    for (const [address, untilMs] of this.quarantined) {
      if (untilMs <= nowMs) this.quarantined.delete(address);
    }
  }

  #find(service: string): SlowService {
    const found = this.services.find(({ request }) => request.service === service);
    if (found === undefined) throw new Error(`BUG: ${service} is not there`);
    return found;
  }

  #adopt(request: AddressRequest): void {
    const addresses = [...new Set(request.held)].filter(
      (address) =>
        !this.quarantined.has(address) &&
        this.#holders(address).every((other) => mayShare(request, other.request) === undefined),
    );
    for (const address of addresses) this.#forget(address);
    this.services.push({ request, addresses, reason: undefined });
    this.services.sort((a, b) => (isOlder(a.request, b.request) ? -1 : 1));
  }

  /** What it does not ask for any more, before anything is given to anybody. */
  #giveUp(service: SlowService): void {
    const kept = this.#kept(service);
    const given = service.addresses.filter((address) => !kept.includes(address));
    service.addresses = service.addresses.filter((address) => kept.includes(address));
    for (const address of given) this.#release(address);
  }

  /** Of two that can't share any more, the older keeps it. */
  #change(service: SlowService, request: AddressRequest): void {
    service.request = request;
    this.#giveUp(service);
    for (const address of service.addresses) {
      const foes = this.#holders(address).filter(
        (other) => other !== service && mayShare(request, other.request) !== undefined,
      );
      const losers = foes.some((other) => isOlder(other.request, request)) ? [service] : foes;
      for (const loser of losers) {
        loser.addresses = loser.addresses.filter((other) => other !== address);
      }
    }
  }

  #settle(): void {
    for (;;) if (!this.services.some((service) => this.#decide(service))) return;
  }

  /** Whether it has other addresses now. */
  #decide(service: SlowService): boolean {
    const before = service.addresses;
    const { addresses, reason } = this.#choose(service);
    service.addresses = addresses;
    service.reason = reason ?? this.#standingReason(service);
    for (const address of before) if (!addresses.includes(address)) this.#release(address);
    for (const address of addresses) this.#forget(address);
    return before.join() !== addresses.join();
  }

  #slots({ request }: SlowService): readonly Slot[] | undefined {
    const families = request.familyPolicy === 'SingleStack' ? request.families.slice(0, 1) : request.families;
    const isForeign = request.addresses.some((address) => !families.includes(familyOf(address)));
    if (request.invalid !== undefined || isForeign) return undefined;
    return families.flatMap((family) => {
      const named = request.addresses.filter((address) => familyOf(address) === family);
      return named.length > 0 ? named.map((address) => ({ family, address })) : [{ family, address: '' }];
    });
  }

  #kept(service: SlowService): readonly (string | undefined)[] {
    const { request, addresses } = service;
    const slots = this.#slots(service);
    if (slots === undefined) return addresses;
    return slots.map(({ family, address }) =>
      addresses.find((other) => (address === '' ? this.#mayStay(other, family, request) : other === address)),
    );
  }

  #choose(service: SlowService): {
    readonly addresses: string[];
    readonly reason: PendingReason | undefined;
  } {
    const { request } = service;
    const slots = this.#slots(service);
    if (slots === undefined) return { addresses: service.addresses, reason: 'InvalidRequest' };
    const kept = this.#kept(service);
    const isOptional = (slot: Slot) =>
      request.familyPolicy === 'PreferDualStack' && slots.length > 1 && slot.address === '';
    const found = this.#fill(slots, kept, request);
    const failed = slots.filter((_, index) => found[index] === undefined);
    const needed = failed.filter((slot) => !isOptional(slot));
    const blocked = [
      ...needed.filter(({ address }) => address !== ''),
      ...needed.filter(({ address }) => address === ''),
    ];
    const result = (blocked.length > 0 ? kept : found).filter((address) => address !== undefined);
    const [first] = blocked.length > 0 || result.length > 0 ? blocked : failed;
    if (first === undefined) return { addresses: result, reason: undefined };
    const { address, family } = first;
    const reason = address === '' ? this.#whyNone(family, request) : this.#whyNot(address, request);
    return { addresses: result, reason };
  }

  #mayStay(address: string, family: IpFamily, request: AddressRequest): boolean {
    if (familyOf(address) !== family) return false;
    const having = this.#having(address);
    return request.pool === '' || having.length === 0 || having.some(({ name }) => name === request.pool);
  }

  #fill(
    slots: readonly Slot[],
    kept: readonly (string | undefined)[],
    request: AddressRequest,
  ): readonly (string | undefined)[] {
    const result = slots.map(({ address }, index) => {
      if (kept[index] !== undefined) return kept[index];
      return address !== '' && this.#whyNot(address, request) === undefined ? address : undefined;
    });
    const near = result.flatMap((address) => (address === undefined ? [] : this.#having(address)));
    const willing = this.#willing(request);
    const pools = [
      ...willing.filter((pool) => near.includes(pool)),
      ...willing.filter((pool) => !near.includes(pool)),
    ];
    const open = slots.flatMap(({ address }, index) =>
      address === '' && result[index] === undefined ? [index] : [],
    );
    const pick = (pool: AddressPool, index: number) =>
      this.#pick(pool, slots[index]?.family ?? 'IPv4', request);
    const whole = pools.find((pool) => open.every((index) => pick(pool, index) !== undefined));
    for (const index of open) {
      const pool = whole ?? pools.find((candidate) => pick(candidate, index) !== undefined);
      result[index] = pool && pick(pool, index);
    }
    return result;
  }

  #pick(pool: AddressPool, family: IpFamily, request: AddressRequest): string | undefined {
    const all = addressesOf(pool, family).filter((address) => !this.quarantined.has(address));
    const shared = all.find(
      (address) =>
        request.sharing !== undefined && this.#holders(address).length > 0 && this.#mayJoin(address, request),
    );
    const free = all.filter((address) => this.#holders(address).length === 0);
    const isCool = (address: string) =>
      !this.#released.some((entry) => entry.address === address && this.#nowMs - entry.atMs < COOL_DOWN_MS);
    const longest = this.#released.find(({ address }) => free.includes(address))?.address;
    return shared ?? free.find(isCool) ?? longest;
  }

  #mayJoin(address: string, request: AddressRequest): boolean {
    return this.#whyNotJoin(address, request) === undefined;
  }

  #whyNotJoin(address: string, request: AddressRequest): PendingReason | undefined {
    const others = this.#holders(address).map((other) => other.request);
    const [oldest] = others;
    if (oldest === undefined) return undefined;
    const wrongKey = mayShare(request, oldest);
    if (wrongKey === 'SharingKeyMismatch' || request.sharing === undefined) return wrongKey;
    const refusals = others.map((other) => mayShare(request, other));
    const refusal =
      refusals.find((why) => why === 'AddressInUse') ?? refusals.find((why) => why !== undefined);
    return refusal ?? (haveCommonNode([...others, request]) ? undefined : 'NoEligibleNode');
  }

  #whyNot(address: string, request: AddressRequest): PendingReason | undefined {
    if (this.pools.length === 0) return 'NoPool';
    const having = this.#having(address);
    if (having.length === 0) return 'AddressOutsidePools';
    const asked = having.filter(({ name }) => request.pool === '' || name === request.pool);
    const isGiven = asked.some(
      (pool) => !this.#isInError(pool) && pool.allowExplicit && isFor(pool, request),
    );
    if (!isGiven) return 'NoMatchingPool';
    return this.quarantined.has(address) ? 'AddressInUse' : this.#whyNotJoin(address, request);
  }

  #whyNone(family: IpFamily, request: AddressRequest): PendingReason {
    if (this.pools.length === 0) return 'NoPool';
    const willing = this.#willing(request);
    if (willing.length === 0) return 'NoMatchingPool';
    return willing.some((pool) => addressesOf(pool, family).length > 0)
      ? 'PoolExhausted'
      : 'FamilyUnavailable';
  }

  #standingReason({ addresses, request }: SlowService): PendingReason | undefined {
    for (const address of addresses) {
      const pools = this.#having(address);
      const isFine = pools.some((pool) => isFor(pool, request));
      if (!isFine) return 'AddressOutsidePools';
      const holders = this.#holders(address).map((holder) => holder.request);
      if (!haveCommonNode(holders) && holders[0]?.service !== request.service) return 'NoEligibleNode';
    }
    return undefined;
  }

  #willing(request: AddressRequest): readonly AddressPool[] {
    const turn = ({ serviceAllocation }: AddressPool) =>
      serviceAllocation === undefined ? 1e9 : serviceAllocation.priority || 1e8;
    return this.pools
      .filter((pool) => (request.pool === '' ? pool.autoAssign : pool.name === request.pool))
      .filter((pool) => !this.#isInError(pool) && isFor(pool, request))
      .sort((a, b) => turn(a) - turn(b) || (a.name < b.name ? -1 : 1));
  }

  #isInError(pool: AddressPool): boolean {
    return this.pools.some(
      (older) =>
        older !== pool &&
        (older.createdAtMs - pool.createdAtMs || (older.name < pool.name ? -1 : 1)) < 0 &&
        older.ranges.some((a) => pool.ranges.some((b) => overlap(a, b))),
    );
  }

  #having(address: string): readonly AddressPool[] {
    return this.pools.filter((pool) => addressesOf(pool, familyOf(address)).includes(address));
  }

  #holders(address: string): readonly SlowService[] {
    return this.services.filter(({ addresses }) => addresses.includes(address));
  }

  #release(address: string): void {
    this.#forget(address);
    if (this.#holders(address).length > 0 || this.#having(address).length === 0) return;
    if (!this.quarantined.has(address)) this.#released.push({ address, atMs: this.#nowMs });
  }

  #forget(address: string): void {
    const index = this.#released.findIndex((entry) => entry.address === address);
    if (index >= 0) this.#released.splice(index, 1);
  }
}

/** Why not, without their nodes; undefined: they may. */
export function mayShare(a: AddressRequest, b: AddressRequest): PendingReason | undefined {
  if (a.sharing === undefined) return 'AddressInUse';
  if (b.sharing === undefined || b.sharing.key !== a.sharing.key) return 'SharingKeyMismatch';
  const isIn = (one: AddressRequest, { namespace }: AddressRequest) =>
    one.namespace === namespace ||
    one.sharing?.namespaces === 'all' ||
    one.sharing?.namespaces.includes(namespace) === true;
  if (!isIn(a, b) || !isIn(b, a)) return 'AddressInUse';
  const isSamePort = a.ports.some((port) =>
    b.ports.some((other) => other.port === port.port && other.protocol === port.protocol),
  );
  return isSamePort ? 'PortConflict' : undefined;
}

function haveCommonNode(requests: readonly AddressRequest[]): boolean {
  const sets = requests.flatMap(({ localNodes }) =>
    localNodes === undefined || localNodes.size === 0 ? [] : [localNodes],
  );
  const [first] = sets;
  return first === undefined || [...first].some((node) => sets.every((nodes) => nodes.has(node)));
}

function isOlder(a: AddressRequest, b: AddressRequest): boolean {
  return (a.createdAtMs - b.createdAtMs || (a.service < b.service ? -1 : 1)) < 0;
}

function isFor({ serviceAllocation }: AddressPool, request: AddressRequest): boolean {
  if (serviceAllocation === undefined) return true;
  const { namespaces, serviceSelectors } = serviceAllocation;
  return (
    (namespaces.length === 0 || namespaces.includes(request.namespace)) &&
    (serviceSelectors.length === 0 || serviceSelectors.some((selector) => matches(selector, request.labels)))
  );
}

function addressesOf(pool: AddressPool, family: IpFamily): readonly string[] {
  const addresses = new Set<string>();
  for (const range of pool.ranges.filter((candidate) => candidate.family === family)) {
    for (let at = ipToNumber(range.first); at <= ipToNumber(range.last); at += 1n) {
      addresses.add(ipFromNumber(at, family));
    }
  }
  return [...addresses].sort((a, b) => (ipToNumber(a) < ipToNumber(b) ? -1 : 1));
}

function overlap(a: AddressPool['ranges'][number], b: AddressPool['ranges'][number]): boolean {
  if (a.family !== b.family) return false;
  return ipToNumber(a.first) <= ipToNumber(b.last) && ipToNumber(b.first) <= ipToNumber(a.last);
}
