import fc, { type Arbitrary } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IP_FAMILIES, type IpFamily } from '../../address.ts';
import { encodeAttributes } from '../../attribute.ts';
import { KernelError } from '../../kernel-error.ts';
import { MessageWriter } from '../../message-writer.ts';
import { hex, readOrRefused } from '../../testing/bytes.ts';
import { value } from '../../testing/nftables-arbitraries.ts';
import type { SetType } from './contract.ts';
import { ENTRY_PARTS, type EntryPart, encodeEntry, MAX_ENTRY_SIZE } from './entry.ts';
import { EntryReader } from './entry-reader.ts';

const HEADER_SIZE = 4;
const TYPES: readonly SetType[] = [
  'hash:ip',
  'hash:ip,port',
  'hash:ip,port,ip',
  'hash:ip,port,net',
  'bitmap:port',
];

function encode(type: SetType, family: IpFamily, text: string): Uint8Array {
  const writer = new MessageWriter();
  encodeEntry(writer, { type, family }, text);
  return writer.bytes();
}

function decode(type: SetType, bytes: Uint8Array, from = HEADER_SIZE): string {
  return new EntryReader(type).read(bytes, from, bytes.length);
}

const IPV4 = '0c000180 08000140 0a000001';
const IPV6 = '18000180 14000240 fd000000 00000000 00000000 00000001';
const TCP_80 = '05000700 06000000 06000440 00500000';

