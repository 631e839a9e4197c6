import { expect, it } from 'vitest';
import { formatAge, formatDuration } from './age.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

it.each([
  [-2 * SECOND, '<invalid>'],
  [-SECOND, '0s'],
  [-500, '0s'],
  [119 * SECOND, '119s'],
  [2 * MINUTE, '2m'],
  [3 * MINUTE + 41 * SECOND, '3m41s'],
  [41 * MINUTE, '41m'],
  [179 * MINUTE, '179m'],
  [3 * HOUR, '3h'],
  [3 * HOUR + 5 * MINUTE, '3h5m'],
  [47 * HOUR, '47h'],
  [2 * DAY, '2d'],
  [7 * DAY + 23 * HOUR, '7d23h'],
  [8 * DAY, '8d'],
  [729 * DAY, '729d'],
  [730 * DAY, '2y'],
  [731 * DAY, '2y1d'],
  [8 * 365 * DAY + DAY, '8y'],
])('%d ms is %s', (durationMs, text) => {
  expect(formatDuration(durationMs)).toBe(text);
});

it('does not know the age of what has no time', () => {
  expect(formatAge(undefined, 0)).toBe('<unknown>');
  expect(formatAge('tomorrow', 0)).toBe('<unknown>');
  expect(formatAge('2026-11-30T05:41:35Z', Date.parse('2026-11-30T05:41:36.9Z'))).toBe('1s');
});
