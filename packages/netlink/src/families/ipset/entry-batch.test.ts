import { describe, expect, it } from 'vitest';
import { decodeMessages } from '../../message.ts';
import { MessageWriter } from '../../message-writer.ts';
import type { SetEdit, SetShape } from './contract.ts';
import { datagramsOf, type EntryEdit, encodeEntries, requestsOf, stepsOf } from './entry-batch.ts';

const shape: SetShape = { name: 'suite', type: 'bitmap:port', family: 'IPv4', maxEntries: 65_536 };
const ports = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `${index}`);
const add = (...entries: readonly string[]): EntryEdit => ({ change: 'add', shape, entries });
const remove = (...entries: readonly string[]): EntryEdit => ({ change: 'remove', shape, entries });
const other = { ...shape, name: 'other' };
const addToOther: SetEdit = { change: 'add', shape: other, entries: ['1'] };
const create: SetEdit = { change: 'create', shape };
const swap: SetEdit = { change: 'swap', name: 'suite', other: 'other' };

describe('requests', () => {
  it('have all entries of an edit in their order', () => {
    const edit = add(...ports(2000));
    const requests = requestsOf(edit);
    expect(requests.length).toBeGreaterThan(1);
    expect(requests.flatMap(({ entries }) => entries)).toEqual(edit.entries);
    expect(requests.every((request) => request.edit === edit)).toBe(true);
  });

  it('may be one for each entry', () => {
    const edit = add(...ports(5));
    expect(requestsOf(edit, ['2', '3'], 1)).toEqual([
      { edit, entries: ['2'] },
      { edit, entries: ['3'] },
    ]);
  });

  it('are none for an edit without entries', () => {
    expect(requestsOf(add())).toEqual([]);
  });

  it('of the longest entries fit into an attribute', () => {
    const ip = 'fd00:1111:2222:3333:4444:5555:6666:7777';
    const longest: SetShape = { ...shape, type: 'hash:ip,port,net', family: 'IPv6' };
    const entries = ports(10_000).map((port) => `${ip},255:${port},${ip}/127 nomatch`);
    for (const request of requestsOf({ change: 'add', shape: longest, entries })) {
      const writer = new MessageWriter();
      encodeEntries(writer, request, 1);
      expect(decodeMessages(writer.bytes())).toHaveLength(1);
    }
  });
});

describe('datagrams', () => {
  it.each([
    ['of all entries together', 100_000, undefined],
    ['of single entries', 10_000, 1],
  ])('have all requests in their order, %s', (_, count, perMessage) => {
    const edit = add(...ports(count));
    const requests = requestsOf(edit, edit.entries, perMessage);
    const datagrams = [...datagramsOf(requests)];
    expect(datagrams.length).toBeGreaterThan(1);
    expect(datagrams.flat()).toEqual(requests);
    for (const datagram of datagrams) {
      expect(datagram.length).toBeLessThanOrEqual(4096);
      expect(datagram.flatMap(({ entries }) => entries).length).toBeLessThan(9_000);
    }
  });

  it('are none for no requests', () => {
    expect([...datagramsOf([])]).toEqual([]);
  });
});

describe('steps', () => {
  it.each<[string, readonly SetEdit[], readonly unknown[]]>([
    ['nothing', [], []],
    ['edits of entries of many sets', [add('1'), addToOther, add('2')], [[add('1'), addToOther, add('2')]]],
    ['what creates, from what fills', [create, add('1')], [create, [add('1')]]],
    ['what fills, from what swaps', [add('1'), swap, add('1')], [[add('1')], swap, [add('1')]]],
    [
      'adding, from removing in the same set',
      [add('1'), addToOther, remove('1'), add('2')],
      [[add('1'), addToOther], [remove('1')], [add('2')]],
    ],
    ['not: adding, from removing in another', [remove('1'), addToOther], [[remove('1'), addToOther]]],
  ])('take apart %s', (_, edits, steps) => {
    expect([...stepsOf(edits)]).toEqual(steps);
  });
});
