import { expect, it } from 'vitest';
import { formatAge } from './age.ts';

const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];

it.each([
  [-5 * SECOND, '0s'],
  [999, '0s'],
  [119 * SECOND, '119s'],
  [2 * MINUTE, '2m'],
  [3 * MINUTE + 20 * SECOND, '3m20s'],
  [10 * MINUTE + 20 * SECOND, '10m'],
  [179 * MINUTE, '179m'],
  [5 * HOUR + 10 * MINUTE, '5h10m'],
  [8 * HOUR + 10 * MINUTE, '8h'],
  [47 * HOUR, '47h'],
  [2 * DAY + HOUR, '2d1h'],
  [8 * DAY + HOUR, '8d'],
  [729 * DAY, '729d'],
  [730 * DAY, '2y'],
  [800 * DAY, '2y70d'],
  [8 * 365 * DAY + DAY, '8y'],
])('%d ms is %s', (durationMs, text) => {
  expect(formatAge(durationMs)).toBe(text);
});
