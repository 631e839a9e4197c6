import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OrderedMap } from './ordered-map.ts';

const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', '-'), minLength: 1, maxLength: 4 });
const change = fc.record({ key, isDeleted: fc.boolean() });

it('is a map in the order of its keys, and each version of it stays as it was', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 100 }), key, (changes, prefix) => {
      const model = new Map<string, { readonly key: string }>();
      let map = OrderedMap.empty<{ readonly key: string }>();
      const versions: { readonly map: typeof map; readonly values: readonly object[] }[] = [];
      for (const { key, isDeleted } of changes) {
        const value = { key };
        map = isDeleted ? map.without(key) : map.with(key, value);
        if (isDeleted) model.delete(key);
        else model.set(key, value);
        const inOrder = [...model].sort(([a], [b]) => (a < b ? -1 : 1));
        const values = inOrder.filter(([each]) => each.startsWith(prefix)).map(([, each]) => each);
        expect([...map.withPrefix(prefix)]).toEqual(values);
        expect(map.countWithPrefix(prefix)).toBe(values.length);
        expect(map.size).toBe(model.size);
        expect(map.get(key)).toBe(model.get(key));
        expect([...OrderedMap.of(inOrder).withPrefix(prefix)]).toEqual(values);
        versions.push({ map, values });
      }
      for (const { map, values } of versions) expect([...map.withPrefix(prefix)]).toEqual(values);
    }),
    { numRuns: 200 },
  );
});

it('stays right when it is large', () => {
  const names = Array.from({ length: 5_000 }, (_, index) => ({ key: `k/${(index * 7919) % 5_000}` }));
  let map = OrderedMap.empty<{ readonly key: string }>();
  for (const name of names) map = map.with(name.key, name);
  const sorted = names.map(({ key }) => key).sort();
  expect([...map.withPrefix('k/')].map(({ key }) => key)).toEqual(sorted);
  expect(map.countWithPrefix('k/4')).toBe(1_111);
  for (const { key } of names.slice(0, 4_000)) map = map.without(key);
  expect(map.without('nothing')).toBe(map);
  expect(map.size).toBe(1_000);
  expect([...map.withPrefix('k/')]).toHaveLength(1_000);
  expect([...map.values()]).toHaveLength(1_000);
  for (const { key } of names) map = map.without(key);
  expect(map.size).toBe(0);
  expect([...map.values()]).toEqual([]);
});

it('is a map when keys come and go in a large one', () => {
  const model = new Map<string, { readonly key: string }>();
  let map = OrderedMap.empty<{ readonly key: string }>();
  for (let step = 0; step < 30_000; step++) {
    const key = `k/${(step * step * 31 + step * 17) % 6_007}`;
    const value = { key };
    const isGoing = (step * 13) % 7 < (step % 10_000 < 5_000 ? 2 : 5);
    map = isGoing ? map.without(key) : map.with(key, value);
    if (isGoing) model.delete(key);
    else model.set(key, value);
  }
  const inOrder = [...model].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
  expect(map.size).toBe(model.size);
  expect([...map.values()]).toEqual(inOrder);
  expect([...map.withPrefix('k/5')]).toEqual(inOrder.filter(({ key }) => key.startsWith('k/5')));
  expect(map.countWithPrefix('k/5')).toBe(inOrder.filter(({ key }) => key.startsWith('k/5')).length);
  for (const value of inOrder) expect(map.get(value.key)).toBe(value);
});
