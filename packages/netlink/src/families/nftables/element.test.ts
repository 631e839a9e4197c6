import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageWriter } from '../../message-writer.ts';
import { hex, readOrRefused } from '../../testing/bytes.ts';
import { setWithElements } from '../../testing/nftables-arbitraries.ts';
import { elementEncoder } from './element.ts';
import { ElementDecoder } from './element-decoder.ts';
import { formatData, formatKey, parseElement } from './element-text.ts';
import type { Datatype, Element, SetDeclaration } from './model.ts';

/** NFTA_SET_ELEM_LIST_ELEMENTS, nested. */
const ELEMENTS = 3;

function aSet(key: readonly Datatype[], more: Partial<SetDeclaration> = {}): SetDeclaration {
  const plain = { data: undefined, interval: false, dynamic: false, size: 0, comment: '' };
  return { name: 's', key, ...plain, ...more };
}

/** In nft's words. */
interface ElementText {
  readonly key: string;
  readonly data: string | undefined;
  readonly comment: string;
}

function anElement(key: string, data?: string, comment = ''): ElementText {
  return { key, data, comment };
}

function encode(
  set: SetDeclaration,
  texts: readonly ElementText[],
  purpose: 'add' | 'delete' = 'add',
): Uint8Array {
  const elements = texts.map(({ key, data, comment }) => parseElement(set, key, data, comment));
  return encodeElements(set, elements, purpose);
}

function encodeElements(
  set: SetDeclaration,
  elements: readonly Element[],
  purpose: 'add' | 'delete' = 'add',
): Uint8Array {
  const writer = new MessageWriter();
  const encodeElement = elementEncoder(set, purpose);
  for (const element of elements) encodeElement(writer, element);
  return writer.bytes().slice();
}

/** In nft's words. */
function decode(set: SetDeclaration, list: Uint8Array): readonly (readonly [ElementText, number])[] {
  return decodeElements(set, list).map(([{ key, data, comment }, expiresMs]) => [
    { key: formatKey(set, key), data: formatData(set, data), comment },
    expiresMs,
  ]);
}

/** As the kernel would dump them: `list` is what the attribute for all elements holds. */
function decodeElements(set: SetDeclaration, list: Uint8Array): readonly (readonly [Element, number])[] {
  const writer = new MessageWriter();
  writer.raw(new Uint8Array(4));
  const elements = writer.beginNested(ELEMENTS);
  writer.raw(list);
  writer.endNested(elements);
  const taken: [Element, number][] = [];
  const decoder = new ElementDecoder(set, (element, expiresMs) => taken.push([element, expiresMs]));
  decoder.read(writer.bytes());
  decoder.end();
  return taken;
}

const plain = aSet(['ipv4_addr']);
const services = aSet(['ipv4_addr', 'inet_proto', 'inet_service'], { data: 'verdict' });
const endpoints = aSet(['ipv4_addr', 'inet_service'], { data: ['ipv4_addr', 'inet_service'] });
const ports = aSet(['inet_service'], { interval: true });
const cidrs = aSet(['ipv4_addr'], { interval: true, data: ['inet_service'] });
const ranges = aSet(['inet_service', 'ipv4_addr'], { interval: true });

