import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Reader } from './reader.ts';
import { Table } from './table.ts';

interface Row {
  readonly value: number;
}

/** A reader, and the rows as it knows them from what it has taken. */
interface Follower {
  readonly reader: Reader<Row>;
  readonly seen: Map<string, Row>;
}

type Step =
  | { readonly do: 'put'; readonly key: string; readonly value: number }
  | { readonly do: 'delete'; readonly key: string }
  | { readonly do: 'open' }
  | { readonly do: 'take' | 'close'; readonly reader: number };

const key = fc.constantFrom('a', 'b', 'c', 'd');
const reader = fc.nat({ max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('put'), key, value: fc.nat({ max: 2 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('delete'), key }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('take'), reader }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('open') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close'), reader }) },
);

/** How often rows were compared: all that work on a row costs. */
class Counter {
  count = 0;

  readonly isSame = (a: Row, b: Row): boolean => {
    this.count++;
    return a.value === b.value;
  };
}

describe('any interleaving of writes and reads', () => {
  it('gives each reader exactly the difference between two snapshots, and costs no more than that', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const compared = new Counter();
        const table = new Table<Row>(compared.isSame);
        const followers: Follower[] = [];
        for (const each of steps) {
          const before = compared.count;
          const allowed = play(each, table, followers);
          expect(compared.count - before).toBeLessThanOrEqual(allowed);
          for (const follower of followers) expectBounded(follower, table);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('tells of a change before it is taken, and once', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const table = new Table<Row>((a, b) => a.value === b.value);
        let told = 0;
        const watching = table.reader(() => told++);
        watching.take();
        for (const each of steps) {
          if (each.do === 'put') table.put(each.key, { value: each.value });
          else if (each.do === 'delete') table.delete(each.key);
          else if (each.do === 'take') {
            if (watching.unreadCount > 0) expect(told).toBe(1);
            watching.take();
            told = 0;
          }
          expect(told).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});

/** Returns how many comparisons that may cost. */
function play(each: Step, table: Table<Row>, followers: Follower[]): number {
  switch (each.do) {
    case 'put':
      table.put(each.key, { value: each.value });
      return 1;
    case 'delete':
      table.delete(each.key);
      return 0;
    case 'open':
      followers.push({ reader: table.reader(), seen: new Map() });
      return 0;
    case 'take':
      return catchUp(followers[each.reader], table);
    case 'close': {
      const [closed] = followers.splice(each.reader, 1);
      closed?.reader.close();
      expect(closed?.reader.take() ?? []).toEqual([]);
      return 0;
    }
  }
}

function catchUp(follower: Follower | undefined, table: Table<Row>): number {
  if (follower === undefined) return 0;
  const { reader: cursor, seen } = follower;
  const unread = cursor.unreadCount;
  const changes = cursor.take();
  expect(new Set(changes.map((change) => change.key)).size).toBe(changes.length);
  for (const { key: changed, before, after } of changes) {
    expect(before).toBe(seen.get(changed));
    expect(after).toBe(table.get(changed));
    expect(before?.value).not.toBe(after?.value);
    if (after === undefined) seen.delete(changed);
    else seen.set(changed, after);
  }
  expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(table.rows));
  expect(cursor.take()).toEqual([]);
  return unread;
}

/** By the number of keys, however many changes there were. */
function expectBounded({ reader: cursor, seen }: Follower, table: Table<Row>): void {
  expect(cursor.unreadCount).toBeLessThanOrEqual(new Set([...seen.keys(), ...table.rows.keys()]).size);
}
