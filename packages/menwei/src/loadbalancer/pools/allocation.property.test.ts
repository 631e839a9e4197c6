/** The laws of allocation, for any events: beside the slow model, and one by one. */
import { addressPool, addressRequest, labelSelector } from '@menwei/testing/loadbalancer/pools.ts';
import { mayShare, SlowAllocation } from '@menwei/testing/loadbalancer/slow-allocation.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { AddressPool, ServiceAllocation } from '../../kubernetes/load-balancer-objects.ts';
import { AddressAllocator } from './address-allocator.ts';
import type { AddressRequest } from './allocation.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
const ADDRESSES = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.11', '192.0.2.99', 'fd00::1', 'fd00::2'];
const FOREIGN_MAC = '02:00:00:00:00:ff';

const only = (allocation: Partial<ServiceAllocation>): Partial<AddressPool> => ({
  serviceAllocation: {
    priority: 0,
    namespaces: [],
    namespaceSelectors: [],
    serviceSelectors: [],
    ...allocation,
  },
});

/** What the pools are, from one time to another. */
const POOL_SETS: readonly (readonly AddressPool[])[] = [
  [addressPool('p', ['192.0.2.1-192.0.2.3', 'fd00::1-fd00::2'])],
  [addressPool('p', ['192.0.2.1-192.0.2.4', 'fd00::1-fd00::3'])],
  [addressPool('p', ['192.0.2.1-192.0.2.2']), addressPool('q', ['192.0.2.11', 'fd00::1-fd00::2'])],
  [
    addressPool('p', ['192.0.2.1-192.0.2.3'], { autoAssign: false }),
    addressPool('q', ['192.0.2.11-192.0.2.12'], only({ priority: 2, namespaces: ['n1'] })),
    addressPool('r', ['fd00::1-fd00::3'], only({ serviceSelectors: [labelSelector('app', 'web')] })),
    addressPool('s', ['192.0.2.2-192.0.2.5'], { createdAtMs: 1 }),
  ],
  [addressPool('p', ['192.0.2.2-192.0.2.3'], { allowExplicit: false }), addressPool('q', ['fd00::/127'])],
  [],
];

/** Mostly the first. */
const usually = <Value>(usual: Value, ...others: readonly Value[]) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(usual) },
    { weight: 2, arbitrary: fc.constantFrom(...others) },
  );

const stacks = usually<Pick<AddressRequest, 'families' | 'familyPolicy'>>(
  { families: ['IPv4'], familyPolicy: 'SingleStack' },
  { families: ['IPv6'], familyPolicy: 'SingleStack' },
  { families: ['IPv4', 'IPv6'], familyPolicy: 'PreferDualStack' },
  { families: ['IPv4', 'IPv6'], familyPolicy: 'RequireDualStack' },
  { families: ['IPv6', 'IPv4'], familyPolicy: 'RequireDualStack' },
);
const PORTS = [80, 443].map((port) => ({ protocol: 'TCP' as const, port }));

const requests = fc
  .record({
    name: fc.constantFrom(...NAMES),
    stack: stacks,
    ports: fc.subarray(PORTS, { minLength: 1 }),
    addresses: usually<readonly string[]>([], ...ADDRESSES.map((address) => [address]), [
      '192.0.2.1',
      '192.0.2.2',
    ]),
    pool: usually('', 'p', 'q'),
    sharing: fc.option(
      fc.record({
        key: usually('k', 'l'),
        namespaces: usually<readonly string[] | 'all'>('all', [], ['n1'], ['n1', 'n2']),
      }),
      { nil: undefined },
    ),
    localNodes: fc.option(
      fc.subarray(['x', 'y', 'z']).map((nodes) => new Set(nodes)),
      { nil: undefined, freq: 2 },
    ),
    app: usually('web', 'api'),
    invalid: usually(undefined, undefined, 'unreadable'),
    held: usually<readonly string[]>([], ...ADDRESSES.map((address) => [address])),
  })
  .map(({ name, stack, app, ...more }) => {
    const namespace = name < 'd' ? 'n1' : 'n2';
    // The letters are not in the order of their age.
    const createdAtMs = (NAMES.indexOf(name) * 5) % NAMES.length;
    return addressRequest(name, {
      ...stack,
      ...more,
      namespace,
      createdAtMs,
      labels: new Map([['app', app]]),
    });
  });

