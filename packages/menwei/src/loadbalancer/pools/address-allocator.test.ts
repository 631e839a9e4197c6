import { addressPool, addressRequest, labelSelector } from '@menwei/testing/loadbalancer/pools.ts';
import { describe, expect, it } from 'vitest';
import type { AddressPool, ServiceAllocation } from '../../kubernetes/load-balancer-objects.ts';
import { AddressAllocator } from './address-allocator.ts';
import type { AddressRequest } from './allocation.ts';

const MAC = '02:00:00:00:00:ff';
const DUAL = { families: ['IPv4', 'IPv6'], familyPolicy: 'PreferDualStack' } as const;
const REQUIRED = { families: ['IPv4', 'IPv6'], familyPolicy: 'RequireDualStack' } as const;

function allocatorOf(
  pools: readonly AddressPool[],
  ...options: ConstructorParameters<typeof AddressAllocator>
) {
  const allocator = new AddressAllocator(...options);
  allocator.begin(pools, [], 0);
  return allocator;
}

const only = (allocation: Partial<ServiceAllocation>): Partial<AddressPool> => ({
  serviceAllocation: {
    ...{ priority: 0, namespaces: [], namespaceSelectors: [], serviceSelectors: [] },
    ...allocation,
  },
});

function decide(pools: readonly AddressPool[], more: Partial<AddressRequest> = {}) {
  const allocator = allocatorOf(pools);
  allocator.put(addressRequest('a', more), 0);
  return allocator.decision(`${more.namespace ?? 'ns'}/a`);
}

describe('the pool that a Service gets an address of', () => {
  it('is by priority one that is for some Services, then one for all, by name', () => {
    const p = addressPool('p', ['192.0.2.1']);
    const last = addressPool('a', ['192.0.2.2'], only({}));
    const second = addressPool('b', ['192.0.2.3'], only({ priority: 2, namespaces: ['ns'] }));
    const first = addressPool('c', ['192.0.2.4'], only({ priority: 1 }));
    const others = addressPool('d', ['192.0.2.5'], only({ priority: 1, namespaces: ['other'] }));
    expect(decide([p, last, second, first, others])?.pools).toEqual(['c']);
    expect(decide([p, last, second, others])?.pools).toEqual(['b']);
    expect(decide([p, last, others])?.pools).toEqual(['a']);
    expect(decide([p, others])?.pools).toEqual(['p']);
  });

  it('is chosen by labels of the Service and of its namespace', () => {
    const { serviceAllocation } = only({
      namespaceSelectors: [labelSelector('team', 'x')],
      serviceSelectors: [labelSelector('app', 'web')],
    });
    const p = addressPool('p', ['192.0.2.1'], { serviceAllocation });
    const [app, team] = [new Map([['app', 'web']]), new Map([['team', 'x']])];
    expect(decide([p], { labels: app, namespaceLabels: team })?.pools).toEqual(['p']);
    expect(decide([p], { namespaceLabels: team })?.trouble).toEqual({
      reason: 'NoMatchingPool',
      message: 'pool p: its serviceSelector does not select the Service',
    });
    expect(decide([p], { labels: app })?.trouble?.message).toBe(
      'pool p: its namespaceSelectors do not select namespace ns',
    );
  });

  it('is known to selectors of Cilium by the name of the Service', () => {
    const selector = labelSelector('io.kubernetes.service.name', 'a');
    const p = addressPool('p', ['192.0.2.1'], only({ serviceSelectors: [selector] }));
    expect(decide([{ ...p, kind: 'CiliumLoadBalancerIPPool' }])?.pools).toEqual(['p']);
    expect(decide([p])?.trouble?.reason).toBe('NoMatchingPool');
  });

  it('says why it refuses, each one', () => {
    const b = addressPool('b', ['192.0.2.1'], { autoAssign: false });
    const c = addressPool('c', ['192.0.2.2'], only({ serviceSelectors: [labelSelector('app', 'web')] }));
    const d = addressPool('d', ['192.0.2.2-192.0.2.9'], { createdAtMs: 1 });
    expect(decide([b, c, d])?.trouble).toEqual({
      reason: 'NoMatchingPool',
      message:
        'pool b: its autoAssign is false; pool c: its serviceSelector does not select the Service; pool d: its range 192.0.2.2-192.0.2.9 overlaps with 192.0.2.2 of the older pool c',
    });
    expect(decide([])?.trouble?.reason).toBe('NoPool');
    expect(decide([b], { pool: 'x' })?.trouble).toEqual({
      reason: 'NoMatchingPool',
      message: 'there is no pool x (pools: b)',
    });
    expect(decide([b], { pool: 'b' })?.pools).toEqual(['b']);
  });

  it('has both families, if one has both; else there are two', () => {
    const four = addressPool('a', ['192.0.2.1']);
    const six = addressPool('b', ['fd00::1']);
    const both = addressPool('c', ['192.0.2.9', 'fd00::9']);
    expect(decide([four, six, both], REQUIRED)?.pools).toEqual(['c', 'c']);
    expect(decide([four, six], REQUIRED)?.pools).toEqual(['a', 'b']);
    expect(decide([four], DUAL)).toEqual({ addresses: ['192.0.2.1'], pools: ['a'], trouble: undefined });
    expect(decide([six], DUAL)?.addresses).toEqual(['fd00::1']);
    expect(decide([six], REQUIRED)?.addresses).toEqual([]);
  });
});

