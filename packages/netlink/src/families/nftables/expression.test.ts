import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAttributes } from '../../attribute.ts';
import { forEachAttribute } from '../../attribute-reader.ts';
import { MessageWriter } from '../../message-writer.ts';
import { readOrRefused } from '../../testing/bytes.ts';
import { expression as anyExpression } from '../../testing/nftables-arbitraries.ts';
import { decodeExpression, encodeExpression } from './expression.ts';
import type { Expression, TableFamily } from './model.ts';

/** Attributes in their order, as `type=value`, values in hexadecimal. */
type Listing = readonly string[];

function bytesOf(expression: Expression, family: TableFamily): Uint8Array {
  const writer = new MessageWriter();
  encodeExpression(writer, expression, family);
  return writer.bytes();
}

/** The attributes of the list element. */
function body(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(4);
}

function encode(expression: Expression, family: TableFamily = 'ip'): readonly [string, Listing] {
  const attributes = decodeAttributes(body(bytesOf(expression, family)));
  const name = Buffer.from(attributes.get(1) ?? []).toString();
  const data = attributes.get(2) ?? new Uint8Array();
  const listing: string[] = [];
  forEachAttribute(data, 0, data.length, (type, from, to) => {
    listing.push(`${type}=${Buffer.from(data.subarray(from, to)).toString('hex')}`);
  });
  return [name.replace('\0', ''), listing];
}

/** As the kernel would dump it. */
function decode(kernelName: string, listing: Listing, family: TableFamily = 'ip'): Expression | undefined {
  const writer = new MessageWriter();
  writer.text(1, kernelName);
  const data = writer.beginNested(2);
  for (const attribute of listing) {
    const [type, value = ''] = attribute.split('=');
    writer.value(Number(type), Buffer.from(value, 'hex'));
  }
  writer.endNested(data);
  return decodeExpression(decodeAttributes(writer.bytes()), family);
}

