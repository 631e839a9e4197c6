import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { setWithElements } from '../../testing/nftables-arbitraries.ts';
import { ElementRows } from './element-rows.ts';
import { encodeFields } from './fields.ts';
import type { Element, SetDeclaration } from './model.ts';

const NUMBERS: SetDeclaration = {
  name: 'numbers',
  key: ['slot'],
  data: ['inet_service'],
  interval: false,
  dynamic: false,
  size: 0,
  comment: '',
};

function number(slot: number, port = slot % 65_536): Element {
  return {
    key: encodeFields(['slot'], [slot]),
    data: encodeFields(['inet_service'], [port]),
    comment: `${slot}`,
  };
}

function rowsOf(set: SetDeclaration, elements: Iterable<Element>): ElementRows {
  const rows = new ElementRows(set);
  for (const element of elements) rows.add(element);
  return rows;
}

describe('rows', () => {
  it('are what a map of the elements is', () => {
    const any = setWithElements.chain(([set, elements]) =>
      fc.tuple(fc.constant(set), fc.constant(elements), fc.array(fc.constantFrom(...elements, number(1)))),
    );
    fc.assert(
      fc.property(any, ([set, elements, asked]) => {
        const [rows, map] = [rowsOf(set, elements), new Map(elements.map((each) => [each.key, each]))];
        expect([...rows]).toEqual([...map]);
        expect([...rows.keys()]).toEqual([...map.keys()]);
        expect(rows.size).toBe(map.size);
        for (const { key } of asked) expect(rows.get(key)).toEqual(map.get(key));
      }),
    );
  });

  it('are found among many', () => {
    const all = Array.from({ length: 5000 }, (_, slot) => number(slot));
    const rows = rowsOf(NUMBERS, all);
    expect([...rows.values()]).toEqual(all);
    for (const each of all) expect(rows.get(each.key)).toEqual(each);
    expect(rows.get(number(5000).key)).toBeUndefined();
  });

  it('keep the first of those with the same key, and say so', () => {
    const rows = rowsOf(NUMBERS, [number(1, 80)]);
    expect(rows.add(number(1, 81))).toBe(false);
    expect(rows.add(number(2))).toBe(true);
    expect([...rows.values()]).toEqual([number(1, 80), number(2)]);
  });

  it('take the element for all that no other one is for, and one without data', () => {
    const others = [
      { key: '', data: number(1).data, comment: 'all' },
      { ...number(3), data: undefined },
    ];
    const rows = rowsOf(NUMBERS, [number(1), ...others]);
    for (const other of others) {
      expect(rows.get(other.key)).toEqual(other);
      expect(rows.add(other)).toBe(false);
    }
    expect(rows.size).toBe(3);
    expect([...rows.values()]).toEqual([number(1), ...others]);
  });
});
