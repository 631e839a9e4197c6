import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cidrContains,
  familyOf,
  formatHostPort,
  ipFromNumber,
  ipToNumber,
  isAssignable,
  isLoopback,
  parseCidr,
  parseHostPort,
  parseIp,
} from './ip.ts';

/** Addresses of both families, and what looks much like one. */
const nearlyIps = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.ipV4Extended(),
  fc
    .array(
      fc.constantFrom('0', '1', '10', '255', '256', 'ffff', 'g', '.', ':', '::', '/', '%', '-', ' ', '0x'),
      {
        maxLength: 12,
      },
    )
    .map((parts) => parts.join('')),
  fc.string(),
  fc.string({ unit: 'binary' }),
);

describe('parseIp', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    // Leading zeros are decimal, as the API has always read them.
    ['10.180.00.001', '10.180.0.1'],
    ['010.011.012.013', '10.11.12.13'],
    ['0000000010.0.0.1', '10.0.0.1'],
    ['::', '::'],
    ['::1', '::1'],
    ['FD00:0:0:1::ABCD', 'fd00:0:0:1::abcd'],
    ['fd00:0000:0000:0001:0000:0000:0000:abcd', 'fd00:0:0:1::abcd'],
    // One group of zeros is written out; of two runs, the longer one goes, and of equal ones the first.
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:0:0:2:3:0:0:4', '1::2:3:0:0:4'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:0A00:0001', '10.0.0.1'],
    // IPv4-compatible, which is an IPv6 address for all that (RFC 4291, 2.5.5.1).
    ['::10.0.0.1', '::a00:1'],
    ['::0.0.0.1', '::1'],
    ['64:ff9b::10.0.0.1', '64:ff9b::a00:1'],
  ])('reads %s as %s', (text, canonical) => {
    expect(parseIp(text)).toBe(canonical);
  });

  it.each(
    [
      [
        '',
        ' ',
        '10',
        '10.0.0',
        '10.0.0.1.1',
        '10.0.0.256',
        '-1.0.0.1',
        '1e1.0.0.1',
        '0x0a.0.0.1',
        '10.0.0.1 ',
        ' 10.0.0.1',
      ],
      [
        '10.0.0.1/32',
        '10.0.0.1:80',
        '10..0.1',
        '10.0.0.',
        '.10.0.0',
        '１０.0.0.1',
        '10.0.0.1\n',
        '167772161',
      ],
      [
        ':',
        ':::',
        '::1::',
        '1:2:3:4:5:6:7',
        '1:2:3:4:5:6:7:8:9',
        'fd00::12345',
        'fd00::g',
        '[::1]',
        '::1/128',
      ],
      // A zone only means something on one machine.
      ['fe80::1%eth0', '::1%', '%', '::ffff:10.0.0.256', '::ffff:10.0.0', 'localhost', 'example.com'],
    ].flat(),
  )('refuses %j', (text) => {
    expect(parseIp(text)).toBeUndefined();
  });

  it('never throws, and reads its own answer as the same address of the same family', () => {
    fc.assert(
      fc.property(nearlyIps, (text) => {
        const ip = parseIp(text);
        if (ip === undefined) return;
        expect(parseIp(ip)).toBe(ip);
        expect(isIP(ip)).toBe(familyOf(ip) === 'IPv4' ? 4 : 6);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes every address', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        expect(parseIp(text)).toBeDefined();
      }),
    );
  });

  it('writes IPv6 as a URL does, but for addresses that are IPv4 in disguise', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const [, canonical = ''] = /^\[(.*)\]$/.exec(new URL(`http://[${text}]`).hostname) ?? [];
        fc.pre(!canonical.startsWith('::ffff:'));
        expect(parseIp(text)).toBe(canonical);
      }),
      { numRuns: 1000 },
    );
  });

  it('gives two spellings of an address one text', () => {
    const groups = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(groups, (numbers) => {
        const short = numbers.map((number) => number.toString(16)).join(':');
        const long = numbers.map((number) => number.toString(16).toUpperCase().padStart(4, '0')).join(':');
        expect(parseIp(long)).toBe(parseIp(short));
      }),
    );
  });
});