const EXPRESSIONS: readonly (readonly [Expression, string, Listing, TableFamily?])[] = [
  [
    { name: 'payload', base: 'network', offset: 16, length: 4, to: 0 },
    'payload',
    ['2=00000001', '3=00000010', '4=00000004', '1=00000001'],
  ],
  [
    { name: 'payload', base: 'transport', offset: 2, length: 2, to: 2 },
    'payload',
    ['2=00000002', '3=00000002', '4=00000002', '1=0000000a'],
  ],
  [{ name: 'meta', key: 'l4proto', to: 1 }, 'meta', ['2=00000010', '1=00000009']],
  [{ name: 'meta', key: 'iifname', to: 4 }, 'meta', ['2=00000006', '1=00000002']],
  [{ name: 'meta', key: 'mark', to: 8 }, 'meta', ['2=00000003', '1=00000003']],
  [{ name: 'meta set', key: 'mark', from: 12 }, 'meta', ['2=00000003', '3=00000004']],
  [{ name: 'meta', key: 'priority', to: 0 }, 'meta', ['2=00000002', '1=00000001']],
  [{ name: 'meta set', key: 'priority', from: 0 }, 'meta', ['2=00000002', '3=00000001']],
  [{ name: 'ct', key: 'state', direction: undefined, to: 0 }, 'ct', ['2=00000000', '1=00000001']],
  [{ name: 'ct', key: 'status', direction: undefined, to: 0 }, 'ct', ['2=00000002', '1=00000001']],
  [{ name: 'ct', key: 'dst', direction: 'original', to: 1 }, 'ct', ['2=00000014', '3=00', '1=00000009']],
  [{ name: 'ct', key: 'src', direction: 'reply', to: 0 }, 'ct', ['2=00000013', '3=01', '1=00000001']],
  [
    { name: 'ct', key: 'dst', direction: 'original', to: 4 },
    'ct',
    ['2=00000016', '3=00', '1=00000002'],
    'ip6',
  ],
  [{ name: 'ct', key: 'src', direction: 'reply', to: 0 }, 'ct', ['2=00000015', '3=01', '1=00000001'], 'ip6'],
  [{ name: 'ct', key: 'proto-src', direction: 'reply', to: 5 }, 'ct', ['2=0000000b', '3=01', '1=0000000d']],
  [
    { name: 'ct', key: 'proto-dst', direction: 'original', to: 15 },
    'ct',
    ['2=0000000c', '3=00', '1=00000017'],
  ],
  [
    { name: 'cmp', operation: 'eq', from: 0, value: '06' },
    'cmp',
    ['2=00000000', '1=00000001', '3=0500010006000000'],
  ],
  [
    { name: 'cmp', operation: 'neq', from: 0, value: '76657468' },
    'cmp',
    ['2=00000001', '1=00000001', '3=0800010076657468'],
  ],
  [
    { name: 'bitwise', from: 0, to: 1, mask: 'ffbfffff', xor: '00400000' },
    'bitwise',
    ['6=00000000', '1=00000001', '2=00000009', '3=00000004', '4=08000100ffbfffff', '5=0800010000400000'],
  ],
  [
    { name: 'lookup', set: 'abc', from: 0, to: undefined, inverted: false },
    'lookup',
    ['1=61626300', '2=00000001'],
  ],
  [
    { name: 'lookup', set: 'abc', from: 0, to: undefined, inverted: true },
    'lookup',
    ['1=61626300', '2=00000001', '5=00000001'],
  ],
  [
    { name: 'lookup', set: 'abc', from: 4, to: 'verdict', inverted: false },
    'lookup',
    ['1=61626300', '2=00000002', '3=00000000'],
  ],
  [
    { name: 'lookup', set: 'abc', from: 0, to: 0, inverted: false },
    'lookup',
    ['1=61626300', '2=00000001', '3=00000001'],
  ],
  [
    { name: 'immediate', verdict: { verdict: 'drop' } },
    'immediate',
    ['1=00000000', '2=0c0002800800010000000000'],
  ],
  [
    { name: 'immediate', verdict: { verdict: 'goto', chain: 'abc' } },
    'immediate',
    ['1=00000000', '2=1400028008000100fffffffc0800020061626300'],
  ],
  [{ name: 'immediate value', to: 0, value: '00000000' }, 'immediate', ['1=00000001', '2=0800010000000000']],
  [
    { name: 'numgen', modulus: 3, offset: 10, to: 3 },
    'numgen',
    ['3=00000001', '2=00000003', '4=0000000a', '1=0000000b'],
  ],
  [
    { name: 'dnat', family: 'ip', address: 0, port: 1 },
    'nat',
    ['1=00000001', '2=00000002', '3=00000001', '5=00000009'],
  ],
  [
    { name: 'dnat', family: 'ip6', address: 0, port: 4 },
    'nat',
    ['1=00000001', '2=0000000a', '3=00000001', '5=00000002'],
    'ip6',
  ],
  [{ name: 'dnat address', family: 'ip', address: 0 }, 'nat', ['1=00000001', '2=00000002', '3=00000001']],
  [
    { name: 'dnat address', family: 'ip6', address: 0 },
    'nat',
    ['1=00000001', '2=0000000a', '3=00000001'],
    'ip6',
  ],
  [{ name: 'masquerade', fullyRandom: true }, 'masq', ['1=00000010']],
  [{ name: 'masquerade', fullyRandom: false }, 'masq', []],
  [{ name: 'reject', with: 'port-unreachable' }, 'reject', ['1=00000000', '2=03']],
  [{ name: 'reject', with: 'port-unreachable' }, 'reject', ['1=00000000', '2=04'], 'ip6'],
  [{ name: 'reset' }, 'reject', ['1=00000001']],
  [{ name: 'fib type', of: 'saddr', to: 0 }, 'fib', ['2=00000003', '3=00000001', '1=00000001']],
  [{ name: 'fib type', of: 'daddr', to: 0 }, 'fib', ['2=00000003', '3=00000002', '1=00000001']],
  [
    { name: 'update', set: 'abc', key: 0, data: 4, timeoutMs: 10_800_000 },
    'dynset',
    ['3=00000001', '1=61626300', '4=00000001', '5=00000002', '6=0000000000a4cb80'],
  ],
];

