import { describe, expect, it } from 'vitest';
import type { RelayEvent } from './contract.ts';
import { addSums, EventTally, NO_SUMS, type RelaySums } from './event-tally.ts';

const key = 'IPv4 default/web/TCP';
const failed = (endpoint: string): RelayEvent => ({
  event: 'attempt-failed',
  key,
  endpoint,
  why: 'ECONNREFUSED',
});

describe('EventTally', () => {
  it.each<[RelayEvent, Partial<RelaySums>]>([
    [
      { event: 'connected', key, attempts: 3, seconds: 0.5 },
      { connections: 1, attempts: 3, connectSeconds: 0.5 },
    ],
    [failed('10.0.0.1:80'), { failedAttempts: 1 }],
    [{ event: 'unserved', key, attempts: 4 }, { unserved: 1 }],
    [{ event: 'no-descriptor', key }, { withoutDescriptor: 1 }],
    [{ event: 'listener-lost', key, why: 'EIO' }, { lostListeners: 1 }],
    [{ event: 'ended', key, why: 'idle' }, { idle: 1 }],
    [{ event: 'ended', key, why: 'stalled' }, { stalled: 1 }],
    [{ event: 'ended', key, why: 'drained' }, { drained: 1 }],
    [{ event: 'ended', key, why: 'evicted' }, { evicted: 1 }],
  ])('counts %o', (event, sums) => {
    const tally = new EventTally();
    tally.count(event);
    expect(tally.take()?.sums).toEqual({ ...NO_SUMS, ...sums });
  });

  it('starts anew when it is taken', () => {
    const tally = new EventTally();
    expect(tally.take()).toBeUndefined();
    tally.count(failed('10.0.0.1:80'));
    tally.take();
    expect(tally.take()).toBeUndefined();
    tally.count(failed('10.0.0.2:80'));
    tally.count({ event: 'connected', key, attempts: 1, seconds: 0 });
    expect(tally.take()).toEqual({
      sums: { ...NO_SUMS, failedAttempts: 1, connections: 1, attempts: 1 },
      connections: new Map([[key, 1]]),
      examples: [failed('10.0.0.2:80')],
    });
  });

  it('keeps the first of each kind, however many there are', () => {
    const tally = new EventTally();
    for (let each = 0; each < 1000; each++) tally.count(failed(`10.0.0.1:${each}`));
    tally.count({ event: 'no-descriptor', key });
    expect(tally.take()?.examples).toEqual([failed('10.0.0.1:0'), { event: 'no-descriptor', key }]);
  });
});

it('adds sums one by one', () => {
  const a: RelaySums = { ...NO_SUMS, connections: 1, idle: 2, connectSeconds: 0.5 };
  const b: RelaySums = { ...NO_SUMS, connections: 10, evicted: 3, connectSeconds: 1 };
  expect(addSums(a, b)).toEqual({ ...NO_SUMS, connections: 11, idle: 2, evicted: 3, connectSeconds: 1.5 });
});
