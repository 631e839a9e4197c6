import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answer, gratuitous, probe, type Station } from './announcing.ts';
import { decode, encode } from './frame.ts';
import type { ArpMessage, NeighborMessage, NeighborSolicitation } from './message.ts';
import { multicastMac, solicitedNodeGroup } from './multicast.ts';

const MAC = '02:00:00:00:00:01';
const US: Station = { mac: MAC, linkLocal: 'fe80::ff:fe00:1' };
const ASKER_MAC = '02:00:00:00:00:aa';
const VIP4 = '192.0.2.100';
const VIP6 = '2001:db8::100';

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}

const ARP_QUESTION: ArpMessage = {
  kind: 'arp-request',
  destination: 'ff:ff:ff:ff:ff:ff',
  source: ASKER_MAC,
  senderMac: ASKER_MAC,
  senderIp: '192.0.2.2',
  targetMac: '00:00:00:00:00:00',
  targetIp: VIP4,
};
const SOLICITATION: NeighborSolicitation = {
  kind: 'solicitation',
  destination: '33:33:ff:00:01:00',
  source: ASKER_MAC,
  sourceIp: 'fe80::ff:fe00:aa',
  destinationIp: 'ff02::1:ff00:100',
  targetIp: VIP6,
  linkLayerAddress: ASKER_MAC,
};

// load-balancer, appendix.
const GARP_REQUEST =
  'ffffffffffff 020000000001 0806 0001080006040001 020000000001 c0000264 000000000000 c0000264';
const UNSOLICITED =
  '333300000001 020000000001 86dd 6000000000203aff fe80000000000000000000fffe000001 ff020000000000000000000000000001 8800 2864 20000000 20010db8000000000000000000000100 0201 020000000001';

describe('the frames of the reference', () => {
  const [request, reply] = gratuitous(VIP4, US);
  it.each<[string, NeighborMessage | undefined, string]>([
    ['gratuitous ARP request', request, GARP_REQUEST],
    [
      'gratuitous ARP reply',
      reply,
      'ffffffffffff 020000000001 0806 0001080006040002 020000000001 c0000264 ffffffffffff c0000264',
    ],
    [
      'ARP answer',
      answer(ARP_QUESTION, US),
      '0200000000aa 020000000001 0806 0001080006040002 020000000001 c0000264 0200000000aa c0000202',
    ],
    [
      'ARP probe',
      probe(VIP4, MAC),
      'ffffffffffff 020000000001 0806 0001080006040001 020000000001 00000000 000000000000 c0000264',
    ],
    ['unsolicited advertisement', gratuitous(VIP6, US)[0], UNSOLICITED],
    [
      'advertisement that was asked for',
      answer(SOLICITATION, US),
      '0200000000aa 020000000001 86dd 6000000000203aff fe80000000000000000000fffe000001 fe80000000000000000000fffe0000aa 8800 e93c 60000000 20010db8000000000000000000000100 0201 020000000001',
    ],
  ])('%s', (_, message, bytes) => {
    if (message === undefined) throw new Error('nothing is said');
    expect(Buffer.from(encode(message)).toString('hex')).toBe(bytes.replaceAll(' ', ''));
    expect(decode(hex(bytes))).toEqual(message);
  });

  it('are all that is said', () => {
    expect(gratuitous(VIP4, US)).toHaveLength(2);
    expect(gratuitous(VIP6, US)).toHaveLength(1);
    expect(gratuitous(VIP6, { ...US, linkLocal: undefined })).toEqual([]);
  });
});

