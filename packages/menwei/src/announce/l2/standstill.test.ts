import { expect, it } from 'vitest';
import { Standstill } from './standstill.ts';

it('a standstill is told once, and what is shorter is none', () => {
  let now = 5_000;
  const standstill = new Standstill(4_000, () => now);
  expect(standstill.isOver()).toBe(false);
  now += 3_999;
  expect(standstill.isOver()).toBe(false);
  now += 4_000;
  expect([standstill.isOver(), standstill.isOver()]).toEqual([true, false]);
});