describe('expressions', () => {
  it.each(
    EXPRESSIONS.map(([expression, kernelName, listing, family = 'ip']) => ({
      expression,
      kernelName,
      listing,
      family,
    })),
  )('$expression of $family', ({ expression, kernelName, listing, family }) => {
    expect(encode(expression, family)).toEqual([kernelName, listing]);
    expect(decode(kernelName, listing, family)).toStrictEqual(expression);
  });

  it.each<[string, string, Listing, Expression | undefined]>([
    [
      'what the kernel adds to an address and port',
      'nat',
      ['1=00000001', '2=00000002', '3=00000001', '4=00000001', '5=00000009', '6=00000009', '7=00000003'],
      { name: 'dnat', family: 'ip', address: 0, port: 1 },
    ],
    [
      'flags of a lookup that are not set',
      'lookup',
      ['1=61626300', '2=00000001', '5=00000000'],
      { name: 'lookup', set: 'abc', from: 0, to: undefined, inverted: false },
    ],
    [
      'the smallest number of a word for a register of 16 bytes',
      'meta',
      ['2=00000003', '1=0000000c'],
      { name: 'meta', key: 'mark', to: 4 },
    ],
    [
      'padding',
      'dynset',
      ['1=61626300', '3=00000001', '4=00000001', '5=00000002', '8=', '6=00000000000003e8', '9=00000000'],
      { name: 'update', set: 'abc', key: 0, data: 4, timeoutMs: 1000 },
    ],
    [
      'a turning round of no bytes',
      'byteorder',
      ['1=00000009', '2=00000009', '3=00000001', '4=00000001', '5=00000002'],
      undefined,
    ],
  ])('of a dump, with %s', (_, kernelName, listing, expression) => {
    expect(decode(kernelName, listing)).toStrictEqual(expression);
  });

  it.each<[string, string, Listing]>([
    ['another kind', 'counter', []],
    ['a link layer', 'payload', ['2=00000000', '3=00000010', '4=00000004', '1=00000001']],
    ['a change of the packet', 'payload', ['5=00000001', '2=00000001', '3=00000010', '4=00000004']],
    ['another key', 'meta', ['2=00000004', '1=00000001']],
    ['a mark that is both read and set', 'meta', ['2=00000003', '1=00000001', '3=00000001']],
    ['the address of a connection of either family', 'ct', ['2=00000009', '3=00', '1=00000001']],
    ["the other family's address", 'ct', ['2=00000016', '3=00', '1=00000001']],
    ['another comparison', 'cmp', ['2=00000002', '1=00000001', '3=0500010006000000']],
    ['a register that is none', 'cmp', ['2=00000000', '1=00000018', '3=0500010006000000']],
    ['a shift', 'bitwise', ['6=00000001', '1=00000001', '2=00000001', '3=00000004', '7=0800010000000001']],
    ['a value instead of a verdict', 'immediate', ['1=00000000', '2=0500010006000000']],
    ['a verdict that leads elsewhere', 'immediate', ['1=00000000', '2=0c0002800800010000000003']],
    ['numbers in a row', 'numgen', ['3=00000000', '2=00000003', '4=00000000', '1=00000001']],
    ['a source address', 'nat', ['1=00000000', '2=00000002', '3=00000001', '5=00000009']],
    ['a range of addresses', 'nat', ['1=00000001', '2=00000002', '3=00000001', '4=00000002', '5=00000009']],
    ['a persistent address', 'nat', ['1=00000001', '2=00000002', '3=00000001', '5=00000009', '7=0000000b']],
    ['random ports', 'masq', ['1=00000004']],
    ['ports of choice', 'masq', ['2=00000001', '3=00000001']],
    ['another answer', 'reject', ['1=00000000', '2=0d']],
    ['an answer of a kind that is none', 'reject', ['1=00000002']],
    ['a way to its own interface', 'redir', []],
    ['an interface', 'fib', ['2=00000001', '3=00000002', '1=00000001']],
    ['an address at an interface', 'fib', ['2=00000003', '3=0000000a', '1=00000001']],
    ['an element that is only added', 'dynset', ['1=61626300', '3=00000000', '4=00000001', '5=00000002']],
    [
      'a counter in the element',
      'dynset',
      ['1=61626300', '3=00000001', '4=00000001', '5=00000002', '6=00000000000003e8', '7=', '9=00000002'],
    ],
    [
      'a turning round of bytes',
      'byteorder',
      ['1=00000009', '2=00000009', '3=00000001', '4=00000002', '5=00000002'],
    ],
  ])('has no word for %s', (_, kernelName, listing) => {
    expect(decode(kernelName, listing)).toEqual({ name: 'unknown', kernelName });
  });

  it('refuses to write what it has no word for, and registers there are not', () => {
    expect(() => encode({ name: 'unknown', kernelName: 'counter' })).toThrow(
      'BUG: an unknown expression (counter)',
    );
    expect(() => encode({ name: 'meta', key: 'mark', to: 16 })).toThrow('BUG: there is no register 16');
  });

  it('come back as they were', () => {
    fc.assert(
      fc.property(anyExpression, fc.constantFrom('ip', 'ip6'), (expression, family) => {
        const bytes = body(bytesOf(expression, family));
        expect(decodeExpression(decodeAttributes(bytes), family)).toStrictEqual(expression);
      }),
    );
  });

  it('are read from any bytes, or a KernelError is thrown', () => {
    const damaged = fc
      .tuple(anyExpression, fc.nat(200), fc.nat(255))
      .map(([expression, place, byte]) =>
        body(bytesOf(expression, 'ip')).map((b, i) => (i === place ? byte : b)),
      );
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 60 })), (bytes) => {
        readOrRefused(() => decodeExpression(decodeAttributes(bytes), 'ip'));
      }),
      { numRuns: 1000 },
    );
  });
});
