import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeAttributes } from '../../attribute.ts';
import { KernelError } from '../../kernel-error.ts';
import { MessageWriter } from '../../message-writer.ts';
import { hex, readOrRefused } from '../../testing/bytes.ts';
import { value } from '../../testing/nftables-arbitraries.ts';
import {
  AddressReader,
  decodeInterfaceIndex,
  decodeLink,
  encodeAddress,
  encodeAddressQuestion,
  encodeLink,
  encodeLinkQuestion,
} from './message.ts';

function written(write: (writer: MessageWriter) => void): Uint8Array {
  const writer = new MessageWriter();
  write(writer);
  return writer.bytes().slice();
}

const NO_LINK = '00000000 00000000 00000000 00000000';
/** IFLA_IFNAME: lo */
const LO = '07000300 6c6f0000';

describe('requests', () => {
  it.each<[string, (writer: MessageWriter) => void, string]>([
    [
      'for a dummy interface',
      (writer) => encodeLink(writer, 'd', 'dummy'),
      `${NO_LINK} 06000300 64000000 10001280 0a000100 64756d6d79000000`,
    ],
    [
      'about one interface',
      (writer) => encodeLinkQuestion(writer, 'lo'),
      `${NO_LINK} ${LO} 08001d00 08000000`,
    ],
    ['about all interfaces', (writer) => encodeLinkQuestion(writer), `${NO_LINK} 08001d00 08000000`],
    [
      'about an IPv4 address',
      (writer) => encodeAddress(writer, 7, '10.0.0.1'),
      '02200000 07000000 08000200 0a000001 08000100 0a000001',
    ],
    [
      'about an IPv6 address',
      (writer) => encodeAddress(writer, 258, 'fd00::1'),
      '0a800200 02010000 14000200 fd000000 00000000 00000000 00000001',
    ],
    ['about all IPv4 addresses', (writer) => encodeAddressQuestion(writer, 'IPv4'), '02000000 00000000'],
    [
      'about the IPv6 addresses of an interface',
      (writer) => encodeAddressQuestion(writer, 'IPv6', 7),
      '0a000000 07000000',
    ],
  ])('%s', (_, write, bytes) => {
    expect(written(write)).toEqual(hex(bytes));
  });

  it.each(['', '10.0.0', '10.0.0.1/32', 'fd00::g'])('are not made of the address %j', (ip) => {
    expect(() => written((writer) => encodeAddress(writer, 1, ip))).toThrow('BUG');
  });
});

describe('links', () => {
  /** Of Ethernet, with these flags, called `lo`. */
  const link = (flags: string, attributes: string) =>
    decodeLink(hex(`00000100 07000000 ${flags} 00000000 ${LO} ${attributes}`));

  it.each([
    ['one that stands for a device', '', { kind: undefined }],
    ['one of a kind', '0d001280 09000100 7665746800000000', { kind: 'veth' }],
    ['one of no kind', '04001280', { kind: undefined }],
    ['one with an address', '0a000100 02abcdef00010000', { mac: '02:ab:cd:ef:00:01' }],
    ['one with an address of another size', '08000100 0a000001', { mac: undefined }],
    [
      'the port of a bridge',
      '08000a00 03000000 1c001280 09000100 7665746800000000 0b000400 6272696467650000',
      { kind: 'veth', master: { index: 3, kind: 'bridge' } },
    ],
    ['a part of something', '08000a00 03000000', { master: { index: 3, kind: undefined } }],
  ])('can be %s', (_, attributes, expected) => {
    expect(link('43100100', attributes)).toEqual({
      ...{ index: 7, name: 'lo', kind: undefined, mac: undefined, master: undefined },
      ...{ isUp: true, hasCarrier: true, isLoopback: false, isNoArp: false },
      ...expected,
    });
  });

  it.each([
    ['down', '42100100', { isUp: false, hasCarrier: false }],
    ['without a carrier', '03100000', { isUp: true, hasCarrier: false }],
    ['without a carrier, as nobody has looked yet', '43100000', { isUp: true, hasCarrier: false }],
    ['waiting', '03100100', { isUp: true, hasCarrier: false }],
    ['a loopback', '49000100', { isLoopback: true, hasCarrier: true }],
    ['without ARP', 'c3000100', { isNoArp: true, hasCarrier: true }],
  ])('can be %s', (_, flags, expected) => {
    expect(link(flags, '')).toMatchObject(expected);
  });

  it('of other kinds than Ethernet have addresses that mean something else', () => {
    const bytes = `0000feff 07000000 43100100 00000000 ${LO} 0a000100 02abcdef00010000`;
    expect(decodeLink(hex(bytes))?.mac).toBeUndefined();
  });

  it('are none when a bridge speaks of its ports', () => {
    expect(decodeLink(hex(`07000100 07000000 43100100 00000000 ${LO}`))).toBeUndefined();
  });

  it.each(['', '00000000 07000000', NO_LINK, `${NO_LINK} ff000300`, `${NO_LINK} ${LO} 06000a00 03000000`])(
    'cannot be %j',
    (bytes) => {
      expect(() => decodeLink(hex(bytes))).toThrow(KernelError);
    },
  );
});

