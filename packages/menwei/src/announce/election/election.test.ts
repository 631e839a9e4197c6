import { anAnnouncedService, anAnnouncer } from '@menwei/testing/announce/election.ts';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { AnnouncingNode } from './announcing-node.ts';
import { type AnnouncedService, Election } from './election.ts';

const OPTIONS = { announcesWithoutEndpoints: false };

function electionOf(services: Iterable<AnnouncedService>, nodes: Iterable<AnnouncingNode>): Election {
  const election = new Election(OPTIONS);
  for (const service of services) election.putService(service);
  for (const node of nodes) election.putNode(node);
  election.decide();
  return election;
}

function owners({ decisions }: Election): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries([...decisions].sort().map(([address, { owner }]) => [address, owner?.name]));
}

describe('owners', () => {
  it('of all addresses of a Service are one node, if a node may have all', () => {
    const both = anAnnouncedService('web', { addresses: ['192.0.2.100', '2001:db8::100'] });
    const all = ['node-1', 'node-2', 'node-3'].map((name) => anAnnouncer(name));
    // By itself, the IPv6 address would be of node-2.
    expect(owners(electionOf([both], all))).toEqual({ '192.0.2.100': 'node-3', '2001:db8::100': 'node-3' });
    const v4 = anAnnouncer('node-3', { interfaces: [{ name: 'eth0', mac: '', onLink: ['192.0.2.0/24'] }] });
    expect(owners(electionOf([both], [...all.slice(0, 2), v4]))).toEqual({
      '192.0.2.100': 'node-1',
      '2001:db8::100': 'node-1',
    });
    const v6 = anAnnouncer('node-2', { interfaces: [{ name: 'eth0', mac: '', onLink: ['2001:db8::/64'] }] });
    expect(owners(electionOf([both], [v4, v6]))).toEqual({
      '192.0.2.100': 'node-3',
      '2001:db8::100': 'node-2',
    });
  });

  it('of a shared address have what all of its Services need, or else what the oldest needs', () => {
    const local = (name: string, createdAtMs: number, ...on: readonly string[]) =>
      anAnnouncedService(name, {
        ...{ createdAtMs, policy: 'Local' },
        endpointNodes: Object.fromEntries(on.map((node) => [node, 'ready'])),
      });
    const nodes = ['a', 'b', 'c'].map((name) => anAnnouncer(name));
    const decided = (...services: readonly AnnouncedService[]) => {
      const decision = electionOf(services, nodes).decisions.get('192.0.2.10');
      return [decision?.owner?.name, decision?.leftOut];
    };
    expect(decided(local('old', 1, 'a', 'b'), local('new', 2, 'b', 'c'))).toEqual(['b', []]);
    expect(decided(local('new', 2, 'c'), local('old', 1, 'a'))).toEqual(['a', ['ns/new']]);
    expect(decided(local('old', 1), local('new', 2, 'c'))).toEqual(['c', []]);
  });
});

const NODE_NAMES = ['a', 'b', 'c', 'd'];
const ADDRESSES = ['192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2'];

const someNode = fc.record({
  name: fc.constantFrom(...NODE_NAMES),
  isAlive: fc.boolean(),
  isReady: fc.boolean(),
  weight: fc.constantFrom(0, 0, 1),
  onLink: fc.subarray(['192.0.2.0/24', '2001:db8::/64']),
  claims: fc.array(fc.tuple(fc.constantFrom(...ADDRESSES), fc.integer({ min: 1, max: 3 })), { maxLength: 3 }),
  declines: fc.subarray(ADDRESSES, { maxLength: 1 }),
});

const someService = fc.record({
  name: fc.constantFrom('s', 't', 'u'),
  createdAtMs: fc.integer({ min: 0, max: 2 }),
  policy: fc.constantFrom('Cluster' as const, 'Local' as const),
  addresses: fc.uniqueArray(fc.constantFrom(...ADDRESSES), { maxLength: 3 }),
  endpointNodes: fc.dictionary(
    fc.constantFrom('', ...NODE_NAMES),
    fc.constantFrom('ready' as const, 'serving' as const),
  ),
});

const someChange = fc.oneof(
  fc.record({ put: fc.constant('node' as const), node: someNode }),
  fc.record({ put: fc.constant('service' as const), service: someService }),
  fc.record({ put: fc.constant('no node' as const), name: fc.constantFrom(...NODE_NAMES) }),
  fc.record({ put: fc.constant('no service' as const), name: fc.constantFrom('s', 't', 'u') }),
);

function nodeOf({
  name,
  isAlive,
  isReady,
  weight,
  onLink,
  claims,
  declines,
}: Generated<typeof someNode>): AnnouncingNode {
  return anAnnouncer(name, {
    ...{ isReady, weight, claims: new Map(claims), declines: new Set(declines) },
    failed: isAlive ? undefined : { test: 'LiveLease', message: 'has no Lease' },
    interfaces: [{ name: 'eth0', mac: '', onLink }],
  });
}

