import { familyOf } from '@menwei/addresses/ip.ts';
import type { AddressPool } from '../../kubernetes/load-balancer-objects.ts';
import type { ObjectKey } from '../../state/object-key.ts';
import { whyNotShared } from './address-use.ts';
import { compareAge } from './age.ts';
import type { AddressDecision, AddressRequest } from './allocation.ts';
import { choose, stillWanted } from './choice.ts';
import { decisionOf, isSameDecision } from './decision.ts';
import { HeldAddresses } from './holdings.ts';
import { type PoolReport, reportPools } from './pool-report.ts';
import { isSameUse } from './request-difference.ts';
import { SortedSet } from './sorted-set.ts';
import { topicOfAddress, topicOfFree, topicOfKey, WaitingServices } from './waiting.ts';
import { Wakes } from './wakes.ts';

interface Entry {
  request: AddressRequest;
  addresses: readonly string[];
  /** Undefined until it was decided about for the first time. */
  decision: AddressDecision | undefined;
  /** The pools that its addresses are from, also when they are gone. */
  from: ReadonlyMap<string, string>;
}

interface AllocatorOptions {
  /** An address is taken away when the pool that it was from is gone. Otherwise it stays, with a reason. */
  readonly releaseOnPoolChange: boolean;
}

/**
 * Which addresses all Services of type LoadBalancer have (load-balancer § 4.4). It keeps nothing that is not in objects, but for
 * what was released lately and what is in quarantine: after a restart, {@link begin} with the same objects in any order gives the
 * same decisions.
 *
 * Its laws:
 * - No address is given to two Services, unless they share it: equal keys, no port in common, namespaces that let each other in.
 * - What a Service has it keeps, as long as its request allows that: no pool that is edited, no other Service, and no order of
 *   events takes an address away. Of two that may not share one any longer, the older has it.
 * - What is free goes to the oldest Service that waits for it.
 * - Each decision has all addresses that were asked for, or says why not.
 *
 * Every change is told with the time of now; all calls return the Services whose decision is another one than before, the one that
 * was changed included. A change costs O(log n), whatever the number of Services and the size of the pools, and as much for each
 * Service whose decision changes with it; {@link begin} and {@link setPools} look at everything.
 */
export class AddressAllocator {
  readonly #options: AllocatorOptions;
  readonly #entries = new Map<ObjectKey, Entry>();
  readonly #held = new HeldAddresses();
  readonly #waiting = new WaitingServices();
  readonly #wakes = new Wakes(this.#waiting);
  /** Those that are to be decided about, though they have not changed themselves. */
  readonly #due = new SortedSet<AddressRequest>(compareAge);
  /** Those about whom something was decided since the last call, with what it was before. */
  #before = new Map<ObjectKey, AddressDecision | undefined>();

  constructor(options: AllocatorOptions = { releaseOnPoolChange: false }) {
    this.#options = options;
  }

  /** Undefined: the Service is not known here. */
  decision(service: ObjectKey): AddressDecision | undefined {
    return this.#entries.get(service)?.decision;
  }

  /** What it was last told that the Service asks for; undefined: the Service is not known here. */
  request(service: ObjectKey): AddressRequest | undefined {
    return this.#entries.get(service)?.request;
  }

