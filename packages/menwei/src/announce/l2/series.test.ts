import { expect, it } from 'vitest';
import { delayMs } from './series.ts';

function times(random: number): readonly number[] {
  let atMs = 0;
  return Array.from({ length: 9 }, (_, told) => {
    atMs += delayMs(told, 60_000, random);
    return atMs;
  });
}

it('tells them seven times in five seconds, then every minute', () => {
  expect(times(0.5)).toEqual([0, 100, 500, 1_100, 2_200, 3_300, 5_000, 65_000, 125_000]);
});

it('does so a tenth earlier or later', () => {
  expect(times(0)).toEqual([0, 90, 450, 990, 1_980, 2_970, 4_500, 58_500, 112_500]);
  expect(times(1)).toEqual([0, 110, 550, 1_210, 2_420, 3_630, 5_500, 71_500, 137_500]);
});
