import { describe, expect, it } from 'vitest';
import { decodeMessages, NLM_F_ACK, NLM_F_CREATE, NLM_F_REQUEST } from '../../message.ts';
import { hex } from '../../testing/bytes.ts';
import { ElementDecoder } from './element-decoder.ts';
import { encodeFields } from './fields.ts';
import type { Element, SetDeclaration, Transaction } from './model.ts';
import { type EncodedTransaction, encodeTransaction, sequencesFor } from './transaction.ts';

const NAME = { family: 'ip6', name: 'menwei' } as const;
const FIRST = 100;
const NLM_F_APPEND = 0x800;

const map: SetDeclaration = {
  name: 'm',
  key: ['inet_service', 'slot'],
  data: 'verdict',
  interval: false,
  dynamic: false,
  size: 0,
  comment: '',
};
const chain = { name: 'c', hook: undefined, comment: '', rules: [] };
const rule = { expressions: [{ name: 'masquerade', fullyRandom: true }], comment: '' } as const;

function elements(count: number, comment = ''): readonly Element[] {
  return Array.from({ length: count }, (_, index) => {
    const key = encodeFields(['inet_service', 'slot'], [80, index]);
    return { key, data: 'goto c', comment };
  });
}

/** All of it at once, and how often somebody else could have had a turn. */
function encode(
  transaction: Transaction,
  generation?: number,
): EncodedTransaction & { readonly turns: number } {
  const steps = encodeTransaction(NAME, transaction, FIRST, generation);
  for (let turns = 0; ; turns++) {
    const step = steps.next();
    if (step.done === true) return { ...step.value, turns };
  }
}

const EVERY_OPERATION: Transaction = [
  { do: 'add table', table: { ...NAME, comment: '' } },
  { do: 'add set', set: map },
  { do: 'add chain', chain },
  { do: 'add rule', chain: 'c', rule },
  { do: 'add elements', set: map, elements: elements(1) },
  { do: 'delete elements', set: { ...map, data: undefined }, elements: elements(1) },
  { do: 'flush chain', chain: 'c' },
  { do: 'delete chain', chain: 'c' },
  { do: 'delete set', set: 'm' },
  { do: 'delete table' },
];

describe('a transaction', () => {
  it('is a message for each operation, framed, with an acknowledgement of the last one', () => {
    const { bytes, messages } = encode(EVERY_OPERATION);
    const decoded = decodeMessages(bytes);
    expect(decoded.length).toBe(messages);
    expect(decoded.map(({ type, flags }) => [type, flags & ~NLM_F_REQUEST])).toEqual([
      [0x10, 0],
      [0xa00, NLM_F_CREATE],
      [0xa09, NLM_F_CREATE],
      [0xa03, NLM_F_CREATE],
      [0xa06, NLM_F_CREATE | NLM_F_APPEND],
      [0xa0c, NLM_F_CREATE],
      [0xa0e, 0],
      [0xa08, 0],
      [0xa05, 0],
      [0xa0b, 0],
      [0xa02, NLM_F_ACK],
      [0x11, 0],
    ]);
    expect(decoded.map(({ sequence }) => sequence)).toEqual(decoded.map((_, index) => FIRST + index));
    expect(decoded.map(({ payload }) => Buffer.from(payload.subarray(0, 4)).toString('hex'))).toEqual([
      '0000000a',
      ...EVERY_OPERATION.map(() => '0a000000'),
      '0000000a',
    ]);
  });

  it('may be for one generation only', () => {
    const [begin] = decodeMessages(encode([{ do: 'delete table' }], 0x01020304).bytes);
    expect(begin?.payload).toEqual(hex('0000000a 0800 0100 01020304'));
  });

  it('says what each message was for', () => {
    const { describe: words, messages } = encode(EVERY_OPERATION);
    const told = Array.from({ length: messages }, (_, index) => words(FIRST + index));
    expect(told.map(({ operation, object }) => `${operation} ${object}`)).toEqual([
      'commit transaction of table ip6 menwei',
      'add table ip6 menwei',
      'add set m of table ip6 menwei',
      'add chain c of table ip6 menwei',
      'add rule in chain c of table ip6 menwei',
      'add elements to map m of table ip6 menwei',
      'delete elements of set m of table ip6 menwei',
      'flush chain c of table ip6 menwei',
      'delete chain c of table ip6 menwei',
      'delete set m of table ip6 menwei',
      'delete table ip6 menwei',
      'commit transaction of table ip6 menwei',
    ]);
  });

  it.each([
    ['none', 0, '', 2],
    ['one', 1, '', 3],
    ['some', 1000, '', 3],
    ['more than a message holds', 2000, '', 4],
    ['long ones', 2000, 'x'.repeat(128), 8],
  ])('has as few messages as can be for elements: %s', (_, count, comment, messages) => {
    const transaction: Transaction = [{ do: 'add elements', set: map, elements: elements(count, comment) }];
    const encoded = encode(transaction);
    expect(encoded.messages).toBe(messages);
    expect(encoded.messages).toBeLessThanOrEqual(sequencesFor(transaction));
    const keys: string[] = [];
    const decoder = new ElementDecoder(map, ({ key }) => keys.push(key));
    for (const { type, payload } of decodeMessages(encoded.bytes)) if (type === 0xa0c) decoder.read(payload);
    expect(keys).toEqual(elements(count).map(({ key }) => key));
  });

  it('lets others have a turn, between operations and among many elements', () => {
    expect(encode([{ do: 'add elements', set: map, elements: elements(10_000) }]).turns).toBeGreaterThan(10);
    expect(encode(EVERY_OPERATION).turns).toBe(EVERY_OPERATION.length);
  });
});
