/** The examples of load-balancer, appendix, row by row. */

import { addressPool, addressRequest } from '@menwei/testing/loadbalancer/pools.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { AddressAllocator } from './address-allocator.ts';
import type { AddressRequest } from './allocation.ts';

const PORT_443 = [{ protocol: 'TCP', port: 443 }] as const;
const KEY = { key: 'k', namespaces: [] };

const p = addressPool('p', ['192.0.2.10-192.0.2.12']);
let nowMs: number;
let allocator: AddressAllocator;

/** In the order of their creation. */
const put = (name: string, more: Partial<AddressRequest> = {}) =>
  allocator.put(addressRequest(name, { createdAtMs: name.charCodeAt(0), ...more }), nowMs);
const decision = (name: string) => allocator.decision(`ns/${name}`);
const addresses = (name: string) => decision(name)?.addresses.join();

beforeEach(() => {
  nowMs = 1_000_000;
  allocator = new AddressAllocator();
  allocator.begin([p], [], nowMs);
  put('a');
  put('b');
});

/** As the rows leave it: a .10, b and c .11, d .12, e waits. */
function fill(): void {
  put('b', { sharing: KEY });
  put('c', { sharing: KEY, addresses: ['192.0.2.11'], ports: PORT_443 });
  put('d');
  put('e');
}

describe('the examples of address allocation', () => {
  it('a, b created', () => {
    expect([addresses('a'), addresses('b')]).toEqual(['192.0.2.10', '192.0.2.11']);
  });

  it('c asks for an address that b has', () => {
    put('c', { addresses: ['192.0.2.11'] });
    expect(decision('c')).toEqual({
      addresses: [],
      pools: [],
      trouble: { reason: 'AddressInUse', message: '192.0.2.11 is used by ns/b' },
    });
  });

  it('b and c share it, unless they have a port in common', () => {
    put('c', { addresses: ['192.0.2.11'] });
    put('b', { sharing: KEY });
    expect(put('c', { addresses: ['192.0.2.11'], sharing: KEY, ports: PORT_443 })).toEqual(['ns/c']);
    expect(addresses('c')).toBe('192.0.2.11');
    expect(put('c', { addresses: ['192.0.2.11'], sharing: KEY })).toEqual(['ns/c']);
    expect(decision('c')?.trouble).toEqual({
      reason: 'PortConflict',
      message: '192.0.2.11 is used by ns/b, which has 80/TCP, too',
    });
  });

  it('b becomes Local, c stays Cluster', () => {
    fill();
    expect(put('b', { sharing: KEY, localNodes: new Set(['node-1']) })).toEqual([]);
    expect([addresses('b'), addresses('c')]).toEqual(['192.0.2.11', '192.0.2.11']);
  });

  it('d, e created: none is left', () => {
    fill();
    expect(addresses('d')).toBe('192.0.2.12');
    expect(decision('e')).toEqual({
      addresses: [],
      pools: [],
      trouble: { reason: 'PoolExhausted', message: 'pool p: 3 of 3 IPv4 addresses are in use' },
    });
  });

  it('a deleted: the one that waits gets its address, though it was used a moment ago', () => {
    fill();
    nowMs += 10_000;
    expect(allocator.remove('ns/a', nowMs)).toEqual(['ns/e']);
    expect(decision('e')).toEqual({ addresses: ['192.0.2.10'], pools: ['p'], trouble: undefined });
  });

  it('f requires both families, and there is no IPv6', () => {
    put('f', { families: ['IPv4', 'IPv6'], familyPolicy: 'RequireDualStack' });
    expect(decision('f')).toEqual({
      addresses: [],
      pools: [],
      trouble: { reason: 'FamilyUnavailable', message: 'pool p: it has no IPv6 addresses' },
    });
    put('g');
    expect(addresses('g')).toBe('192.0.2.12');
  });

  it('the controller restarts, and sees the Services in any order', () => {
    fill();
    const held = (name: string, more: Partial<AddressRequest> = {}) =>
      addressRequest(name, {
        createdAtMs: name.charCodeAt(0),
        held: decision(name)?.addresses ?? [],
        ...more,
      });
    const requests = [
      held('e'),
      held('c', { sharing: KEY, addresses: ['192.0.2.11'], ports: PORT_443 }),
      held('a'),
      held('d'),
      held('b', { sharing: KEY }),
    ];
    for (const order of [requests, requests.toReversed()]) {
      const restarted = new AddressAllocator();
      restarted.begin([p], order, nowMs);
      for (const { service } of requests) {
        expect(restarted.decision(service)).toEqual(allocator.decision(service));
      }
    }
  });

  it('the pool is edited: all keep what they have, and new ones are of the new range', () => {
    fill();
    const changed = allocator.setPools([addressPool('p', ['192.0.2.20-192.0.2.30'])], nowMs);
    expect(changed).toEqual(['ns/a', 'ns/b', 'ns/c', 'ns/d', 'ns/e']);
    expect(decision('a')).toEqual({
      addresses: ['192.0.2.10'],
      pools: [''],
      trouble: { reason: 'AddressOutsidePools', message: '192.0.2.10 is in no pool (pools: p)' },
    });
    expect(['a', 'b', 'c', 'd', 'e'].map(addresses)).toEqual([
      '192.0.2.10',
      '192.0.2.11',
      '192.0.2.11',
      '192.0.2.12',
      '192.0.2.20',
    ]);
  });
});
