import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { decodeIpv4, decodeIpv6, encodeIpv4, encodeIpv6 } from './address-bytes.ts';
import { AsciiWriter } from './ascii-writer.ts';
import { ipv6Groups } from './testing/nftables-arbitraries.ts';

const BEFORE = 'x. ';
const AFTER = ' . 80';

/** By another library: canonical text, for mapped addresses that of IPv4. Undefined: it is no address. */
function parseIp(text: string): string | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text).toString();
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined;
  // The library would take the old `::10.0.0.1` for a mapped address.
  const address = ipaddr.IPv6.parse(text.replace(/^::(?=\d+\.)/, '0:0:0:0:0:0:'));
  return address.isIPv4MappedAddress() ? address.toIPv4Address().toString() : address.toRFC5952String();
}

/** In the middle of another text and of other bytes, as in elements. Undefined: it is no address. */
function encode(encodeIn: typeof encodeIpv4, text: string, size: number): string | undefined {
  const bytes = new Uint8Array(size + 2).fill(0xee);
  const from = BEFORE.length;
  if (!encodeIn(BEFORE + text + AFTER, from, from + text.length, bytes, 1)) return undefined;
  expect([bytes[0], bytes.at(-1)]).toEqual([0xee, 0xee]);
  return Buffer.from(bytes.subarray(1, -1)).toString('hex');
}

function decode(decodeFrom: typeof decodeIpv4, hex: string): string {
  const writer = new AsciiWriter();
  decodeFrom(Buffer.from(`ee${hex}`, 'hex'), 1, writer);
  return writer.take();
}

describe('IPv4 addresses', () => {
  it.each([
    ['0.0.0.0', '00000000'],
    ['10.96.0.1', '0a600001'],
    ['255.255.255.255', 'ffffffff'],
    ['', undefined],
    ['1.2.3', undefined],
    ['1.2.3.4.5', undefined],
    ['1.2.3.', undefined],
    ['.1.2.3', undefined],
    ['1..2.3', undefined],
    ['1.2.3.256', undefined],
    ['1.2.3.1000000000000', undefined],
    ['1.2.3.04', undefined],
    ['1.2.3.4 ', undefined],
    ['1.2.3.x', undefined],
    ['::1', undefined],
  ])('%s is %s', (text, hex) => {
    expect(encode(encodeIpv4, text, 4)).toBe(hex);
    if (hex !== undefined) expect(decode(decodeIpv4, hex)).toBe(text);
  });

  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        expect(decode(decodeIpv4, encode(encodeIpv4, text, 4) ?? '')).toBe(text);
      }),
    );
  });

  it('are those of another library', () => {
    fc.assert(
      fc.property(fc.oneof(fc.stringMatching(/^[0-9.]{1,15}$/), fc.ipV4()), (text) => {
        expect(encode(encodeIpv4, text, 4) !== undefined).toBe(parseIp(text) === text);
      }),
    );
  });
});

describe('IPv6 addresses', () => {
  it.each([
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['1::', '00010000000000000000000000000000'],
    ['fd00:10:96::a', 'fd00001000960000000000000000000a'],
    ['2001:db8:0:1:1:1:1:1', '20010db8000000010001000100010001'],
    ['2001:db8::1:0:0:1', '20010db8000000000001000000000001'],
    ['::2:3:4:5:6:7', '00000000000200030004000500060007'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['::ffff:a00:1', '00000000000000000000ffff0a000001'],
  ])('%s is %s', (text, hex) => {
    expect(encode(encodeIpv6, text, 16)).toBe(hex);
    expect(decode(decodeIpv6, hex)).toBe(text);
  });

  it.each([
    ['::ffff:10.0.0.1', '::ffff:a00:1'],
    ['::10.0.0.1', '::a00:1'],
    ['1:2:3:4:5:6:7.8.9.10', '1:2:3:4:5:6:708:90a'],
    ['FD00:0:0:0:0:0:0:000A', 'fd00::a'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
  ])('%s is read as %s', (text, canonical) => {
    expect(decode(decodeIpv6, encode(encodeIpv6, text, 16) ?? '')).toBe(canonical);
  });

  it.each([
    '',
    ':',
    ':::',
    ':1',
    '1:',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '::1:2:3:4:5:6:7:8',
    '12345::',
    'g::',
    '::1.2.3',
    '::1.2.3.4:5',
    '1:2:3:4:5:6:7:1.2.3.4',
    '10.0.0.1',
    '::1%eth0',
    '::1 ',
  ])("'%s' is none", (text) => {
    expect(encode(encodeIpv6, text, 16)).toBeUndefined();
  });

  it('are written as another library writes them', () => {
    fc.assert(
      fc.property(ipv6Groups, (groups) => {
        const hex = groups.map((group) => group.toString(16).padStart(4, '0')).join('');
        const text = decode(decodeIpv6, hex);
        expect(encode(encodeIpv6, text, 16)).toBe(hex);
        // There a mapped address is an IPv4 address.
        fc.pre(!hex.startsWith('00000000000000000000ffff'));
        expect(text).toBe(parseIp(text));
      }),
    );
  });

  it('are those of another library', () => {
    const almost = fc.stringMatching(/^[0-9a-f:]{2,12}$/);
    fc.assert(
      fc.property(fc.oneof(fc.ipV6(), almost), (text) => {
        expect(encode(encodeIpv6, text, 16) !== undefined).toBe(parseIp(text) !== undefined);
      }),
      { numRuns: 500 },
    );
  });
});
