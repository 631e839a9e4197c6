/** Tables, chains, sets and rules in netlink attributes. */
import fc, { type Arbitrary } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAttributes } from '../../attribute.ts';
import { MessageWriter } from '../../message-writer.ts';
import { readOrRefused } from '../../testing/bytes.ts';
import * as any from '../../testing/nftables-arbitraries.ts';
import { decodeChain, decodeChainTable, encodeChain } from './chain.ts';
import { NFT_MSG } from './constants.ts';
import type { Chain, SetDeclaration } from './model.ts';
import { decodeNotification } from './notification.ts';
import { decodeRule, decodeRuleChain, encodeRule } from './rule.ts';
import { decodeSet, encodeSet } from './set.ts';
import { decodeIsDormant, decodeTable, encodeTable } from './table.ts';

const NAME = { family: 'ip', name: 'menwei' } as const;

function written(write: (writer: MessageWriter) => void): Uint8Array {
  const writer = new MessageWriter();
  write(writer);
  return writer.bytes();
}

/** Attributes as `type=value`, values in hexadecimal. */
function listing(bytes: Uint8Array): readonly string[] {
  return [...decodeAttributes(bytes)].map(([type, value]) => `${type}=${Buffer.from(value).toString('hex')}`);
}

function attributes(...listed: readonly string[]): ReturnType<typeof decodeAttributes> {
  return new Map(
    listed.map((each) => {
      const [type, value = ''] = each.split('=');
      return [Number(type), Buffer.from(value, 'hex')];
    }),
  );
}

describe('tables', () => {
  it('have a comment, and are awake', () => {
    const table = { ...NAME, comment: 'rules' };
    const bytes = written((writer) => encodeTable(writer, table));
    expect(listing(bytes)).toEqual(['1=6d656e77656900', '2=00000000', '6=000672756c657300']);
    expect(decodeTable(NAME, decodeAttributes(bytes))).toEqual(table);
    expect(decodeIsDormant(decodeAttributes(bytes))).toBe(false);
    expect(decodeIsDormant(attributes('2=00000001'))).toBe(true);
  });
});

describe('chains', () => {
  it('may have a hook', () => {
    const hook = { type: 'nat', hook: 'postrouting', priority: -110 } as const;
    const chain: Chain = { name: 'c', hook, comment: '', rules: [] };
    const bytes = written((writer) => encodeChain(writer, 'menwei', chain));
    expect(listing(bytes)).toEqual([
      '1=6d656e77656900',
      '3=6300',
      '7=6e617400',
      '5=00000001',
      '4=080001000000000408000200ffffff92',
    ]);
    expect(decodeChain(decodeAttributes(bytes))).toEqual(chain);
  });

  it.each([
    ['policy drop', ['7=66696c74657200', '5=00000000', '4=08000100000000000800020000000000']],
    ['type route', ['7=726f75746500', '5=00000001', '4=08000100000000030800020000000000']],
    ['hook 5', ['7=66696c74657200', '5=00000001', '4=08000100000000050800020000000000']],
  ])('have no word for a hook with %s', (unknown, listed) => {
    expect(decodeChain(attributes('3=6300', ...listed))?.hook).toMatchObject({ unknown, priority: 0 });
  });

  it('of a single rule are left out', () => {
    expect(decodeChain(attributes('3=6300', '10=00000004'))).toBeUndefined();
  });

  it('come back as they were', () => {
    fc.assert(
      fc.property(any.chain, (chain) => {
        const read = decodeAttributes(written((writer) => encodeChain(writer, 'menwei', chain)));
        expect(decodeChainTable(read)).toBe('menwei');
        expect(decodeChain(read)).toEqual(chain);
      }),
    );
  });
});

describe('rules', () => {
  it('come back as they were', () => {
    const rule = fc.record({ expressions: fc.array(any.expression), comment: any.comment });
    fc.assert(
      fc.property(rule, (each) => {
        const read = decodeAttributes(written((writer) => encodeRule(writer, NAME, 'c', each)));
        expect(decodeRuleChain(read)).toBe('c');
        expect(decodeRule(read, 'ip')).toEqual(each);
      }),
    );
  });
});