describe('parseCidr', () => {
  it.each([
    ['10.20.30.40/16', '10.20.0.0/16'],
    ['10.20.30.40/32', '10.20.30.40/32'],
    ['10.20.30.40/0', '0.0.0.0/0'],
    ['10.20.30.40/31', '10.20.30.40/31'],
    ['203.0.113.000/025', '203.0.113.0/25'],
    ['203.0.113.255/25', '203.0.113.128/25'],
    ['FD00:10:0:0::1/64', 'fd00:10::/64'],
    ['fd00::ffff/127', 'fd00::fffe/127'],
    ['fd00::1/128', 'fd00::1/128'],
    ['::/0', '::/0'],
    ['ffff::/1', '8000::/1'],
    ['::ffff:10.0.0.1/104', '10.0.0.0/8'],
    ['::ffff:a00:1/96', '0.0.0.0/0'],
    ['::ffff:10.0.0.1/128', '10.0.0.1/32'],
  ])('reads %s as %s', (text, canonical) => {
    const [address, length] = canonical.split('/');
    expect(parseCidr(text)).toEqual({
      family: canonical.includes(':') ? 'IPv6' : 'IPv4',
      text: canonical,
      address,
      prefixLength: Number(length),
    });
  });

  it.each([
    '',
    '/',
    '10.0.0.0',
    '10.0.0.0/',
    '/8',
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    // Networks of both families: none that a rule could hold.
    '::ffff:10.0.0.1/0',
    '::ffff:10.0.0.1/24',
    '::ffff:10.0.0.1/95',
  ])('refuses %j', (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });

  it.each([
    '10.0.0.0/8.0',
    '10.0.0.0/ 8',
    ' 10.0.0.0/8',
    '10.0.0.0/8 ',
    '10.0.0/8',
    '10.0.0.0/0x8',
    'fe80::%1/64',
  ])('refuses %j', (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });

  it('never throws, and reads its own answer as the same network', () => {
    const texts = fc
      .tuple(nearlyIps, fc.integer({ min: -1, max: 130 }))
      .map(([ip, length]) => `${ip}/${length}`);
    fc.assert(
      fc.property(fc.oneof(texts, nearlyIps), (text) => {
        const cidr = parseCidr(text);
        if (cidr === undefined) return;
        expect(parseCidr(cidr.text)).toEqual(cidr);
        expect(cidrContains(cidr, cidr.address)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('cidrContains', () => {
  it.each([
    ['10.20.0.0/16', '10.20.0.0', true],
    ['10.20.0.0/16', '10.20.255.255', true],
    ['10.20.0.0/16', '10.21.0.0', false],
    ['10.20.0.0/16', '10.19.255.255', false],
    ['10.20.0.1/32', '10.20.0.1', true],
    ['10.20.0.1/32', '10.20.0.2', false],
    ['0.0.0.0/0', '203.0.113.1', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['::/0', '2001:db8::1', true],
    ['::/0', '10.0.0.1', false],
    ['fd00:10::/32', 'fd00:10:ffff::1', true],
    ['fd00:10::/32', 'fd00:11::1', false],
    ['fd00::/127', 'fd00::1', true],
    ['fd00::/127', 'fd00::2', false],
  ])('%s, %s: %s', (text, ip, contained) => {
    const cidr = parseCidr(text);
    expect(cidr === undefined ? undefined : cidrContains(cidr, ip)).toBe(contained);
  });
});

describe('isLoopback', () => {
  it.each([
    ['127.0.0.1', true],
    ['127.255.255.255', true],
    ['128.0.0.1', false],
    ['12.7.0.1', false],
    ['::1', true],
    ['::', false],
    ['::1:1', false],
  ])('%s: %s', (ip, loopback) => {
    expect(isLoopback(ip)).toBe(loopback);
  });
});

describe('formatHostPort', () => {
  it.each([
    ['10.0.0.1', 80, '10.0.0.1:80'],
    ['fd00::1', 80, '[fd00::1]:80'],
    ['::', 65_535, '[::]:65535'],
  ])('%s and %i make %s', (ip, port, text) => {
    expect(formatHostPort(ip, port)).toBe(text);
  });
});

describe('parseHostPort', () => {
  it.each([
    ['10.0.0.1:80', { ip: '10.0.0.1', port: 80 }],
    ['[fd00::1]:65535', { ip: 'fd00::1', port: 65_535 }],
    ['[FD00:0:0:0::1]:0', { ip: 'fd00::1', port: 0 }],
    ['10.0.0.1:65536', undefined],
    ['10.0.0.1', undefined],
    ['fd00::1:80', undefined],
    ['[10.0.0.1:80', undefined],
    ['localhost:80', undefined],
    ['10.0.0.1:http', undefined],
    ['', undefined],
  ])('%j', (text, place) => {
    expect(parseHostPort(text)).toEqual(place);
  });
});

describe('an address as a number', () => {
  it.each([
    ['0.0.0.0', 0n],
    ['192.0.2.10', 3_221_225_994n],
    ['255.255.255.255', 2n ** 32n - 1n],
    ['::', 0n],
    ['fd00::ffff', 0xfd00n * 2n ** 112n + 65_535n],
  ])('%s', (ip, number) => {
    expect(ipToNumber(ip)).toBe(number);
    expect(ipFromNumber(number, familyOf(ip))).toBe(ip);
  });
});

describe('isAssignable', () => {
  it.each([
    ...['0.0.0.0', '0.1.2.3', '127.0.0.1', '169.254.169.254', '224.0.0.18', '239.1.1.1', '255.255.255.255'],
    ...['::', '::1', 'fe80::1', 'ff02::1', 'ffff::'],
  ])('%s is no address that a Service may have', (ip) => {
    expect(isAssignable(ip)).toBe(false);
  });

  it.each([
    '1.0.0.0',
    '10.0.0.0',
    '192.0.2.255',
    '240.0.0.1',
    '2001:db8::',
    'fd00::1',
    'fec0::1',
    '64:ff9b::1',
  ])('%s is one', (ip) => {
    expect(isAssignable(ip)).toBe(true);
  });
});
