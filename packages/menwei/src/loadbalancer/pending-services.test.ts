import { expect, it } from 'vitest';
import { PendingServices } from './pending-services.ts';

const MINUTE_MS = 60_000;

it('tells what has come up when it has stayed for a while, and again before it is forgotten', () => {
  const pending = new PendingServices();
  pending.note('a', 'NotAnnounced: x', true, 0);
  pending.note('b', 'NotAnnounced: x', true, 5_000);
  pending.note('a', 'NotAnnounced: x', true, 9_000);
  expect(pending.nextDueMs).toBe(10_000);
  expect(pending.take(9_999)).toEqual([]);
  expect(pending.take(10_000)).toEqual(['a']);
  pending.note('b', undefined, false, 11_000);
  expect(pending.nextDueMs).toBe(10_000 + 55 * MINUTE_MS);
  expect(pending.take(10_000 + 55 * MINUTE_MS)).toEqual(['a']);
});

it('does not tell at once what was told, or was so before', () => {
  const pending = new PendingServices();
  pending.note('a', 'NoPool: x', false, 0);
  expect(pending.take(54 * MINUTE_MS)).toEqual([]);
  expect(pending.take(55 * MINUTE_MS)).toEqual(['a']);
  pending.note('a', undefined, false, 56 * MINUTE_MS);
  expect(pending.nextDueMs).toBe(Number.POSITIVE_INFINITY);
});
