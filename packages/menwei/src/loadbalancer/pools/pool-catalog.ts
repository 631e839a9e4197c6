/** All pools: which has an address, and which of them a Service is given its addresses from, in which order. */
import { familyOf, IP_FAMILIES, type IpFamily, ipToNumber } from '@menwei/addresses/ip.ts';
import type { AddressPool } from '../../kubernetes/load-balancer-objects.ts';
import { AddressSpan } from './address-span.ts';
import { compareText } from './age.ts';
import type { AddressRequest } from './allocation.ts';
import { FreeAddresses } from './free-addresses.ts';
import { whyNotFor } from './pool-access.ts';
import { findOverlaps } from './pool-overlap.ts';
import { type Topic, topicOfFree, topicOfFullness } from './waiting.ts';

export interface KnownPool {
  readonly pool: AddressPool;
  readonly name: string;
  /** Why it gives nothing new to anybody. */
  readonly problem: string | undefined;
  readonly free: Readonly<Record<IpFamily, FreeAddresses>>;
}

export interface RefusingPool {
  readonly name: string;
  readonly why: string;
}

/** Pools that may give a Service an address that it does not name, those to be asked first before, and all others. */
export interface Candidates {
  readonly willing: readonly KnownPool[];
  readonly refusing: readonly RefusingPool[];
}

export class PoolCatalog {
  /** By name. */
  readonly pools: readonly KnownPool[];
  readonly #freeByTopic = new Map<Topic, FreeAddresses>();
  readonly #fullByTopic = new Map<Topic, FreeAddresses>();

  constructor(pools: readonly AddressPool[]) {
    const problems = findOverlaps(pools);
    this.pools = pools
      .map((pool) => ({
        pool,
        name: pool.name,
        problem: problems.get(pool),
        free: {
          IPv4: new FreeAddresses(new AddressSpan(pool, 'IPv4')),
          IPv6: new FreeAddresses(new AddressSpan(pool, 'IPv6')),
        },
      }))
      .sort((a, b) => compareText(a.name, b.name) || compareText(a.pool.kind, b.pool.kind));
    for (const known of this.pools) {
      for (const family of IP_FAMILIES) {
        this.#freeByTopic.set(topicOfFree(known.pool, family), known.free[family]);
        this.#fullByTopic.set(topicOfFullness(known.pool, family), known.free[family]);
      }
    }
  }

  /** Whether the topic is about free addresses where there are none. */
  isFull(topic: Topic): boolean {
    return this.#freeByTopic.get(topic)?.isFull === true;
  }

  /** Of a topic about fullness. */
  fullnessOf(topic: Topic): FreeAddresses | undefined {
    return this.#fullByTopic.get(topic);
  }

  /** Those without a problem first. */
  poolsWith(address: string): readonly KnownPool[] {
    const [family, number] = [familyOf(address), ipToNumber(address)];
    const found = this.pools.filter(({ free }) => free[family].span.has(number));
    return found.length < 2 ? found : [...found].sort((a, b) => problemRank(a) - problemRank(b));
  }

  candidatesFor(request: AddressRequest): Candidates {
    const asked = request.pool === '' ? this.pools : this.pools.filter(({ name }) => name === request.pool);
    const willing: KnownPool[] = [];
    const refusing: RefusingPool[] = [];
    for (const known of asked) {
      const why = known.problem ?? whyNotUnasked(known.pool, request) ?? whyNotFor(known.pool, request);
      if (why === undefined) willing.push(known);
      else refusing.push({ name: known.name, why });
    }
    return { willing: willing.sort(compareTurn), refusing };
  }
}

/** The order of both when equal stays that of the names. */
function compareTurn(a: KnownPool, b: KnownPool): number {
  return turnOf(a) - turnOf(b);
}

/** Pools that are for some Services only come first, by priority, where 0 is the last. */
function turnOf({ pool: { serviceAllocation } }: KnownPool): number {
  if (serviceAllocation === undefined) return Number.POSITIVE_INFINITY;
  return serviceAllocation.priority === 0 ? Number.MAX_VALUE : serviceAllocation.priority;
}

function whyNotUnasked(pool: AddressPool, request: AddressRequest): string | undefined {
  return request.pool === '' && !pool.autoAssign ? 'its autoAssign is false' : undefined;
}

function problemRank({ problem }: KnownPool): number {
  return problem === undefined ? 0 : 1;
}
