import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AsciiWriter } from '../../ascii-writer.ts';
import { datatypes, value } from '../../testing/nftables-arbitraries.ts';
import { decodeDatatypes, decodeValue, encodeDatatypes, encodeValue, valueSize } from './datatype.ts';
import type { Datatype } from './model.ts';

function encode(types: readonly Datatype[], text: string): string {
  const bytes = new Uint8Array(valueSize(types));
  encodeValue(types, text, bytes, 0);
  return Buffer.from(bytes).toString('hex');
}

function decode(types: readonly Datatype[], hex: string): string {
  const writer = new AsciiWriter();
  decodeValue(types, Buffer.from(hex, 'hex'), 0, writer);
  return writer.take();
}

const FRONTEND: readonly Datatype[] = ['ipv4_addr', 'inet_proto', 'inet_service'];

describe('values', () => {
  it.each<[readonly Datatype[], string, string]>([
    [['ipv4_addr'], '10.96.0.1', '0a600001'],
    [['ipv6_addr'], 'fd00::1', 'fd000000000000000000000000000001'],
    [['inet_proto'], 'tcp', '06'],
    [['inet_proto'], 'udp', '11'],
    [['inet_proto'], 'sctp', '84'],
    [['inet_proto'], '255', 'ff'],
    [['inet_service'], '8080', '1f90'],
    // In the machine's order, which is little-endian where these tests run.
    [['slot'], '1000001', '41420f00'],
    [['slot'], '4294967295', 'ffffffff'],
    [FRONTEND, '10.96.0.1 . tcp . 80', '0a6000010600000000500000'],
    [[...FRONTEND, 'slot'], '10.96.0.1 . udp . 53 . 2', '0a600001110000000035000002000000'],
    [['ipv6_addr', 'inet_service'], 'fd00::1 . 80', 'fd00000000000000000000000000000100500000'],
  ])('of %j: %s is %s', (types, text, hex) => {
    expect(encode(types, text)).toBe(hex);
    expect(decode(types, hex)).toBe(text);
  });

  it.each<[readonly Datatype[], string]>([
    [['inet_proto'], 'icmp'],
    [['inet_proto'], '256'],
    [['inet_service'], '65536'],
    [['inet_service'], '080'],
    [['inet_service'], '-1'],
    [['inet_service'], ''],
    [['slot'], '4294967296'],
    [['slot'], '1e3'],
    [FRONTEND, '10.96.0.1 . tcp'],
    [FRONTEND, '10.96.0.1 . tcp . 80 . 80'],
    [FRONTEND, '10.96.0.1 . tcp . 80 '],
    [FRONTEND, '10.96.0.1 - tcp . 80'],
    [FRONTEND, '10.96.0.1  . tcp . 80'],
    [FRONTEND, '10.96.0.1.tcp.80'],
    [FRONTEND, ''],
  ])("of %j: '%s' is none", (types, text) => {
    expect(() => encode(types, text)).toThrow(`BUG: '${text}' is no ${types.join(' . ')}`);
  });

  it('come back as they were', () => {
    const any = datatypes.chain((types) => fc.tuple(fc.constant(types), value(types)));
    fc.assert(
      fc.property(any, ([types, text]) => {
        expect(decode(types, encode(types, text))).toBe(text);
      }),
    );
  });
});

describe('numbers of types', () => {
  it.each<[readonly Datatype[], number, number]>([
    [['ipv4_addr'], 7, 4],
    [['inet_proto'], 12, 1],
    [FRONTEND, 0x730d, 12],
    [[...FRONTEND, 'slot'], 0x1cc344, 16],
    [[...FRONTEND, 'ipv4_addr', 'inet_service'], 0x730d1cd, 20],
    [['ipv6_addr', 'ipv6_addr', 'inet_proto', 'inet_service'], 0x20830d, 40],
  ])('%j is %i, in %i bytes', (types, number, size) => {
    expect(encodeDatatypes(types)).toBe(number);
    expect(decodeDatatypes(number)).toEqual(types);
    expect(valueSize(types)).toBe(size);
  });

  it('that have no word here', () => {
    expect(decodeDatatypes(0)).toBeUndefined();
    expect(decodeDatatypes(9)).toBeUndefined();
    expect(decodeDatatypes((7 << 6) | 19)).toBeUndefined();
    expect(decodeDatatypes(0xffffff00)).toBeUndefined();
  });

  it('hold no more than five', () => {
    expect(() => encodeDatatypes(new Array<Datatype>(6).fill('slot'))).toThrow('BUG: 6 fields');
  });
});
