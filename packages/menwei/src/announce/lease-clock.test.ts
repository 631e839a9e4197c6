import { expect, it } from 'vitest';
import { LeaseClock } from './lease-clock.ts';

it('runs while own renewals come back, and stands still while they do not', () => {
  const clock = new LeaseClock(3_000);
  for (const sentAtMs of [1_000, 3_000, 5_000]) clock.prove(sentAtMs);
  expect([clock.provenMs, clock.at(6_000), clock.at(60_000)]).toEqual([4_000, 5_000, 7_000]);
  // The API server was away for a minute: others could not renew their Leases either.
  clock.prove(65_000);
  expect(clock.provenMs).toBe(4_000);
  clock.prove(67_000);
  clock.prove(66_000);
  expect([clock.provenMs, clock.lastMs]).toEqual([6_000, 67_000]);
});
