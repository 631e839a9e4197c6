import { aRelayEndpoint } from '@menwei/testing/relay/testing.ts';
import { describe, expect, it } from 'vitest';
import { Rotation } from './rotation.ts';

const [A, B, C] = [1, 2, 3].map((number) => aRelayEndpoint(`10.0.0.${number}`, 80));
const ALL = [A, B, C].filter((endpoint) => endpoint !== undefined);
const NONE: ReadonlySet<string> = new Set();
/** Leaves the order as it is. */
const HIGHEST = () => 0.999;

function picks(
  rotation: Rotation,
  count: number,
  isAvoided: (text: string) => boolean = () => false,
): string {
  const endpoints = Array.from({ length: count }, () => rotation.next(NONE, isAvoided));
  return endpoints.map((endpoint) => endpoint?.ip.slice(-1) ?? '-').join('');
}

function over(endpoints: typeof ALL, random = HIGHEST): Rotation {
  const rotation = new Rotation(random);
  rotation.update(endpoints);
  return rotation;
}

describe('Rotation', () => {
  it.each([
    { random: 0.999, expected: '1231231' },
    { random: 0, expected: '2312312' },
  ])('goes round from a start by chance: $random', ({ random, expected }) => {
    expect(
      picks(
        over(ALL, () => random),
        7,
      ),
    ).toBe(expected);
  });

  it('has nobody when there is nobody', () => {
    expect(picks(over([]), 2)).toBe('--');
  });

  it.each([
    { avoided: ['10.0.0.1:80'], expected: '232323' },
    { avoided: ['10.0.0.1:80', '10.0.0.2:80'], expected: '333333' },
    { avoided: ALL.map(({ text }) => text), expected: '123123' },
  ])('passes over $avoided', ({ avoided, expected }) => {
    expect(picks(over(ALL), 6, (text) => avoided.includes(text))).toBe(expected);
  });

  it('gives those to be avoided when the others have been tried', () => {
    const tried = new Set(['10.0.0.2:80', '10.0.0.3:80']);
    expect(over(ALL).next(tried, (text) => text === '10.0.0.1:80')).toBe(A);
  });

  it('goes on where it is when the same endpoints come in another order', () => {
    const rotation = over(ALL);
    picks(rotation, 2);
    rotation.update(ALL.toReversed());
    expect(picks(rotation, 2)).toBe('31');
  });

  it('starts anew when the endpoints change', () => {
    const rotation = over(ALL);
    picks(rotation, 2);
    rotation.update(ALL.slice(0, 2));
    expect(picks(rotation, 3)).toBe('121');
  });

  it('gives each its turns in a round', () => {
    const weighed = ALL.map((endpoint, index) => ({ ...endpoint, turns: [1, 2, 5][index] ?? 1 }));
    const round = picks(
      over(weighed, () => 0.3),
      8,
    );
    expect([...round].sort().join('')).toBe('12233333');
    expect(round).not.toBe('12233333');
  });

  it('starts anew when turns change', () => {
    const rotation = over(ALL);
    picks(rotation, 2);
    rotation.update(ALL.map((endpoint) => ({ ...endpoint, turns: 2 })));
    expect([...picks(rotation, 6)].sort().join('')).toBe('112233');
  });
});
