import { cidrContains, parseKnownCidr } from '@menwei/addresses/ip.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressPool } from './address-pool.ts';
import { staticOffset } from './bands.ts';
import { Bitmap } from './bitmap.ts';

const cidrs = fc.oneof(
  fc.integer({ min: 22, max: 32 }).map((length) => `10.0.4.0/${length}`),
  fc.integer({ min: 118, max: 128 }).map((length) => `fd00::400/${length}`),
);

/** All that may be given, in order. */
function usableOf(text: string): readonly string[] {
  const cidr = parseKnownCidr(text);
  const size = 2 ** ((cidr.family === 'IPv4' ? 32 : 128) - cidr.prefixLength);
  const all = Array.from({ length: size }, (_, index) => addressAt(cidr.family, index));
  return cidr.family === 'IPv4' ? all.slice(1, -1) : all.slice(1);
}

function addressAt(family: string, index: number): string {
  if (family === 'IPv6') return `fd00::${(0x400 + index).toString(16)}`;
  return `10.0.${4 + Math.floor(index / 256)}.${index % 256}`;
}

describe('a pool of addresses', () => {
  it('gives what is free, above the static band while there is some, and nothing only when nothing is', () => {
    fc.assert(
      fc.property(
        cidrs,
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.infiniteStream(fc.boolean()),
        fc.infiniteStream(fc.boolean()),
        (text, random, marks, underWay) => {
          const pool = new AddressPool(parseKnownCidr(text));
          const usable = usableOf(text);
          const size = usable.length + (text.includes(':') ? 1 : 2);
          const offset = staticOffset(size, { step: 16, max: 256 });
          const committed = new Set(usable.filter(() => marks.next().value));
          for (const ip of committed) pool.mark(ip, true);
          // Taken by writes that the pool has not heard of.
          const taken = new Set(usable.filter((ip) => committed.has(ip) || underWay.next().value));
          const given = pool.findFree(
            () => random,
            (ip) => taken.has(ip),
          );
          const free = usable.filter((ip) => !taken.has(ip));
          if (given === undefined) expect(free).toEqual([]);
          else {
            expect(free).toContain(given);
            const isUpper = (ip: string) => usable.indexOf(ip) >= offset;
            if (free.some(isUpper)) expect(isUpper(given)).toBe(true);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('holds what it can give, and nothing else', () => {
    fc.assert(
      fc.property(cidrs, (text) => {
        const cidr = parseKnownCidr(text);
        const pool = new AddressPool(cidr);
        const usable = new Set(usableOf(text));
        for (let index = 0; index < 1_100; index += 1) {
          const ip = addressAt(cidr.family, index);
          expect([ip, pool.canHold(ip)]).toEqual([ip, usable.has(ip)]);
          if (usable.has(ip)) expect(cidrContains(cidr, ip)).toBe(true);
        }
        expect(pool.canHold(cidr.family === 'IPv4' ? 'fd00::401' : '10.0.4.1')).toBe(false);
      }),
      { numRuns: 25 },
    );
  });

  it('forgets what was given back', () => {
    const pool = new AddressPool(parseKnownCidr('10.0.0.0/30'));
    const free = () =>
      pool.findFree(
        () => 0,
        () => false,
      );
    pool.mark('10.0.0.1', true);
    pool.mark('10.0.0.2', true);
    // Of another network, and no address of this one.
    pool.mark('10.0.1.1', true);
    pool.mark('10.0.0.3', true);
    expect(free()).toBeUndefined();
    pool.mark('10.0.0.2', false);
    expect(free()).toBe('10.0.0.2');
  });
});

describe('a bitmap', () => {
  it('finds the next that is not in it, as looking at each would', () => {
    const indexes = fc.integer({ min: 0, max: 199 });
    fc.assert(
      fc.property(fc.array(fc.tuple(indexes, fc.boolean())), indexes, indexes, (changes, from, end) => {
        const bitmap = new Bitmap(200);
        const model = new Set<number>();
        for (const [index, isSet] of changes) {
          bitmap.set(index, isSet);
          if (isSet) model.add(index);
          else model.delete(index);
        }
        const next = Array.from({ length: 200 }, (_, index) => index).find(
          (index) => index >= from && index < end && !model.has(index),
        );
        expect(bitmap.nextClear(from, end)).toBe(next);
      }),
    );
  });

  it('finds the last one of many', () => {
    const bitmap = new Bitmap(65_536);
    for (let index = 0; index < 65_536; index += 1) bitmap.set(index, index !== 65_535);
    expect(bitmap.nextClear(0, 65_536)).toBe(65_535);
    expect(bitmap.nextClear(0, 65_535)).toBeUndefined();
  });
});
