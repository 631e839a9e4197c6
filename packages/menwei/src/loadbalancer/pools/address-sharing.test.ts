import { addressPool, addressRequest } from '@menwei/testing/loadbalancer/pools.ts';
import { describe, expect, it } from 'vitest';
import type { AddressPool } from '../../kubernetes/load-balancer-objects.ts';
import { AddressAllocator } from './address-allocator.ts';
import type { AddressRequest } from './allocation.ts';

function allocatorOf(pools: readonly AddressPool[]) {
  const allocator = new AddressAllocator();
  allocator.begin(pools, [], 0);
  return allocator;
}

describe('sharing', () => {
  const p = addressPool('p', ['192.0.2.1-192.0.2.9']);
  const [http, https] = [[{ protocol: 'TCP', port: 80 }] as const, [{ protocol: 'TCP', port: 443 }] as const];

  it.each<readonly [Partial<AddressRequest>, Partial<AddressRequest>, string | undefined]>([
    [{}, {}, 'AddressInUse'],
    [{ sharing: { key: 'k', namespaces: [] } }, {}, 'AddressInUse'],
    [{}, { sharing: { key: 'k', namespaces: [] } }, 'SharingKeyMismatch'],
    [
      { sharing: { key: 'k', namespaces: [] } },
      { sharing: { key: 'l', namespaces: [] } },
      'SharingKeyMismatch',
    ],
    [{ sharing: { key: 'k', namespaces: [] } }, { sharing: { key: 'k', namespaces: [] } }, undefined],
    [
      { sharing: { key: 'k', namespaces: [] } },
      { sharing: { key: 'k', namespaces: 'all' }, namespace: 'other' },
      'AddressInUse',
    ],
    [
      { sharing: { key: 'k', namespaces: ['other'] } },
      { sharing: { key: 'k', namespaces: 'all' }, namespace: 'other' },
      undefined,
    ],
    [
      { sharing: { key: 'k', namespaces: [] }, localNodes: new Set(['x']) },
      { sharing: { key: 'k', namespaces: [] }, localNodes: new Set(['y']) },
      'NoEligibleNode',
    ],
    [
      { sharing: { key: 'k', namespaces: [] }, localNodes: new Set(['x', 'y']) },
      { sharing: { key: 'k', namespaces: [] }, localNodes: new Set(['y']) },
      undefined,
    ],
  ])('%j, %j: %s', (first, second, reason) => {
    const allocator = allocatorOf([p]);
    allocator.put(addressRequest('a', { ports: http, ...first }), 0);
    const asked = { addresses: ['192.0.2.1'], ports: https, createdAtMs: 1 };
    allocator.put(addressRequest('b', { ...asked, ...second }), 0);
    const decision = allocator.decision(`${second.namespace ?? 'ns'}/b`);
    expect(decision?.trouble?.reason).toBe(reason);
    expect(decision?.addresses).toEqual(reason === undefined ? ['192.0.2.1'] : []);
  });

  it.each([
    ['older first', ['old', 'young']],
    ['younger first', ['young', 'old']],
  ])(
    'is refused for the sake of the oldest of another namespace, whoever came first: %s',
    (_title, order) => {
      const allocator = allocatorOf([p]);
      const sharing = { key: 'k', namespaces: ['other'] };
      const held = { old: { createdAtMs: 1, ports: http }, young: { createdAtMs: 2, ports: https } };
      for (const name of order) {
        // Of groups that differ, so that neither stands for the other.
        const namespaces = name === 'old' ? [] : ['some'];
        const own = { ...held[name === 'old' ? 'old' : 'young'], sharing: { ...sharing, namespaces } };
        allocator.put(addressRequest(name, { addresses: ['192.0.2.1'], ...own }), 0);
      }
      const asked = {
        addresses: ['192.0.2.1'],
        createdAtMs: 3,
        ports: [{ protocol: 'TCP', port: 8080 }] as const,
      };
      allocator.put(addressRequest('b', { ...asked, sharing, namespace: 'elsewhere' }), 0);
      expect(allocator.decision('elsewhere/b')?.trouble?.message).toBe(
        '192.0.2.1 is used by ns/old, and one of both does not share with the namespace of the other',
      );
    },
  );

  it('ends for the younger one when they can’t share any more', () => {
    const allocator = allocatorOf([p]);
    const sharing = { key: 'k', namespaces: [] };
    allocator.put(addressRequest('a', { sharing, ports: http }), 0);
    allocator.put(addressRequest('b', { sharing, ports: https, createdAtMs: 1 }), 0);
    expect(allocator.put(addressRequest('a', { sharing, ports: https }), 0)).toEqual(['ns/b']);
    expect(allocator.decision('ns/a')?.addresses).toEqual(['192.0.2.1']);
    expect(allocator.decision('ns/b')?.addresses).toEqual(['192.0.2.2']);
  });

  it('goes on when no node is left for both, and the younger one is told', () => {
    const allocator = allocatorOf([p]);
    const sharing = { key: 'k', namespaces: [] };
    allocator.put(addressRequest('a', { sharing, ports: http, localNodes: new Set(['x']) }), 0);
    allocator.put(
      addressRequest('b', { sharing, ports: https, createdAtMs: 1, localNodes: new Set(['x']) }),
      0,
    );
    const moved = { sharing, ports: http, localNodes: new Set(['y']) };
    expect(allocator.put(addressRequest('a', moved), 0)).toEqual(['ns/b']);
    expect(allocator.decision('ns/a')?.trouble).toBeUndefined();
    expect(allocator.decision('ns/b')).toEqual({
      addresses: ['192.0.2.1'],
      pools: ['p'],
      trouble: {
        reason: 'NoEligibleNode',
        message: '192.0.2.1 is shared with ns/a, and no node has endpoints of all that share it',
      },
    });
  });
});
