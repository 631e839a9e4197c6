import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IpFamily } from '../../address.ts';
import { MessageWriter } from '../../message-writer.ts';
import type { TransportProtocol } from '../../protocol.ts';
import { readOrRefused } from '../../testing/bytes.ts';
import { CTA } from './constants.ts';
import type { ConntrackAddress, ConntrackEntry } from './contract.ts';
import type { KernelFilter } from './filter.ts';
import { EntryReader, encodeFamily, encodeListing, encodeTuple, formatDeletion } from './message.ts';

/** Bytes as they are on little-endian machines, which is where these tests run. */
function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
}

function written(write: (writer: MessageWriter) => void): Uint8Array {
  const writer = new MessageWriter();
  write(writer);
  return writer.bytes();
}

describe('a listing', () => {
  it.each<[string, KernelFilter | undefined, string]>([
    ['of everything', undefined, '02000000'],
    [
      'of a protocol',
      { protocol: 'SCTP' },
      `02000000 14000180 04000180 0c000280 0500010084000000
       0c001980 0800010008000000`,
    ],
    [
      'of a port at any address',
      { protocol: 'UDP', destination: { port: 53 } },
      `02000000 1c000180 04000180 14000280 0500010011000000 0600030000350000
       0c001980 0800010028000000`,
    ],
    [
      'of a destination',
      { protocol: 'UDP', destination: { ip: '10.96.0.10', port: 53 } },
      `02000000 24000180 0c000180 080002000a60000a 14000280 0500010011000000 0600030000350000
       0c001980 080001002a000000`,
    ],
    [
      'of who answers',
      { protocol: 'UDP', replySource: { ip: '10.244.0.5', port: 53 } },
      `02000000 14000180 04000180 0c000280 0500010011000000
       24000280 0c000180 080001000af40005 14000280 0500010011000000 0600020000350000
       14001980 0800010008000000 0800020019000000`,
    ],
    [
      'of what nobody has answered',
      { protocol: 'TCP', isUnreplied: true },
      `02000000 14000180 04000180 0c000280 0500010006000000
       0c001980 0800010008000000 0800030000000000 08001a0000000002`,
    ],
  ])('%s', (_, filter, bytes) => {
    expect(written((writer) => encodeListing(writer, 'IPv4', filter))).toEqual(hex(bytes));
  });
});

/** As the kernel lists it: addresses, status, timeout, mark, id, use. */
const LISTED = hex(`02000000
  34000180 14000180 080001000a00005d 080002000a60000a
           1c000280 0500010011000000 0600020020840000 0600030000350000
  34000280 14000180 080001000af40027 080002000a00005d
           1c000280 0500010011000000 0600020000350000 0600030020840000
  0800030000000008 0800080000000000 08000c00f15f8edd 08000b0000000001 080007000000 0254`);