describe('a frame', () => {
  it('may be padded', () => {
    const padded = new Uint8Array(60);
    padded.set(hex(GARP_REQUEST));
    expect(decode(padded)).toEqual(decode(hex(GARP_REQUEST)));
    const longer = new Uint8Array([...hex(UNSOLICITED), 1, 2, 3]);
    expect(decode(longer)).toEqual(decode(hex(UNSOLICITED)));
  });

  it.each([
    ['of a VLAN', '8100 0005', 5],
    ['with a priority only', '8100 e000', 0],
  ])('may have a tag, %s', (_, tag, vlan) => {
    for (const untagged of [GARP_REQUEST, UNSOLICITED]) {
      const bytes = untagged.replaceAll(' ', '');
      expect(decode(hex(`${bytes.slice(0, 24)}${tag}${bytes.slice(24)}`))).toEqual({
        ...decode(hex(untagged)),
        vlan,
      });
    }
  });

  it.each<[string, string]>([
    ['of nothing', ''],
    ['with a tag cut off', 'ffffffffffff 020000000001 8100 00'],
    ['of another kind', 'ffffffffffff 020000000001 0800 45000000'],
    ['of ARP, cut off', GARP_REQUEST.slice(0, -2)],
    ['of ARP for another network', GARP_REQUEST.replace('0806 0001', '0806 0006')],
    ['of ARP that asks the other way round', GARP_REQUEST.replace('06040001', '06040003')],
    ['of IPv6, cut off', UNSOLICITED.slice(0, -2)],
    ['of IPv6, damaged', UNSOLICITED.replace('8800 2864', '8800 2865')],
    ['of IPv6 that was forwarded', UNSOLICITED.replace('203aff', '203afe')],
    ['of IPv6 with another protocol', UNSOLICITED.replace('203aff', '2006ff')],
    ['of IPv6 with a code', UNSOLICITED.replace('8800 2864', '8801 2863')],
    ['of ICMPv6 of another kind', UNSOLICITED.replace('8800 2864', '8900 2764')],
    ['with an option without a length', UNSOLICITED.replace('0201', '0200').replace('2864', '2865')],
    ['with an option that is cut off', UNSOLICITED.replace('0201', '0202').replace('2864', '2863')],
    ['to all, as an answer', UNSOLICITED.replace('2864 2', 'e863 6')],
    ['of IPv4 within IPv6', UNSOLICITED.replace('86dd 60', '86dd 40')],
  ])('%s is no message', (_, bytes) => {
    expect(decode(hex(bytes))).toBeUndefined();
  });

  it('from one who has no address yet is heeded only as such ask', () => {
    const asked = probe(VIP6, ASKER_MAC);
    if (asked.kind !== 'solicitation') throw new Error('of IPv6');
    expect(decode(encode(asked))).toEqual(asked);
    expect(decode(encode({ ...asked, destinationIp: VIP6 }))).toBeUndefined();
    expect(decode(encode({ ...asked, linkLayerAddress: ASKER_MAC }))).toBeUndefined();
  });

  it('about a group is no message', () => {
    expect(decode(encode({ ...SOLICITATION, targetIp: 'ff02::1' }))).toBeUndefined();
  });
});

const octet = fc.nat(255);
const mac = fc
  .array(octet, { minLength: 6, maxLength: 6 })
  .map((bytes) => bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':'));
const ipv4 = fc.tuple(octet, octet, octet, octet).map((bytes) => bytes.join('.'));
const ipv6 = fc.tuple(fc.constantFrom('fe80', '2001:db8'), fc.nat(0xfffe)).map(([prefix, last]) => {
  return `${prefix}::${(last + 1).toString(16)}`;
});
const ethernet = {
  destination: mac,
  source: mac,
  vlan: fc.option(fc.nat(4095), { nil: undefined }),
};
const arp = fc.record({
  ...ethernet,
  kind: fc.constantFrom('arp-request' as const, 'arp-reply' as const),
  senderMac: mac,
  senderIp: ipv4,
  targetMac: mac,
  targetIp: ipv4,
});
const discovery = {
  ...ethernet,
  sourceIp: ipv6,
  destinationIp: ipv6,
  targetIp: ipv6,
  linkLayerAddress: fc.option(mac, { nil: undefined }),
};
const message = fc.oneof(
  arp,
  fc.record({ ...discovery, kind: fc.constant('solicitation' as const) }),
  fc.record({
    ...discovery,
    kind: fc.constant('advertisement' as const),
    isSolicited: fc.boolean(),
    isOverride: fc.boolean(),
  }),
);

describe('messages', () => {
  it('come back as they went', () => {
    fc.assert(
      fc.property(message, ({ vlan, ...others }) => {
        const sent: NeighborMessage = vlan === undefined ? others : { ...others, vlan };
        expect(decode(encode(sent))).toEqual(sent);
      }),
    );
  });

  it('or nothing are made of any bytes', () => {
    const frames = fc.oneof(
      fc.uint8Array({ maxLength: 120 }),
      // A frame that is right, with some bytes changed or cut off.
      fc
        .tuple(message, fc.array(fc.tuple(fc.nat(100), octet), { maxLength: 3 }), fc.nat(100))
        .map(([{ vlan: _, ...sent }, changes, size]) => {
          const bytes = encode(sent);
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
          return bytes.subarray(0, Math.max(size, 30));
        }),
    );
    fc.assert(
      fc.property(frames, (bytes) => {
        const decoded = decode(bytes);
        if (decoded !== undefined) expect(decode(encode(decoded))).toEqual(decoded);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('groups', () => {
  it.each([
    ['2001:db8::100', 'ff02::1:ff00:100', '33:33:ff:00:01:00'],
    ['2001:db8::12ab:34cd', 'ff02::1:ffab:34cd', '33:33:ff:ab:34:cd'],
  ])('of %s', (ip, group, mac) => {
    expect(solicitedNodeGroup(ip)).toBe(group);
    expect(multicastMac(group)).toBe(mac);
  });
});