type Event =
  | { readonly event: 'put'; readonly request: AddressRequest }
  | { readonly event: 'remove'; readonly name: string }
  | { readonly event: 'pools'; readonly pools: readonly AddressPool[] }
  | { readonly event: 'quarantine'; readonly address: string; readonly forMs: number }
  | { readonly event: 'pause'; readonly ms: number };

const events: fc.Arbitrary<Event> = fc.oneof(
  { weight: 12, arbitrary: requests.map((request) => ({ event: 'put' as const, request })) },
  { weight: 4, arbitrary: fc.constantFrom(...NAMES).map((name) => ({ event: 'remove' as const, name })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...POOL_SETS).map((pools) => ({ event: 'pools' as const, pools })),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      event: fc.constant('quarantine' as const),
      address: fc.constantFrom(...ADDRESSES),
      forMs: fc.constantFrom(30_000, 600_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(1_000, 59_999, 60_000).map((ms) => ({ event: 'pause' as const, ms })),
  },
);
const histories = fc.array(events, { maxLength: 40, size: 'max' });

/** The allocator, and what it was told. */
class Run {
  readonly allocator = new AddressAllocator();
  readonly slow = new SlowAllocation();
  readonly requests = new Map<string, AddressRequest>();
  readonly quarantined = new Map<string, number>();
  pools: readonly AddressPool[] = POOL_SETS[0] ?? [];
  nowMs = 1_000_000;

  constructor() {
    this.allocator.begin(this.pools, [], this.nowMs);
    this.slow.setPools(this.pools, this.nowMs);
  }

  /** The Services of which the allocator says that something else was decided. */
  apply(event: Event): readonly string[] {
    switch (event.event) {
      case 'put':
        this.requests.set(event.request.service, event.request);
        this.slow.put(event.request, this.nowMs);
        return this.allocator.put(event.request, this.nowMs);
      case 'remove':
        return this.#remove(this.#serviceOf(event.name));
      case 'pools':
        this.pools = event.pools;
        this.slow.setPools(event.pools, this.nowMs);
        return this.allocator.setPools(event.pools, this.nowMs);
      case 'quarantine': {
        const untilMs = this.nowMs + event.forMs;
        this.quarantined.set(event.address, Math.max(untilMs, this.quarantined.get(event.address) ?? 0));
        this.slow.quarantine(event.address, untilMs, this.nowMs);
        return this.allocator.quarantine(event.address, untilMs, FOREIGN_MAC, this.nowMs);
      }
      case 'pause':
        this.nowMs += event.ms;
        this.slow.passTime(this.nowMs);
        return this.allocator.passTime(this.nowMs);
    }
  }

  /** What was decided about each. */
  get decisions() {
    return new Map(Array.from(this.requests.keys(), (service) => [service, this.decision(service)] as const));
  }

  decision(service: string) {
    const decision = this.allocator.decision(service);
    if (decision === undefined) throw new Error(`BUG: nothing was decided about ${service}`);
    return decision;
  }

  /** An allocator that knows only what is in objects, and what was told to be away. */
  restarted(order: readonly number[]): AddressAllocator {
    const all = Array.from(this.requests.values(), (request, index) => ({
      rank: order[index] ?? 0,
      request: { ...request, held: this.decision(request.service).addresses },
    }));
    const allocator = new AddressAllocator();
    for (const [address, untilMs] of this.quarantined) {
      allocator.quarantine(address, untilMs, FOREIGN_MAC, this.nowMs);
    }
    const sorted = all.sort((a, b) => a.rank - b.rank).map(({ request }) => request);
    allocator.begin(this.pools, sorted, this.nowMs);
    return allocator;
  }

  #remove(service: string): readonly string[] {
    this.requests.delete(service);
    this.slow.remove(service, this.nowMs);
    return this.allocator.remove(service, this.nowMs);
  }

  #serviceOf(name: string): string {
    return addressRequest(name, { namespace: name < 'd' ? 'n1' : 'n2' }).service;
  }
}

