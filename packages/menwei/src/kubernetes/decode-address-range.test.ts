import { cidrContains, ipFromNumber, ipToNumber, parseCidr } from '@menwei/addresses/ip.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddressRange } from './decode-address-range.ts';

describe('a range of addresses', () => {
  it.each([
    ['192.0.2.0/24', 'IPv4', '192.0.2.0', '192.0.2.255'],
    ['192.0.2.10-192.0.2.20', 'IPv4', '192.0.2.10', '192.0.2.20'],
    [' 192.0.2.10 - 192.0.2.20 ', 'IPv4', '192.0.2.10', '192.0.2.20'],
    ['192.0.2.7', 'IPv4', '192.0.2.7', '192.0.2.7'],
    ['192.0.2.7/32', 'IPv4', '192.0.2.7', '192.0.2.7'],
    ['2001:DB8::/120', 'IPv6', '2001:db8::', '2001:db8::ff'],
    ['2001:db8::1-2001:db8::1:0', 'IPv6', '2001:db8::1', '2001:db8::1:0'],
    ['2001:db8::7', 'IPv6', '2001:db8::7', '2001:db8::7'],
    ['fd00::/64', 'IPv6', 'fd00::', 'fd00::ffff:ffff:ffff:ffff'],
  ])('%j', (text, family, first, last) => {
    expect(parseAddressRange(text)).toEqual({ family, first, last, text: text.trim() });
  });

  it.each([
    [
      '192.168.100.200/28',
      '192.168.100.200/28 is not on its boundary: that network begins at 192.168.100.192; write 192.168.100.192/28 if all of it is meant, or 192.168.100.200-192.168.100.207',
    ],
    [
      '2001:db8::1/64',
      '2001:db8::1/64 is not on its boundary: that network begins at 2001:db8::; write 2001:db8::/64 if all of it is meant, or 2001:db8::1-2001:db8::ffff:ffff:ffff:ffff',
    ],
    ['192.0.2.20-192.0.2.10', '192.0.2.20-192.0.2.10 ends before it begins'],
    ['192.0.2.1-2001:db8::1', '192.0.2.1-2001:db8::1 begins and ends in different IP families'],
    ['192.0.2.0/33', '192.0.2.0/33 is not a CIDR'],
    ['192.0.02.0/24', '192.0.02.0/24 is not a CIDR'],
    ['192.0.2.0/24-192.0.3.0/24', '192.0.2.0/24-192.0.3.0/24 is not a CIDR'],
    ...['', 'x', '192.0.2', '192.0.2.1-', '192.0.2.1-2-3', '192.0.2.010', '192.0.2.1-10'].map((text) => [
      text,
      `${/^[\w.:/-]+$/.test(text) ? text : JSON.stringify(text)} is neither a CIDR nor an address nor a range such as 192.0.2.10-192.0.2.20`,
    ]),
  ])('not %j', (text, expected) => {
    expect(parseAddressRange(text)).toBe(expected);
  });

  it('of a CIDR holds exactly its addresses', () => {
    const cidrs = fc
      .tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(128))
      .map(([ip, length]) => parseCidr(`${ip}/${length}`))
      .filter((cidr) => cidr !== undefined);
    fc.assert(
      fc.property(cidrs, (cidr) => {
        const range = parseAddressRange(cidr.text);
        if (typeof range === 'string') throw new Error(range);
        expect([range.first, cidrContains(cidr, range.last)]).toEqual([cidr.address, true]);
        const bits = cidr.family === 'IPv4' ? 32n : 128n;
        const next = ipToNumber(range.last) + 1n;
        if (next < 1n << bits) expect(cidrContains(cidr, ipFromNumber(next, cidr.family))).toBe(false);
      }),
    );
  });

  it('of any text is a range, or one line says why not', () => {
    const part = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string(), fc.constantFrom('10.0.0.1', 'fd00::1', ''));
    const text = fc.oneof(
      part,
      fc.tuple(part, part).map(([a, b]) => `${a}-${b}`),
      fc.tuple(part, fc.nat(140)).map(([a, b]) => `${a}/${b}`),
    );
    fc.assert(
      fc.property(text, (given) => {
        const range = parseAddressRange(given);
        if (typeof range === 'string') expect(range).toMatch(/^[ -~…]+$/);
        else expect(ipToNumber(range.first)).toBeLessThanOrEqual(ipToNumber(range.last));
      }),
      { numRuns: 1_000 },
    );
  });
});