describe('entries', () => {
  it.each<[SetType, IpFamily, string, string]>([
    ['hash:ip', 'IPv4', '10.0.0.1', `10000780 ${IPV4}`],
    ['hash:ip', 'IPv6', 'fd00::1', `1c000780 ${IPV6}`],
    ['hash:ip,port', 'IPv4', '10.0.0.1,tcp:80', `20000780 ${IPV4} ${TCP_80}`],
    ['hash:ip,port', 'IPv6', 'fd00::1,tcp:80', `2c000780 ${IPV6} ${TCP_80}`],
    ['hash:ip,port', 'IPv4', '10.0.0.1,sctp:65535', `20000780 ${IPV4} 05000700 84000000 06000440 ffff0000`],
    ['hash:ip,port', 'IPv4', '10.0.0.1,47:0', `20000780 ${IPV4} 05000700 2f000000 06000440 00000000`],
    [
      'hash:ip,port,ip',
      'IPv4',
      '10.0.0.1,tcp:80,10.0.0.2',
      `2c000780 ${IPV4} ${TCP_80} 0c001480 08000140 0a000002`,
    ],
    [
      'hash:ip,port,net',
      'IPv4',
      '10.0.0.1,tcp:80,192.168.0.0/24',
      `34000780 ${IPV4} ${TCP_80} 0c001480 08000140 c0a80000 05001500 18000000`,
    ],
    [
      'hash:ip,port,net',
      'IPv4',
      '10.0.0.1,tcp:80,10.0.0.2',
      `34000780 ${IPV4} ${TCP_80} 0c001480 08000140 0a000002 05001500 20000000`,
    ],
    [
      'hash:ip,port,net',
      'IPv4',
      '10.0.0.1,tcp:80,192.168.0.0/24 nomatch',
      `3c000780 ${IPV4} ${TCP_80} 0c001480 08000140 c0a80000 05001500 18000000 08000840 00000004`,
    ],
    ['bitmap:port', 'IPv4', '30080', '0c000780 06000440 75800000'],
    ['bitmap:port', 'IPv6', '0', '0c000780 06000440 00000000'],
  ])('of %s (%s) stand for their bytes: %s', (type, family, text, bytes) => {
    expect(encode(type, family, text)).toEqual(hex(bytes));
    expect(decode(type, hex(bytes))).toBe(text);
  });

  it.each<[SetType, IpFamily, string]>([
    ['hash:ip', 'IPv4', ''],
    ['hash:ip', 'IPv4', 'fd00::1'],
    ['hash:ip', 'IPv4', '10.0.0.1/32'],
    ['hash:ip', 'IPv4', '10.0.0.1,tcp:80'],
    ['hash:ip', 'IPv6', '10.0.0.1'],
    ['hash:ip,port', 'IPv4', '10.0.0.1'],
    ['hash:ip,port', 'IPv4', '10.0.0.1,80'],
    ['hash:ip,port', 'IPv4', '10.0.0.1,tcp:'],
    ['hash:ip,port', 'IPv4', '10.0.0.1,tcp:65536'],
    ['hash:ip,port', 'IPv4', '10.0.0.1,tcp:http'],
    ['hash:ip,port', 'IPv4', '10.0.0.1,TCP:80'],
    ['hash:ip,port', 'IPv4', '10.0.0.1,0:80'],
    ['hash:ip,port', 'IPv4', '10.0.0.1,256:80'],
    ['hash:ip,port', 'IPv4', '10.0.0.1,tcp:80 '],
    ['hash:ip,port', 'IPv4', '10.0.0.1,tcp:80,10.0.0.2'],
    ['hash:ip,port', 'IPv6', '[fd00::1],tcp:80'],
    ['hash:ip,port,ip', 'IPv4', '10.0.0.1,tcp:80'],
    ['hash:ip,port,ip', 'IPv4', '10.0.0.1,tcp:80,10.0.0.0/24'],
    ['hash:ip,port,net', 'IPv4', '10.0.0.1,tcp:80,10.0.0.0/33'],
    ['hash:ip,port,net', 'IPv4', '10.0.0.1,tcp:80,10.0.0.0/'],
    ['hash:ip,port,net', 'IPv4', '10.0.0.1,tcp:80,/24'],
    ['hash:ip,port,net', 'IPv6', 'fd00::1,tcp:80,fd00::/129'],
    ['hash:ip,port,net', 'IPv4', '10.0.0.1,tcp:80,10.0.0.0/24 match'],
    ['bitmap:port', 'IPv4', '65536'],
    ['bitmap:port', 'IPv4', 'tcp:80'],
  ])('of %s (%s) are not written like this: %j', (type, family, text) => {
    expect(() => encode(type, family, text)).toThrow(`BUG: ${text} is no entry of a set of type ${type}`);
  });

  it.each<[string, SetType, string]>([
    ['without an address', 'hash:ip', ''],
    ['without a port', 'hash:ip,port', `${IPV4} 05000700 06000000`],
    ['without a protocol', 'hash:ip,port', `${IPV4} 06000440 00500000`],
    ['of protocol 0', 'hash:ip,port', `${IPV4} 05000700 00000000 06000440 00500000`],
    ['without a second address', 'hash:ip,port,ip', `${IPV4} ${TCP_80}`],
    ['with an address of 5 bytes', 'hash:ip', '10000180 09000140 0a000001 01000000'],
    ['with a port of 4 bytes', 'bitmap:port', '08000440 00000050'],
    [
      'with a network longer than its address',
      'hash:ip,port,net',
      `${IPV4} ${TCP_80} 0c001480 08000140 c0a80000 05001500 21000000`,
    ],
  ])('are refused %s', (_, type, bytes) => {
    expect(() => decode(type, hex(bytes), 0)).toThrow(KernelError);
  });

  it('are told apart when one that was refused came before', () => {
    const reader = new EntryReader('hash:ip,port');
    const broken = hex(IPV4);
    const whole = hex(`${IPV4} ${TCP_80}`);
    expect(() => reader.read(broken, 0, broken.length)).toThrow('it has no protocol:port');
    expect(reader.read(whole, 0, whole.length)).toBe('10.0.0.1,tcp:80');
  });

  it.each(TYPES.flatMap((type) => IP_FAMILIES.map((family) => [type, family] as const)))(
    'of %s (%s) come back as they went',
    (type, family) => {
      fc.assert(
        fc.property(entryOf(type, family), (text) => {
          const bytes = encode(type, family, text);
          expect(bytes.length).toBeLessThanOrEqual(MAX_ENTRY_SIZE);
          expect(decode(type, bytes)).toBe(text);
        }),
      );
    },
  );

  it.each(TYPES)('of %s are read from any bytes, or refused', (type) => {
    const attributes = (inner: Arbitrary<Uint8Array>): Arbitrary<Uint8Array> =>
      fc
        .array(fc.tuple(fc.constantFrom(1, 2, 4, 7, 8, 20, 21), inner), { maxLength: 8 })
        .map(encodeAttributes);
    const small = fc.uint8Array({ maxLength: 5 });
    const address = fc.oneof(small, fc.uint8Array({ minLength: 16, maxLength: 16 }));
    fc.assert(
      fc.property(fc.oneof(attributes(fc.oneof(small, attributes(address))), small), (bytes) => {
        readOrRefused(() => expect(decode(type, bytes, 0)).toMatch(/^[0-9a-f.:,/a-z ]+$/));
      }),
      { numRuns: 500 },
    );
  });
});

function entryOf(type: SetType, family: IpFamily): Arbitrary<string> {
  const ip = value([family === 'IPv4' ? 'ipv4_addr' : 'ipv6_addr']);
  const bits = family === 'IPv4' ? 32 : 128;
  const length = fc.option(
    fc.nat(bits - 1).map((length) => `/${length}`),
    { nil: '' },
  );
  const isException = fc.constantFrom('', ' nomatch');
  const port = fc.nat(0xffff).map(String);
  const protocol = fc.oneof(
    fc.constantFrom('tcp', 'udp', 'sctp', 'udplite'),
    fc
      .integer({ min: 1, max: 255 })
      .filter((number) => ![6, 17, 132, 136].includes(number))
      .map(String),
  );
  const parts: Readonly<Record<EntryPart, Arbitrary<string>>> = {
    ip,
    'second ip': ip,
    'second net': fc.tuple(ip, length, isException).map((texts) => texts.join('')),
    'protocol:port': fc.tuple(protocol, port).map((texts) => texts.join(':')),
    port,
  };
  return fc.tuple(...ENTRY_PARTS[type].map((part) => parts[part])).map((texts) => texts.join(','));
}
