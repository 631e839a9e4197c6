import { aRelay } from '@menwei/testing/relay/testing.ts';
import { expect, it } from 'vitest';
import { homesOf } from './homes.ts';

const relay = aRelay(80, []);
const sticky = (name: string) => ({ ...relay, key: `IPv4 default/${name}/TCP`, affinityMs: 1 });

it('has a relay in every thread', () => {
  expect(homesOf(relay, 3)).toEqual([0, 1, 2]);
});

it('has a relay with affinity in one thread, always the same', () => {
  expect(homesOf(sticky('web'), 3)).toEqual(homesOf(sticky('web'), 3));
  expect(homesOf(sticky('web'), 3)).toHaveLength(1);
});

it('spreads relays with affinity over all threads', () => {
  const homes = Array.from({ length: 300 }, (_, index) => homesOf(sticky(`${index}`), 3)[0]);
  for (const thread of [0, 1, 2]) {
    const count = homes.filter((home) => home === thread).length;
    expect(count).toBeGreaterThan(60);
  }
});