it('comes to what the slow model comes to, and tells of every change', () => {
  fc.assert(
    fc.property(histories, (history) => {
      const run = new Run();
      for (const event of history) {
        const before = run.decisions;
        const changed = run.apply(event);
        const [found, expected] = [new Map<string, unknown>(), new Map<string, unknown>()];
        for (const { request, addresses, reason } of run.slow.services) {
          const decision = run.decision(request.service);
          found.set(request.service, [decision.addresses, decision.trouble?.reason]);
          expected.set(request.service, [addresses, reason]);
        }
        expect(found).toEqual(expected);
        const after = run.decisions;
        const isOther = (service: string) =>
          JSON.stringify(before.get(service)) !== JSON.stringify(after.get(service));
        expect(changed.toSorted()).toEqual([...after.keys()].filter(isOther).toSorted());
      }
    }),
    { numRuns: 150 },
  );
});

it('gives no address twice but to those that may share it, and gives all that was asked for or says why not', () => {
  fc.assert(
    fc.property(histories, (history) => {
      const run = new Run();
      for (const event of history) run.apply(event);
      const holders = new Map<string, AddressRequest[]>();
      for (const [service, request] of run.requests) {
        const { addresses, trouble, pools } = run.decision(service);
        expect(pools).toHaveLength(addresses.length);
        if (trouble !== undefined) expect(trouble.message).not.toBe('');
        const isWhole = request.familyPolicy !== 'RequireDualStack' || addresses.length > 1;
        if (trouble === undefined) expect(isWhole && addresses.length > 0).toBe(true);
        for (const address of addresses) {
          for (const other of holders.get(address) ?? []) expect(mayShare(request, other)).toBeUndefined();
          holders.set(address, [...(holders.get(address) ?? []), request]);
        }
      }
    }),
  );
});

it('decides the same after a restart, whatever the order in which it learns of the Services', () => {
  fc.assert(
    fc.property(histories, fc.array(fc.nat(), { minLength: 9, maxLength: 9 }), (history, order) => {
      const run = new Run();
      for (const event of history) run.apply(event);
      const restarted = run.restarted(order);
      for (const [service, decision] of run.decisions) expect(restarted.decision(service)).toEqual(decision);
    }),
    { numRuns: 100 },
  );
});

it('moves nobody when pools grow', () => {
  fc.assert(
    fc.property(histories, (history) => {
      const run = new Run();
      for (const event of history) run.apply(event);
      const before = run.decisions;
      const more = ['192.0.2.100-192.0.2.120', 'fd00::100-fd00::120'];
      run.apply({ event: 'pools', pools: [...run.pools, addressPool('z', more, { createdAtMs: 9 })] });
      for (const [service, { addresses }] of before) {
        expect(run.decision(service).addresses).toEqual(expect.arrayContaining([...addresses]));
      }
    }),
  );
});

it('has everything back when all Services are gone', () => {
  fc.assert(
    fc.property(histories, (history) => {
      const run = new Run();
      for (const event of history) run.apply(event);
      for (const service of [...run.requests.keys()]) run.allocator.remove(service, run.nowMs);
      const nowMs = run.nowMs + 600_000;
      run.allocator.passTime(nowMs);
      run.allocator.setPools([addressPool('p', ['192.0.2.1-192.0.2.3'])], nowMs);
      expect(run.allocator.pools).toMatchObject([{ families: [{ size: 3n, inUse: 0, quarantined: 0 }] }]);
      for (const [index, name] of ['x', 'y', 'z'].entries()) {
        run.allocator.put(addressRequest(name), nowMs);
        expect(run.allocator.decision(`ns/${name}`)?.addresses).toEqual([`192.0.2.${index + 1}`]);
      }
    }),
  );
});
