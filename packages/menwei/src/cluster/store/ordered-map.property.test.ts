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
  expect(map.size).toBe(1_000);
  expect([...map.withPrefix('k/')]).toHaveLength(1_000);
});