type Generated<Arbitrary> = Arbitrary extends fc.Arbitrary<infer Value> ? Value : never;

class World {
  readonly election = new Election(OPTIONS);
  readonly nodes = new Map<string, AnnouncingNode>();
  readonly services = new Map<string, AnnouncedService>();

  apply(change: Generated<typeof someChange>): void {
    switch (change.put) {
      case 'node': {
        const node = nodeOf(change.node);
        this.nodes.set(node.name, node);
        this.election.putNode(node);
        break;
      }
      case 'service': {
        const service = anAnnouncedService(change.service.name, change.service);
        this.services.set(service.service, service);
        this.election.putService(service);
        break;
      }
      case 'no node':
        this.nodes.delete(change.name);
        this.election.deleteNode(change.name);
        break;
      case 'no service':
        this.services.delete(`ns/${change.name}`);
        this.election.deleteService(`ns/${change.name}`);
        break;
    }
  }

  /** The owners claim what they have been given, the others nothing. */
  settle(): void {
    this.election.decide();
    for (const node of this.nodes.values()) {
      const owned = [...this.election.decisions.values()].filter(({ owner }) => owner?.name === node.name);
      const claims = new Map(owned.map(({ address }) => [address, node.claims.get(address) ?? 9]));
      this.nodes.set(node.name, { ...node, claims });
      this.election.putNode({ ...node, claims });
    }
    this.election.decide();
  }
}

const someChanges = fc.array(fc.array(someChange, { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 8,
});

describe('every node', () => {
  it('decides the same from the same Services and nodes, whatever it has seen before', () => {
    fc.assert(
      fc.property(someChanges, fc.boolean(), (steps, settles) => {
        const world = new World();
        for (const changes of steps) {
          for (const change of changes) world.apply(change);
          if (settles) world.settle();
          else world.election.decide();
          const reversed = (items: Iterable<[string, AnnouncingNode]>) =>
            [...items].reverse().map(([, item]) => item);
          const fresh = electionOf([...world.services.values()].reverse(), reversed(world.nodes));
          expect(owners(world.election)).toEqual(owners(fresh));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('lets no node be the owner that may not', () => {
    fc.assert(
      fc.property(someChanges, (steps) => {
        const world = new World();
        for (const change of steps.flat()) {
          world.apply(change);
          world.election.decide();
          for (const { address, owner } of world.election.decisions.values()) {
            const { eligible } = world.election.eligibility(address);
            expect(owner === undefined ? eligible.size === 0 : eligible.has(owner.name)).toBe(true);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('owners that have settled', () => {
  const services = ADDRESSES.map((address, index) =>
    anAnnouncedService(`s${index}`, { addresses: [address] }),
  );

  it('lose nothing when another node goes or comes, and what a node had when it goes is all that moves', () => {
    const names = fc.uniqueArray(fc.constantFrom(...NODE_NAMES), { minLength: 2 });
    fc.assert(
      fc.property(names, fc.nat(), (names, pick) => {
        const world = new World();
        for (const service of services) {
          world.services.set(service.service, service);
          world.election.putService(service);
        }
        for (const name of names) world.apply({ put: 'node', node: { ...PLAIN, name } });
        world.settle();
        const gone = names[pick % names.length] ?? '';
        const before = owners(world.election);
        world.apply({ put: 'no node', name: gone });
        world.settle();
        const without = owners(world.election);
        for (const address of ADDRESSES) {
          if (before[address] === gone) expect(without[address]).not.toBe(gone);
          else expect(without[address]).toBe(before[address]);
        }
        world.apply({ put: 'node', node: { ...PLAIN, name: gone, weight: 1 } });
        world.settle();
        expect(owners(world.election)).toEqual(without);
      }),
    );
  });

  it('are looked at again only where something hangs on the change', () => {
    const election = electionOf(services, [
      anAnnouncer('a', { claims: new Map(ADDRESSES.map((one) => [one, 1])) }),
    ]);
    const judged = vi.spyOn(election, 'eligibility');
    election.putNode(anAnnouncer('b'));
    election.decide();
    expect(judged).not.toHaveBeenCalled();
    election.putService(anAnnouncedService('s1', { addresses: [], createdAtMs: 1 }));
    election.decide();
    expect(judged).toHaveBeenCalledTimes(1);
  });
});

const PLAIN: Omit<Generated<typeof someNode>, 'name'> = {
  ...{ isAlive: true, isReady: true, weight: 0, claims: [], declines: [] },
  onLink: ['192.0.2.0/24', '2001:db8::/64'],
};