  /** Who has the address, the oldest first. */
  holders(address: string): readonly ObjectKey[] {
    return Array.from(this.#held.useOf(address)?.holders ?? [], ({ service }) => service);
  }

  /** How full the pools are, in the order of their names. */
  get pools(): readonly PoolReport[] {
    return reportPools(this.#held.catalog, this.#held.reserved);
  }

  /** All Services and pools there are. What Services hold is theirs, the older ones' first, before anything is given. */
  begin(
    pools: readonly AddressPool[],
    requests: Iterable<AddressRequest>,
    nowMs: number,
  ): readonly ObjectKey[] {
    for (const service of [...this.#entries.keys()]) this.#forget(service, nowMs);
    this.#held.endQuarantines(nowMs);
    this.#held.setPools(pools);
    for (const request of [...requests].sort(compareAge)) this.#adopt(request);
    return this.#decideAll(nowMs);
  }

  /** All pools there are now. */
  setPools(pools: readonly AddressPool[], nowMs: number): readonly ObjectKey[] {
    this.#held.setPools(pools);
    this.#passTime(nowMs);
    return this.#decideAll(nowMs);
  }

  /**
   * A Service that is new, or has changed. Of one that is known here, `held` is not looked at: its status may be older than what was
   * decided about it.
   */
  put(request: AddressRequest, nowMs: number): readonly ObjectKey[] {
    this.#passTime(nowMs);
    const known = this.#entries.get(request.service);
    // Another Service of the same name.
    if (known !== undefined && known.request.createdAtMs !== request.createdAtMs) {
      this.#forget(request.service, nowMs);
    }
    const entry = this.#entries.get(request.service) ?? this.#adopt(request);
    this.#change(entry, request, nowMs);
    return this.#settle(nowMs);
  }

  /** A Service that is gone, or is none of ours any more. It is not among those whose decision has changed. */
  remove(service: ObjectKey, nowMs: number): readonly ObjectKey[] {
    this.#passTime(nowMs);
    this.#forget(service, nowMs);
    return this.#settle(nowMs);
  }

  /**
   * A machine that is not of the cluster has the address: who has it gets the next one, and nobody gets it until then.
   * @param mac of the machine
   */
  quarantine(address: string, untilMs: number, mac: string, nowMs: number): readonly ObjectKey[] {
    this.#passTime(nowMs);
    if (untilMs <= nowMs) return this.#settle(nowMs);
    this.#held.quarantine(address, untilMs, mac);
    for (const { service } of [...(this.#held.useOf(address)?.holders ?? [])]) {
      this.#evict(service, address, nowMs);
    }
    this.#wakes.add(topicOfAddress(address));
    return this.#settle(nowMs);
  }

  /**
   * All addresses that nodes have of their own: given to a Service, one would lead away what is meant for the node. Who has one gets
   * the next. To be told before {@link begin}, too.
   *
   * @param nodes names by address, canonical
   */
  setNodes(nodes: ReadonlyMap<string, string>, nowMs: number): readonly ObjectKey[] {
    this.#passTime(nowMs);
    const { taken, freed } = this.#held.setNodes(nodes);
    for (const address of taken) {
      for (const { service } of [...(this.#held.useOf(address)?.holders ?? [])]) {
        this.#evict(service, address, nowMs);
      }
      this.#wakes.add(topicOfAddress(address));
    }
    for (const address of freed) this.#wakeForFree(address);
    return this.#settle(nowMs);
  }

  /** What the mere passing of time changes: {@link nextDueMs} says when to call it. */
  passTime(nowMs: number): readonly ObjectKey[] {
    this.#passTime(nowMs);
    return this.#settle(nowMs);
  }

  /** When {@link passTime} has something to do. */
  get nextDueMs(): number | undefined {
    return this.#held.quarantineEndsAtMs;
  }

  #passTime(nowMs: number): void {
    for (const address of this.#held.endQuarantines(nowMs)) this.#wakeForFree(address);
  }

  #wakeForFree(address: string): void {
    this.#wakes.add(topicOfAddress(address));
    for (const { pool } of this.#held.catalog.poolsWith(address)) {
      this.#wakes.add(topicOfFree(pool, familyOf(address)));
    }
  }

  /** Of those that are held, it has what nobody has who may not share it with this Service. */
  #adopt(request: AddressRequest): Entry {
    const isFreeFor = (address: string) =>
      this.#held.outsider(address) === undefined &&
      this.#held.useOf(address)?.whyNotKept(request) === undefined;
    const addresses = [...new Set(request.held)].filter(isFreeFor);
    const entry: Entry = { request, addresses, decision: undefined, from: new Map() };
    this.#entries.set(request.service, entry);
    for (const address of addresses) this.#join(address, request);
    return entry;
  }

  #change(entry: Entry, request: AddressRequest, nowMs: number): void {
    const before = entry.request;
    this.#giveUp(entry, request, nowMs);
    entry.request = request;
    if (!isSameUse(before, request)) {
      for (const address of entry.addresses) this.#changeUse(entry, address, before, nowMs);
    }
    this.#decide(entry, nowMs);
  }

  /** Of those that may not share the address any more, the older ones keep it. */
  #changeUse(entry: Entry, address: string, before: AddressRequest, nowMs: number): void {
    const { request } = entry;
    this.#dueAgain(address);
    this.#held.leave(address, before.service, nowMs);
    const use = this.#held.useOf(address);
    const foes =
      use?.whyNotKept(request) === undefined
        ? []
        : [...use.holders].filter((other) => whyNotShared(address, request, other) !== undefined);
    if (foes.some((other) => compareAge(other, request) < 0)) {
      entry.addresses = entry.addresses.filter((other) => other !== address);
    } else {
      for (const { service } of foes) this.#evict(service, address, nowMs);
      this.#held.join(address, request);
    }
    this.#wakeForUse(address, before, request);
    this.#dueAgain(address);
  }

  /** What is told about those that share an address depends on the others when no node is for all of them. */
  #dueAgain(address: string): void {
    const use = this.#held.useOf(address);
    if (use === undefined || use.hasCommonNode) return;
    for (const holder of use.holders) this.#due.add(holder);
  }

  #evict(service: ObjectKey, address: string, nowMs: number): void {
    const entry = this.#entries.get(service);
    if (entry === undefined) return;
    this.#leave(entry, address, nowMs);
    entry.addresses = entry.addresses.filter((other) => other !== address);
    this.#due.add(entry.request);
  }

  #forget(service: ObjectKey, nowMs: number): void {
    const entry = this.#entries.get(service);
    if (entry === undefined) return;
    this.#entries.delete(service);
    this.#waiting.set(entry.request, []);
    for (const address of entry.addresses) this.#leave(entry, address, nowMs);
    this.#due.delete(entry.request);
  }

  #leave({ request }: Entry, address: string, nowMs: number): void {
    this.#dueAgain(address);
    const pools = this.#held.useOf(address)?.pools ?? [];
    const isFree = this.#held.leave(address, request.service, nowMs);
    this.#wakeForUse(address, request);
    this.#dueAgain(address);
    if (!isFree) return;
    for (const { pool } of pools) this.#wakes.add(topicOfFree(pool, familyOf(address)));
  }

