import { ipFromNumber, ipToNumber } from '@menwei/addresses/ip.ts';
import { addressPool } from '@menwei/testing/loadbalancer/pools.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AddressPool } from '../../kubernetes/load-balancer-objects.ts';
import { AddressSpan } from './address-span.ts';
import { FreeAddresses } from './free-addresses.ts';

const spanOf = (ranges: readonly string[], more: Partial<AddressPool> = {}) =>
  new AddressSpan(addressPool('p', ranges, more), ranges[0]?.includes(':') ? 'IPv6' : 'IPv4');

/** All of them, one after the other. */
function listOf(span: AddressSpan): readonly string[] {
  const addresses: string[] = [];
  for (let at = span.next(0n); at !== undefined; at = span.next(at + 1n)) {
    addresses.push(ipFromNumber(at, span.family));
  }
  return addresses;
}

describe('the addresses of a pool', () => {
  it.each<readonly [readonly string[], Partial<AddressPool>, readonly string[]]>([
    [['192.0.2.9-192.0.2.11'], {}, ['192.0.2.9', '192.0.2.10', '192.0.2.11']],
    [['192.0.2.0/30'], {}, ['192.0.2.0', '192.0.2.1', '192.0.2.2', '192.0.2.3']],
    [['192.0.2.0/30'], { avoidEnds: true }, ['192.0.2.1', '192.0.2.2']],
    // They have no others.
    [['192.0.2.0/31', '192.0.2.8/32'], { avoidEnds: true }, ['192.0.2.0', '192.0.2.1', '192.0.2.8']],
    // Only CIDRs have ends that mean something else.
    [['192.0.2.1-192.0.2.3'], { avoidEnds: true }, ['192.0.2.1', '192.0.2.2', '192.0.2.3']],
    // No machine can be reached at these.
    [['0.255.255.254-1.0.0.1'], {}, ['1.0.0.0', '1.0.0.1']],
    [['126.255.255.255-128.0.0.0'], {}, ['126.255.255.255', '128.0.0.0']],
    [['169.253.255.255-169.255.0.0'], {}, ['169.253.255.255', '169.255.0.0']],
    [['223.255.255.255-240.0.0.0'], {}, ['223.255.255.255', '240.0.0.0']],
    [['255.255.255.254-255.255.255.255'], {}, ['255.255.255.254']],
    [['::-::2'], {}, ['::2']],
    [['febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff-fec0::'], {}, ['fec0::']],
    [['ff02::1'], {}, []],
    [['192.0.2.254-192.0.3.1'], { avoidBuggyIPs: true }, ['192.0.2.254', '192.0.3.1']],
    [['192.0.2.255'], { avoidBuggyIPs: true }, []],
    [['fd00::ff-fd00::100'], { avoidBuggyIPs: true }, ['fd00::ff', 'fd00::100']],
    [
      ['192.0.2.4', '192.0.2.1-192.0.2.2', '192.0.2.2-192.0.2.3'],
      {},
      ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'],
    ],
  ])('%j, %j', (ranges, more, addresses) => {
    const span = spanOf(ranges, more);
    expect(listOf(span)).toEqual(addresses);
    expect(span.size).toBe(BigInt(addresses.length));
    for (const address of addresses) expect(span.has(ipToNumber(address))).toBe(true);
  });

  it('are as many as are listed, whatever is kept back', () => {
    const first = fc.integer({ min: 0, max: 700 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(first, fc.nat(600)), { maxLength: 4 }),
        fc.boolean(),
        (pairs, avoidBuggyIPs) => {
          const text = (offset: number) => ipFromNumber(ipToNumber('192.0.2.0') + BigInt(offset), 'IPv4');
          const ranges = pairs.map(([from, length]) => `${text(from)}-${text(from + length)}`);
          const span = spanOf(ranges, { avoidBuggyIPs });
          const listed = listOf(span);
          expect(span.size).toBe(BigInt(listed.length));
          for (let offset = 0; offset < 1_400; offset += 1) {
            const isIn = pairs.some(([from, length]) => from <= offset && offset <= from + length);
            const isBuggy = avoidBuggyIPs && [0, 255].includes(offset % 256);
            expect(span.has(ipToNumber(text(offset)))).toBe(isIn && !isBuggy);
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('which address is given next', () => {
  const numbers = (free: FreeAddresses, nowMs: number) => {
    const next = free.peek(nowMs);
    return next === undefined ? undefined : ipFromNumber(next, free.span.family);
  };

  it('of an IPv6 /64 is the lowest one that is free', () => {
    const free = new FreeAddresses(spanOf(['fd00::/64']));
    for (const taken of ['fd00::', 'fd00::1', 'fd00::ffff:ffff:ffff:ffff']) free.take(ipToNumber(taken));
    expect(numbers(free, 0)).toBe('fd00::2');
    expect(free.span.size).toBe(2n ** 64n);
  });

  it('is one that was not released lately, or else the one that was released first', () => {
    const free = new FreeAddresses(spanOf(['192.0.2.1-192.0.2.3']));
    for (const last of [1n, 2n, 3n]) free.take(ipToNumber('192.0.2.0') + last);
    expect(free.isFull).toBe(true);
    expect(numbers(free, 0)).toBeUndefined();
    free.release(ipToNumber('192.0.2.3'), { atMs: 0, order: 1 });
    free.release(ipToNumber('192.0.2.1'), { atMs: 50_000, order: 2 });
    expect(numbers(free, 59_999)).toBe('192.0.2.3');
    free.forget(ipToNumber('192.0.2.2'));
    expect(numbers(free, 59_999)).toBe('192.0.2.2');
    expect(numbers(free, 110_000)).toBe('192.0.2.1');
  });

  it('does not depend on a clock that is set back', () => {
    const free = new FreeAddresses(spanOf(['192.0.2.1-192.0.2.2']));
    free.take(ipToNumber('192.0.2.1'));
    free.release(ipToNumber('192.0.2.1'), { atMs: 1e12, order: 1 });
    expect(numbers(free, 0)).toBe('192.0.2.1');
  });
});