describe('sets', () => {
  const plain: SetDeclaration = {
    name: 's',
    key: ['ipv4_addr'],
    data: undefined,
    interval: false,
    dynamic: false,
    size: 0,
    comment: '',
  };

  it.each<[string, Partial<SetDeclaration>, readonly string[]]>([
    ['one field', {}, ['3=00000000', '4=00000007', '5=00000004', '10=00000009']],
    ['a size', { size: 77 }, ['3=00000000', '4=00000007', '5=00000004', '10=00000009', '9=080001000000004d']],
    ['intervals', { interval: true }, ['3=00000004', '4=00000007', '5=00000004', '10=00000009']],
    [
      'verdicts',
      { key: ['ipv4_addr', 'inet_service'], data: 'verdict' },
      ['3=00000008', '4=000001cd', '5=00000008', '6=ffffff00', '7=00000000', '10=00000009'],
    ],
    [
      'ranges in a concatenation',
      { key: ['ipv4_addr', 'inet_service', 'ipv4_addr'], interval: true },
      [
        '3=00000084',
        '4=00007347',
        '5=0000000c',
        '10=00000009',
        '9=280002800c00018008000100000000040c00018008000100000000020c0001800800010000000004',
      ],
    ],
    [
      'elements that rules make',
      { data: ['ipv4_addr', 'inet_service'], dynamic: true, size: 100 },
      [
        '3=00000038',
        '4=00000007',
        '5=00000004',
        '6=000001cd',
        '7=00000008',
        '10=00000009',
        '9=0800010000000064',
      ],
    ],
  ])('with %s', (_, more, listed) => {
    const set = { ...plain, ...more };
    const bytes = written((writer) => encodeSet(writer, 'menwei', set, 9));
    expect(listing(bytes).filter((each) => !each.startsWith('13='))).toEqual([
      '1=6d656e77656900',
      '2=7300',
      ...listed,
    ]);
    expect(decodeSet(decodeAttributes(bytes))).toEqual(set);
  });

  it.each([
    ['constants', ['3=00000002', '4=00000007', '5=00000004']],
    ['objects', ['3=00000040', '4=00000007', '5=00000004']],
    ['elements that rules make for ever', ['3=00000020', '4=00000007', '5=00000004']],
    ['a time to live', ['3=00000010', '4=00000007', '5=00000004', '11=000000000000ea60']],
    ['another type', ['4=00000013', '5=00000004']],
    ['another type of value', ['3=00000008', '4=00000007', '5=00000004', '6=00000013', '7=00000004']],
    ['another size', ['4=00000007', '5=00000008']],
    ['another size of value', ['3=00000008', '4=00000007', '5=00000004', '6=0000000d', '7=00000004']],
    [
      'ranges in other pieces',
      [
        '3=00000084',
        '4=000001cd',
        '5=00000008',
        '9=1c0002800c00018008000100000000040c0001800800010000000004',
      ],
    ],
    ['ranges in no pieces', ['3=00000004', '4=000001cd', '5=00000008']],
    ['a counter', ['4=00000007', '5=00000004', '17=']],
  ])('have no word for %s', (_, listed) => {
    expect(decodeSet(attributes('2=7300', ...listed))).toMatchObject({ name: 's', key: [] });
  });

  it('without a name of their own are left out', () => {
    expect(
      decodeSet(attributes('2=5f5f7365743000', '3=00000003', '4=00000007', '5=00000004')),
    ).toBeUndefined();
  });

  it('come back as they were', () => {
    fc.assert(
      fc.property(any.set, (set) => {
        const read = decodeAttributes(written((writer) => encodeSet(writer, 'menwei', set, 1)));
        expect(decodeSet(read)).toEqual(set);
      }),
    );
  });
});

describe('decoders', () => {
  it('give a value or a KernelError for any bytes', () => {
    const decoders: readonly ((bytes: Uint8Array) => unknown)[] = [
      (bytes) => decodeTable(NAME, decodeAttributes(bytes)),
      (bytes) => decodeChain(decodeAttributes(bytes)),
      (bytes) => decodeRule(decodeAttributes(bytes), 'ip6'),
      (bytes) => decodeSet(decodeAttributes(bytes)),
      ...Object.values(NFT_MSG).map(
        (type) => (payload: Uint8Array) =>
          decodeNotification({ type, flags: 0, sequence: 0, port: 0, payload }),
      ),
    ];
    fc.assert(
      fc.property(damagedObjects(), (bytes) => {
        for (const decode of decoders) {
          readOrRefused(() => decode(bytes));
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** Objects with a byte changed, with the header of a message or without it; or anything. */
function damagedObjects(): Arbitrary<Uint8Array> {
  const whole = fc.oneof(
    any.chain.map((chain) => written((writer) => encodeChain(writer, 'menwei', chain))),
    any.set.map((set) => written((writer) => encodeSet(writer, 'menwei', set, 1))),
    fc
      .array(any.expression, { maxLength: 3 })
      .map((expressions) => written((writer) => encodeRule(writer, NAME, 'c', { expressions, comment: '' }))),
  );
  const damaged = fc
    .tuple(whole, fc.nat(300), fc.nat(255), fc.boolean())
    .map(([bytes, place, byte, hasHeader]) => {
      const changed = bytes.map((old, index) => (index === place ? byte : old));
      return hasHeader ? new Uint8Array([2, 0, 0, 0, ...changed]) : changed;
    });
  return fc.oneof(damaged, fc.uint8Array({ maxLength: 80 }));
}