describe('addresses that a Service asks for', () => {
  const p = addressPool('p', ['192.0.2.1-192.0.2.9', 'fd00::1-fd00::9']);

  it('are given, and one of the other family is of the same pool', () => {
    const other = addressPool('a', ['fd00::a']);
    const decision = decide([other, p], { ...REQUIRED, addresses: ['192.0.2.5'] });
    expect(decision).toEqual({ addresses: ['192.0.2.5', 'fd00::1'], pools: ['p', 'p'], trouble: undefined });
    expect(decide([p], { addresses: ['192.0.2.5', '192.0.2.3'] })?.addresses).toEqual([
      '192.0.2.5',
      '192.0.2.3',
    ]);
  });

  it.each<readonly [Partial<AddressRequest>, string, string]>([
    [{ addresses: ['192.0.2.77'] }, 'AddressOutsidePools', '192.0.2.77 is in no pool (pools: p, q)'],
    [{ addresses: ['fd00::1'] }, 'InvalidRequest', 'it asks for fd00::1, and the Service is for IPv4 only'],
    [
      { addresses: ['192.0.2.1'], pool: 'q' },
      'NoMatchingPool',
      'pool q does not have 192.0.2.1: it is in pool p',
    ],
    [
      { addresses: ['198.51.100.1'] },
      'NoMatchingPool',
      'pool q: its allowExplicit is false, and 198.51.100.1 is asked for',
    ],
    [
      { invalid: 'two annotations contradict each other' },
      'InvalidRequest',
      'two annotations contradict each other',
    ],
  ])('%j: %s', (more, reason, message) => {
    const q = addressPool('q', ['198.51.100.1'], { allowExplicit: false });
    expect(decide([p, q], more)).toEqual({ addresses: [], pools: [], trouble: { reason, message } });
  });

  it('are given up for those that are asked for later, and that are there', () => {
    const allocator = allocatorOf([p]);
    allocator.put(addressRequest('a'), 0);
    allocator.put(addressRequest('b', { addresses: ['192.0.2.2'] }), 0);
    allocator.put(addressRequest('a', { addresses: ['192.0.2.2'] }), 0);
    expect(allocator.decision('ns/a')).toMatchObject({ addresses: [], trouble: { reason: 'AddressInUse' } });
    expect(allocator.remove('ns/b', 0)).toEqual(['ns/a']);
    expect(allocator.decision('ns/a')?.addresses).toEqual(['192.0.2.2']);
  });
});

describe('an address that another machine has', () => {
  it('is taken from its Service, and given to nobody for a time', () => {
    const allocator = allocatorOf([addressPool('p', ['192.0.2.1-192.0.2.2'])]);
    allocator.put(addressRequest('a'), 0);
    expect(allocator.quarantine('192.0.2.1', 600_000, MAC, 0)).toEqual(['ns/a']);
    expect(allocator.decision('ns/a')?.addresses).toEqual(['192.0.2.2']);
    allocator.put(addressRequest('b'), 1);
    allocator.put(addressRequest('c', { addresses: ['192.0.2.1'], createdAtMs: 1 }), 1);
    expect(allocator.decision('ns/b')?.trouble?.reason).toBe('PoolExhausted');
    expect(allocator.decision('ns/c')?.trouble).toEqual({
      reason: 'AddressInUse',
      message: `192.0.2.1 is used by a machine with the MAC address ${MAC}`,
    });
    expect(allocator.nextDueMs).toBe(600_000);
    expect(allocator.passTime(599_999)).toEqual([]);
    expect(new Set(allocator.passTime(600_000))).toEqual(new Set(['ns/b', 'ns/c']));
    expect(allocator.decision('ns/b')?.addresses).toEqual(['192.0.2.1']);
    expect(allocator.decision('ns/c')?.trouble?.message).toBe('192.0.2.1 is used by ns/b');
    expect(allocator.nextDueMs).toBeUndefined();
  });
});