describe('addresses', () => {
  const reader = new AddressReader();
  const address = (bytes: string) => reader.read(hex(bytes));

  it.each([
    ['of IPv4', '02180000 07000000 08000100 0a000001', { ip: '10.0.0.1', prefixLength: 24, scope: 'global' }],
    [
      'of IPv6',
      '0a4000fd 07000000 14000100 fe800000 00000000 00000000 00000001',
      { ip: 'fe80::1', prefixLength: 64, scope: 'link' },
    ],
    [
      'of this machine alone',
      '020800fe 07000000 08000100 7f000001',
      { ip: '127.0.0.1', prefixLength: 8, scope: 'host' },
    ],
    [
      'of a site',
      '020800c8 07000000 08000100 0a000001',
      { ip: '10.0.0.1', prefixLength: 8, scope: 'global' },
    ],
    [
      'with another end',
      '02200000 07000000 08000100 0a000002 08000200 0a000001',
      { ip: '10.0.0.1', prefixLength: 32, scope: 'global' },
    ],
    [
      'with another end, in the other order',
      '02200000 07000000 08000200 0a000001 08000100 0a000002',
      { ip: '10.0.0.1', prefixLength: 32, scope: 'global' },
    ],
  ])('can be one %s', (_, bytes, expected) => {
    expect(address(bytes)).toEqual({ index: 7, ...expected });
    expect(decodeInterfaceIndex(hex(bytes))).toBe(7);
  });

  it.each([
    ['permanent', '80', undefined],
    ['tentative', 'c0', 'tentative'],
    ['tentative, and used all the same', '44', undefined],
    ['of somebody else, as was found out', '48', 'tentative'],
    ['deprecated', '20', 'passing'],
    ['made for privacy', '01', 'passing'],
  ])('of IPv6 can be %s', (_, flags, state) => {
    const bytes = `0a40${flags}00 07000000 14000100 fd000000 00000000 00000000 00000001`;
    expect(address(bytes)?.state).toBe(state);
  });

  it('of IPv4 are in no such state', () => {
    expect(address('02180100 07000000 08000100 0a000001')).toEqual({
      ...{ index: 7, ip: '10.0.0.1', prefixLength: 24, scope: 'global' },
    });
  });

  it('are none in families that are not of IP', () => {
    expect(address('07000000 07000000')).toBeUndefined();
  });

  it.each([
    '',
    '02200000 0700',
    '02200000 07000000',
    '02200000 07000000 09000100 0a000001 00000000',
    '0a400000 07000000 08000100 0a000001',
    '02200000 07000000 ff000100',
  ])('cannot be %j', (bytes) => {
    expect(() => address(bytes)).toThrow(KernelError);
  });

  it('come back as they went', () => {
    const ip = fc.oneof(value(['ipv4_addr']), value(['ipv6_addr']));
    fc.assert(
      fc.property(ip, fc.nat(0xffffffff), (ip, index) => {
        const prefixLength = ip.includes(':') ? 128 : 32;
        const bytes = written((writer) => encodeAddress(writer, index, ip));
        expect(reader.read(bytes)).toEqual({ index, ip, prefixLength, scope: 'global' });
      }),
    );
  });
});

describe('any bytes', () => {
  const wellFormed = fc
    .tuple(
      fc.uint8Array({ minLength: 8, maxLength: 16 }),
      fc.array(fc.tuple(fc.nat(30), fc.uint8Array({ maxLength: 20 })), { maxLength: 5 }),
    )
    .map(([header, attributes]) => new Uint8Array([...header, ...encodeAttributes(attributes)]));
  const bytes = fc.oneof(wellFormed, fc.uint8Array({ maxLength: 60 }));

  it.each<[string, (payload: Uint8Array) => unknown]>([
    ['a link', decodeLink],
    ['an address', (payload) => new AddressReader().read(payload)],
  ])('are %s or refused', (_, decode) => {
    fc.assert(
      fc.property(bytes, (payload) => {
        readOrRefused(() => decode(payload));
      }),
    );
  });
});