describe('a listed entry', () => {
  it('is read, and can be told from all others', () => {
    const entry = new EntryReader();
    expect(entry.read(LISTED)).toBe(true);
    expect(entry.decode()).toEqual({
      protocol: 'UDP',
      destination: { ip: '10.96.0.10', port: 53 },
      replySource: { ip: '10.244.0.39', port: 53 },
      isUnreplied: true,
    });
    const identity = written((writer) => entry.writeIdentity(writer));
    expect(identity).toEqual(new Uint8Array([...LISTED.subarray(4, 4 + 0x34), ...hex('08000c00f15f8edd')]));
    expect(formatDeletion(new Uint8Array([2, 0, 0, 0, ...identity]))).toBe(
      'UDP 10.0.0.93:8324 to 10.96.0.10:53',
    );
  });

  /** The same with another status and, if given, state of TCP. */
  function withStatus(status: number, protocol: number, state?: number): Uint8Array {
    const info = state === undefined ? '' : `1000 0480 0c000180 05000100 0${state}000000`;
    const changed = LISTED.map((byte, at) => (LISTED[at - 1] === 0 && byte === 17 ? protocol : byte));
    return new Uint8Array([
      ...changed.subarray(0, 4 + 0x68),
      ...hex(`08000300 000000${status.toString(16).padStart(2, '0')} ${info}`),
    ]);
  }

  it.each<[string, Uint8Array, boolean]>([
    ['UDP without an answer', withStatus(8, 17), true],
    ['UDP with an answer', withStatus(0xa, 17), false],
    ['UDP of which the kernel does not say', LISTED.subarray(0, 4 + 0x68), false],
    ['TCP that is being connected', withStatus(8, 6, 1), true],
    ['TCP with an answer', withStatus(0xa, 6, 2), false],
    ['TCP that is established, as one that was picked up in the middle', withStatus(8, 6, 3), false],
    ['TCP of which the kernel does not say', withStatus(8, 6), false],
  ])('is unreplied or is not: %s', (_, payload, isUnreplied) => {
    const entry = new EntryReader();
    expect(entry.read(payload)).toBe(true);
    expect(entry.isUnreplied).toBe(isUnreplied);
    expect(entry.decode().isUnreplied ?? false).toBe(isUnreplied);
  });

  it('keeps its zones', () => {
    const zone = hex('0600120000070000');
    const entry = new EntryReader();
    expect(entry.read(new Uint8Array([...LISTED, ...zone]))).toBe(true);
    const identity = written((writer) => entry.writeIdentity(writer));
    expect(identity.subarray(-8)).toEqual(zone);
  });

  it.each([
    ['of ICMP', LISTED.map((byte, at) => (LISTED[at - 1] === 0 && byte === 17 ? 1 : byte))],
    ['without a reply', LISTED.subarray(0, 4 + 0x34)],
    ['without anything', LISTED.subarray(0, 4)],
  ])('%s is none of ours', (_, payload) => {
    expect(new EntryReader().read(payload)).toBe(false);
  });

  it('is read or refused with a KernelError, whatever the bytes', () => {
    const entry = new EntryReader();
    const spoiled = fc
      .tuple(fc.nat(LISTED.length - 1), fc.nat(255))
      .map(([at, value]) => LISTED.with(at, value));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), spoiled), (payload) => {
        readOrRefused(() => {
          if (entry.read(payload)) entry.decode();
        });
      }),
    );
  });
});

const ips: Readonly<Record<IpFamily, fc.Arbitrary<string>>> = {
  IPv4: fc.ipV4(),
  IPv6: fc.constantFrom('fd00::1', 'fd00:10:244::11', '2001:db8::1:0:0:1', '::1', 'ff02::fb'),
};

function entries(family: IpFamily): fc.Arbitrary<ConntrackEntry & { readonly source: ConntrackAddress }> {
  const end = fc.record({ ip: ips[family], port: fc.nat(0xffff) });
  const protocol = fc.constantFrom<TransportProtocol>('TCP', 'UDP', 'SCTP');
  return fc.record({ protocol, source: end, destination: end, replySource: end });
}

describe.each<IpFamily>(['IPv4', 'IPv6'])('entries of %s', (family) => {
  it('come back as they were written; their keys differ if they do', () => {
    const encode = ({
      protocol,
      source,
      destination,
      replySource,
    }: ConntrackEntry & { readonly source: ConntrackAddress }) =>
      written((writer) => {
        encodeFamily(writer, family);
        encodeTuple(writer, CTA.TUPLE_ORIG, family, protocol, { source, destination });
        encodeTuple(writer, CTA.TUPLE_REPLY, family, protocol, { source: replySource, destination: source });
      });
    const readers = [new EntryReader(), new EntryReader()] as const;
    fc.assert(
      fc.property(fc.tuple(entries(family), entries(family)), (pair) => {
        const read = readers.map((reader, index) => {
          const written = pair[index] ?? pair[0];
          expect(reader.read(encode(written))).toBe(true);
          const { source, ...entry } = written;
          expect(reader.decode()).toEqual(entry);
          return JSON.stringify(entry);
        });
        expect(readers[0].key === readers[1].key).toBe(read[0] === read[1]);
      }),
    );
  });
});