  #join(address: string, request: AddressRequest): void {
    this.#held.join(address, request);
    this.#wakeForUse(address, request);
    this.#dueAgain(address);
  }

  #wakeForUse(address: string, ...requests: readonly AddressRequest[]): void {
    this.#wakes.add(topicOfAddress(address));
    for (const { sharing } of requests) if (sharing !== undefined) this.#wakes.add(topicOfKey(sharing.key));
  }

  #decideAll(nowMs: number): readonly ObjectKey[] {
    const entries = [...this.#entries.values()].sort((a, b) => compareAge(a.request, b.request));
    for (const entry of entries) this.#giveUp(entry, entry.request, nowMs);
    for (const entry of entries) this.#decide(entry, nowMs);
    return this.#settle(nowMs);
  }

  /** Until nobody is left for whom it may come out otherwise. */
  #settle(nowMs: number): readonly ObjectKey[] {
    for (;;) {
      const next = this.#nextDue();
      if (next === undefined) break;
      const entry = this.#entries.get(next.service);
      if (entry === undefined) throw new Error(`BUG: ${next.service} waits for an address, and is not there`);
      this.#decide(entry, nowMs);
    }
    const before = this.#before;
    this.#before = new Map();
    return [...before.keys()].filter((service) => {
      const decision = this.decision(service);
      return decision !== undefined && !isSameDecision(before.get(service), decision);
    });
  }

  #nextDue(): AddressRequest | undefined {
    const take = () => this.#wakes.take((topic) => this.#held.catalog.isFull(topic), this.#due.first);
    const next = take();
    if (next !== undefined) return next;
    for (const topic of this.#held.takeFlips()) this.#wakes.add(topic);
    return take();
  }

  #decide(entry: Entry, nowMs: number): void {
    const { request } = entry;
    const choice = choose(request, entry.addresses, this.#held, nowMs);
    const before = entry.addresses;
    entry.addresses = choice.addresses;
    for (const address of before) {
      if (!choice.addresses.includes(address)) this.#leave(entry, address, nowMs);
    }
    for (const address of choice.addresses) if (!before.includes(address)) this.#join(address, request);
    this.#waiting.set(request, choice.waitsFor);
    this.#held.noteFullness(choice.waitsFor);
    this.#due.delete(request);
    const decision = decisionOf(request, choice, this.#held);
    entry.from = originsOf(decision, entry.from);
    if (isSameDecision(entry.decision, decision)) return;
    if (!this.#before.has(request.service)) this.#before.set(request.service, entry.decision);
    entry.decision = decision;
  }

  /** Before anything is decided: what the request does not leave to it is for those who wait. */
  #giveUp(entry: Entry, request: AddressRequest, nowMs: number): void {
    const wanted = stillWanted(request, entry.addresses, this.#held.catalog);
    const kept = wanted.filter((address) => !this.#goesWithPool(entry, address));
    for (const address of entry.addresses) if (!kept.includes(address)) this.#leave(entry, address, nowMs);
    entry.addresses = kept;
  }

  #goesWithPool({ request, from }: Entry, address: string): boolean {
    if (!this.#options.releaseOnPoolChange) return false;
    const { catalog } = this.#held;
    const origin = from.get(address);
    const origins = origin === undefined ? request.heldFrom : [origin];
    const isThere = (pool: string) => catalog.pools.some(({ name }) => name === pool);
    return origins.length > 0 && !origins.some(isThere) && catalog.poolsWith(address).length === 0;
  }
}

/** Of an address that is in no pool now, that which it was from before. */
function originsOf({ addresses, pools }: AddressDecision, before: ReadonlyMap<string, string>) {
  const origins = new Map<string, string>();
  for (const [index, address] of addresses.entries()) {
    const origin = pools[index] || before.get(address);
    if (origin !== undefined) origins.set(address, origin);
  }
  return origins;
}