describe('elements', () => {
  it.each<[string, SetDeclaration, Element, string]>([
    ['a key', plain, anElement('10.96.0.1'), '10000180 0c000180 08000100 0a600001'],
    [
      'a comment',
      plain,
      anElement('10.96.0.1', undefined, 'a/b'),
      '1c000180 0c000180 08000100 0a600001 0a000600 0004612f6200 0000',
    ],
    [
      'a comment that is no ASCII',
      plain,
      anElement('10.96.0.1', undefined, 'ß'),
      '1c000180 0c000180 08000100 0a600001 09000600 0003c39f00 000000',
    ],
    [
      'a value',
      endpoints,
      anElement('10.96.0.1 . 80', '10.0.0.1 . 8080'),
      '24000180 10000180 0c000100 0a60000100500000 10000280 0c000100 0a0000011f900000',
    ],
    [
      'a verdict',
      services,
      anElement('10.96.0.1 . tcp . 80', 'drop'),
      '28000180 14000180 10000100 0a600001 06000000 00500000 10000280 0c000280 08000100 00000000',
    ],
    [
      'a verdict with a chain',
      services,
      anElement('10.96.0.1 . tcp . 80', 'goto c1'),
      '30000180 14000180 10000100 0a600001 06000000 00500000 18000280 14000280 08000100 fffffffc 07000200 63310000',
    ],
    [
      'a range in a concatenation',
      ranges,
      anElement('80 . 10.0.0.0/8'),
      '24000180 10000180 0c000100 00500000 0a000000 10000a80 0c000100 00500000 0affffff',
    ],
    [
      'all the rest',
      services,
      anElement('*', 'accept'),
      '1c000180 08000300 00000002 10000280 0c000280 08000100 00000001',
    ],
    [
      'an interval',
      cidrs,
      anElement('10.96.0.0/12', '80', 'c'),
      '24000180 0c000180 08000100 0a600000 0c000280 06000100 00500000 08000600 00026300' +
        '18000180 08000300 00000001 0c000180 08000100 0a700000',
    ],
    [
      'an interval up to the last value',
      cidrs,
      anElement('255.0.0.0/8', '80', 'c'),
      '2c000180 0c000180 08000100 ff000000 0c000280 06000100 00500000 0e000600 00026300 0104 01000000 0000',
    ],
    [
      'an interval of all values',
      ports,
      anElement('0-65535'),
      '1c000180 0c000180 06000100 00000000 0a000600 0104 01000000 0000',
    ],
    [
      'an interval of one value',
      ports,
      anElement('80'),
      '10000180 0c000180 06000100 00500000 18000180 08000300 00000001 0c000180 06000100 00510000',
    ],
  ])('with %s', (_, set, element, bytes) => {
    expect(Buffer.from(encode(set, [element])).toString('hex')).toBe(Buffer.from(hex(bytes)).toString('hex'));
    expect(decode(set, hex(bytes))).toEqual([[element, Number.POSITIVE_INFINITY]]);
  });

  it.each([
    ['a value', endpoints, anElement('10.96.0.1 . 80', '10.0.0.1 . 8080', 'c'), anElement('10.96.0.1 . 80')],
    ['an interval', cidrs, anElement('10.96.0.0/12', '80', 'c'), anElement('10.96.0.0/12')],
    ['a range', ranges, anElement('80 . 10.0.0.0/8', undefined, 'c'), anElement('80 . 10.0.0.0/8')],
  ])('are deleted by their keys alone: with %s', (_, set, element, key) => {
    const bare = { ...set, data: undefined };
    expect(encode(set, [element], 'delete')).toEqual(encode(bare, [key]));
  });

  it.each<[string, SetDeclaration, Partial<Element>]>([
    ['a key of another size', plain, { key: '\x0a\x60\0\x01\0\x50\0\0' }],
    ['a range where there is none', plain, { key: '\x0a\x60\0\0\x0a\x6f\xff\xff' }],
    ['no range where there is one', ranges, { key: '\0\x50\0\0\x0a\0\0\0' }],
    ['a range that ends before it begins', ports, { key: '\0\x50\0\x4f' }],
    ['one in a concatenation', ranges, { key: '\0\x50\0\0\x0a\0\0\x01\x0a\0\0\0' }],
    ['no value', endpoints, { key: '\x0a\x60\0\x01\0\x50\0\0' }],
    ['a value of another size', endpoints, { key: '\x0a\x60\0\x01\0\x50\0\0', data: '\x0a\0\0\x01' }],
    ['no verdict', services, { key: '\x0a\x60\0\x01\x06\0\0\0\0\x50\0\0', data: 'gotoc1' }],
    ['a comment that nft would not take', plain, { key: '\x0a\x60\0\x01', comment: 'x'.repeat(129) }],
  ])('refuse %s', (_, set, element) => {
    const whole = { key: '', data: undefined, comment: '', ...element };
    expect(() => encodeElements(set, [whole])).toThrow('BUG: ');
  });

  it('of a dump may have a time to live', () => {
    const expiring =
      '28000180 0c000180 08000100 0a600001 0c000400 000000000000ea60 0c000500 000000000000ea5f';
    expect(decode(plain, hex(expiring))).toEqual([[anElement('10.96.0.1'), 59_999]]);
  });

  it('of a dump may have a verdict that there is no word for', () => {
    const queue = '28000180 14000180 10000100 0a600001 06000000 00500000 10000280 0c000280 08000100 00000003';
    expect(decode(services, hex(queue))).toEqual([
      [anElement('10.96.0.1 . tcp . 80', 'verdict 3'), Number.POSITIVE_INFINITY],
    ]);
  });

  it('of intervals belong together by their order, however they come', () => {
    const bounds = encode(ports, [
      anElement('100-200'),
      anElement('1-9'),
      anElement('10-99'),
      anElement('65535'),
    ]);
    const nothingBefore = hex('18000180 08000300 00000001 0c000180 06000100 00000000');
    const list = new Uint8Array([...bounds, ...nothingBefore]);
    expect(decode(ports, list).map(([{ key }]) => key)).toEqual(['1-9', '10-99', '100-200', '65535']);
  });

  it('of intervals need no end where the next one begins', () => {
    const list = hex('10000180 0c000180 06000100 00500000 10000180 0c000180 06000100 00520000');
    expect(decode(ports, list).map(([{ key }]) => key)).toEqual(['80-81', '82-65535']);
  });

  it('share their comments and chains', () => {
    const elements = ['1.1.1.1', '1.1.1.2'].map((key) => anElement(key, undefined, 'größer'));
    expect(decode(plain, encode(plain, elements)).map(([{ comment }]) => comment)).toEqual([
      'größer',
      'größer',
    ]);
  });

  it('come back as they were', () => {
    fc.assert(
      fc.property(setWithElements, ([set, elements]) => {
        expect(decodeElements(set, encodeElements(set, elements)).map(([element]) => element)).toEqual(
          elements,
        );
      }),
    );
  });

  it('are read from any bytes, or a KernelError is thrown', () => {
    const damaged = fc
      .tuple(setWithElements, fc.nat(300), fc.nat(255))
      .map(([[set, elements], place, byte]): [SetDeclaration, Uint8Array] => [
        set,
        encodeElements(set, elements).map((old, index) => (index === place ? byte : old)),
      ]);
    fc.assert(
      fc.property(damaged, ([set, list]) => {
        for (const interval of [false, true]) {
          readOrRefused(() => decodeElements({ ...set, interval }, list));
        }
      }),
      { numRuns: 500 },
    );
  });
});