describe('a pool that is edited', () => {
  const before = addressPool('p', ['192.0.2.1-192.0.2.2']);

  it('keeps nothing from those that have its addresses, though it would not give them now', () => {
    const allocator = allocatorOf([before]);
    allocator.put(addressRequest('a'), 0);
    for (const more of [{ autoAssign: false }, { allowExplicit: false }]) {
      expect(allocator.setPools([{ ...before, ...more }], 0)).toEqual([]);
    }
    allocator.setPools([{ ...before, ...only({ namespaces: ['other'] }) }], 0);
    expect(allocator.decision('ns/a')).toEqual({
      addresses: ['192.0.2.1'],
      pools: ['p'],
      trouble: {
        reason: 'AddressOutsidePools',
        message:
          '192.0.2.1 is in none of the pools that the Service may use: pool p: its namespaces do not select namespace ns',
      },
    });
    expect(allocator.setPools([before], 0)).toEqual(['ns/a']);
    expect(allocator.decision('ns/a')?.trouble).toBeUndefined();
  });

  it('gives a Service that has one family the other one when it has some', () => {
    const allocator = allocatorOf([before]);
    allocator.put(addressRequest('a', DUAL), 0);
    allocator.setPools([addressPool('p', ['192.0.2.1-192.0.2.2', 'fd00::1'])], 0);
    expect(allocator.decision('ns/a')?.addresses).toEqual(['192.0.2.1', 'fd00::1']);
  });

  it('takes nothing along when it is gone, unless that is wanted', () => {
    const other = addressPool('q', ['198.51.100.1']);
    for (const releaseOnPoolChange of [false, true]) {
      const allocator = allocatorOf([before], { releaseOnPoolChange });
      allocator.put(addressRequest('a'), 0);
      // As one says who was there before this process.
      allocator.put(addressRequest('b', { held: ['192.0.2.2'], heldFrom: ['p'], createdAtMs: 1 }), 0);
      allocator.put(addressRequest('c', { held: ['203.0.113.1'], createdAtMs: 2 }), 0);
      allocator.setPools([addressPool('p', ['203.0.113.7'])], 0);
      expect(allocator.decision('ns/a')?.addresses).toEqual(['192.0.2.1']);
      allocator.setPools([other], 0);
      const isGone = releaseOnPoolChange;
      expect(allocator.decision('ns/a')?.addresses).toEqual([isGone ? '198.51.100.1' : '192.0.2.1']);
      expect(allocator.decision('ns/b')?.addresses).toEqual(isGone ? [] : ['192.0.2.2']);
      // Of which pool it was, nobody knows.
      expect(allocator.decision('ns/c')?.addresses).toEqual(['203.0.113.1']);
    }
  });
});

it('two that say they have the same address: the older one keeps it', () => {
  const allocator = new AddressAllocator();
  const held = ['192.0.2.2'];
  const requests = [
    addressRequest('young', { held, createdAtMs: 2 }),
    addressRequest('old', { held, createdAtMs: 1 }),
  ];
  allocator.begin([addressPool('p', ['192.0.2.1-192.0.2.3'])], requests, 0);
  expect(allocator.decision('ns/old')?.addresses).toEqual(['192.0.2.2']);
  expect(allocator.decision('ns/young')?.addresses).toEqual(['192.0.2.1']);
});

it('names a pool that is asked for, and is not there, in a way that no terminal obeys', () => {
  const trouble = decide([addressPool('p', ['192.0.2.1'])], { pool: `\x1b[2J${'x'.repeat(1_000)}` })?.trouble;
  expect(trouble?.message).toMatch(/^there is no pool "\\u001b\[2Jx+…" \(pools: p\)$/);
});
