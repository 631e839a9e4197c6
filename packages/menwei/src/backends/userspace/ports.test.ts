import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PortSpace } from './ports.ts';

const RANGE = { first: 40_000, last: 40_009 };
const TEXTS = Array.from({ length: 20 }, (_, number) => `ns/web-${number}/TCP cluster`);

function openSpace({ range = RANGE, taken = [] as readonly number[] } = {}): PortSpace {
  return new PortSpace(range, new Set(taken));
}

describe('a port', () => {
  it('is always the same', () => {
    const known = { 'default/web:http/TCP cluster': 43_282, 'default/web:http/TCP local': 39_243 };
    const space = openSpace({ range: { first: 32_768, last: 60_999 } });
    expect(Object.fromEntries(Object.keys(known).map((text) => [text, space.choose(text)]))).toEqual(known);
  });

  it('is the next free one when it is given out', () => {
    const home = openSpace().choose('a') ?? 0;
    const next = home === RANGE.last ? RANGE.first : home + 1;
    const space = openSpace();
    expect([space.choose('a'), space.choose('a')]).toEqual([home, next]);
    expect(openSpace({ taken: [home] }).choose('a')).toBe(next);
  });

  it('can be asked for once, and again when it was given back', () => {
    const space = openSpace({ taken: [40_002] });
    expect([40_001, 40_001, 40_002, 39_999, 40_010].map((port) => space.claim(port))).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
    space.release(40_001);
    expect(space.claim(40_001)).toBe(true);
  });
});

it('gives out all ports there are, each once, whatever others have', () => {
  fc.assert(
    fc.property(fc.subarray([40_000, 40_003, 40_004, 40_009]), fc.shuffledSubarray(TEXTS), (taken, texts) => {
      const space = openSpace({ taken });
      const ports = texts.map((text) => space.choose(text));
      const given = ports.filter((port) => port !== undefined);
      expect(given).toHaveLength(Math.min(texts.length, 10 - taken.length));
      expect(new Set(given).size).toBe(given.length);
      for (const port of given) expect([...taken, port < 40_000, port > 40_009]).not.toContain(port);
    }),
  );
});

it('spreads them: with a thousand Services in the usual range, few do not get the one they are hashed to', () => {
  const range = { first: 32_768, last: 60_999 };
  const space = openSpace({ range });
  const texts = Array.from({ length: 1_000 }, (_, number) => `ns/service-${number}:http/TCP cluster`);
  const moved = texts.filter((text) => space.choose(text) !== openSpace({ range }).choose(text));
  expect(moved.length).toBeLessThan(50);
});
