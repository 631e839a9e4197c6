import { expect, it } from 'vitest';
import { inOrderOfRank, ownerRank } from './rank.ts';

const NODES = ['node-1', 'node-2', 'node-3'].map((name) => ({ name, weight: 0 }));

it.each([
  ['192.0.2.100', ['node-3 805009cf67ea05d7', 'node-1 7bdc1e4f8649b919', 'node-2 7a956011c0eeefeb']],
  ['2001:db8::100', ['node-2 62dc46f5091010a6', 'node-3 5332e07bd95f19fc', 'node-1 1e13ae680a9bf54d']],
])('ranks nodes for %s as the reference does', (address, expected) => {
  const ranked = inOrderOfRank(address, NODES).map(({ name }) => `${name} ${ownerRank(address, name)}`);
  expect(ranked).toEqual(expected);
});

it('puts a node of more weight first', () => {
  const nodes = NODES.map((node) => (node.name === 'node-2' ? { ...node, weight: 1 } : node));
  expect(inOrderOfRank('192.0.2.100', nodes).map(({ name }) => name)).toEqual(['node-2', 'node-3', 'node-1']);
});

it('spreads addresses evenly', () => {
  const counts = new Map<string | undefined, number>();
  for (let index = 0; index < 3000; index++) {
    const first = inOrderOfRank(`10.0.${index >> 8}.${index & 255}`, NODES)[0]?.name;
    counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  for (const { name } of NODES) expect(Math.abs((counts.get(name) ?? 0) - 1000)).toBeLessThan(150);
});
