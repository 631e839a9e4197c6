import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AsciiWriter } from '../../ascii-writer.ts';
import { fieldSize } from './datatype.ts';
import type { Datatype } from './model.ts';
import { compareBytes, decodeRange, decrement, encodeRange, increment } from './range.ts';

function encode(type: Datatype, text: string): readonly [string, string] | undefined {
  const size = fieldSize(type);
  const bytes = new Uint8Array(2 * size);
  if (!encodeRange(type, `80 . ${text}`, 5, bytes, 0, size)) return undefined;
  return [hex(bytes.subarray(0, size)), hex(bytes.subarray(size))];
}

function decode(type: Datatype, [first, last]: readonly [string, string]): string {
  const writer = new AsciiWriter();
  decodeRange(type, Buffer.from(first + last, 'hex'), 0, fieldSize(type), writer);
  return writer.take();
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

describe('ranges', () => {
  it.each<[Datatype, string, string, string]>([
    ['ipv4_addr', '10.96.0.0/12', '0a600000', '0a6fffff'],
    ['ipv4_addr', '0.0.0.0/0', '00000000', 'ffffffff'],
    ['ipv4_addr', '192.0.2.254/31', 'c00002fe', 'c00002ff'],
    ['ipv4_addr', '192.0.2.1', 'c0000201', 'c0000201'],
    ['ipv4_addr', '192.0.2.1-192.0.2.2', 'c0000201', 'c0000202'],
    ['ipv4_addr', '0.0.0.0-255.255.255.254', '00000000', 'fffffffe'],
    ['ipv6_addr', '2001:db8::/33', '20010db8'.padEnd(32, '0'), '20010db87fff'.padEnd(32, 'f')],
    ['ipv6_addr', '::/0', ''.padEnd(32, '0'), ''.padEnd(32, 'f')],
    ['ipv6_addr', '::1-::3', '1'.padStart(32, '0'), '3'.padStart(32, '0')],
    ['inet_service', '80-91', '0050', '005b'],
    ['inet_service', '0-65535', '0000', 'ffff'],
    ['inet_proto', 'tcp-udp', '06', '11'],
  ])('%s %s is %s to %s', (type, text, first, last) => {
    expect(encode(type, text)).toEqual([first, last]);
    expect(decode(type, [first, last])).toBe(text);
  });

  it.each<[string, Datatype, string]>([
    ['bits after the prefix', 'ipv4_addr', '10.96.0.1/12'],
    ['a prefix that is too long', 'ipv4_addr', '10.96.0.0/33'],
    ['no prefix length', 'ipv4_addr', '10.96.0.0/'],
    ['the end before the beginning', 'ipv4_addr', '10.96.0.2-10.96.0.1'],
    ['no end', 'ipv4_addr', '10.96.0.2-'],
    ['something after it', 'ipv4_addr', '10.96.0.2 . 80'],
    ['a prefix of a number', 'inet_service', '0/8'],
    ["numbers in the machine's order", 'slot', '1-2'],
  ])('refuses %s', (_, type, text) => {
    expect(encode(type, text)).toBeUndefined();
  });

  it('are written in the shortest form', () => {
    const ends = fc.tuple(fc.nat(0xffffffff), fc.nat(32)).map(([address, length]): [string, string] => {
      const host = length === 32 ? 0 : 0xffffffff >>> length;
      const word = (value: number) => (value >>> 0).toString(16).padStart(8, '0');
      return [word(address & ~host), word(address | host)];
    });
    fc.assert(
      fc.property(ends, (range) => {
        const text = decode('ipv4_addr', range);
        expect(text).not.toContain('-');
        expect(encode('ipv4_addr', text)).toEqual(range);
      }),
    );
  });

  it('come back as they were', () => {
    const ends = fc
      .tuple(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
      .map(([a, b]): [string, string] => {
        const isAscending = compareBytes(a, 0, b, 0, 16) <= 0;
        return isAscending ? [hex(a), hex(b)] : [hex(b), hex(a)];
      });
    fc.assert(
      fc.property(ends, (range) => {
        expect(encode('ipv6_addr', decode('ipv6_addr', range))).toEqual(range);
      }),
    );
  });
});

describe('counting', () => {
  it.each([
    ['00', '01', true],
    ['00ff', '0100', true],
    ['ffff', '0000', false],
  ])('%s comes before %s', (a, b, isInside) => {
    const bytes = Buffer.from(a, 'hex');
    expect(increment(bytes, 0, bytes.length)).toBe(isInside);
    expect(hex(bytes)).toBe(b);
    expect(decrement(bytes, 0, bytes.length)).toBe(isInside);
    expect(hex(bytes)).toBe(a);
  });
});
