import { KernelError } from '@menwei/netlink';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SyncMeasures } from './sync-measures.ts';

const RESULT = { complete: false, changedServicePorts: 0, refused: [], retryInMs: undefined };
const OK = { ...RESULT, ok: true };
const FAILED = {
  ...RESULT,
  ok: false,
  error: new KernelError({ operation: 'iptables restore', object: 'nat', detail: 'no' }),
};

beforeEach(() => void vi.useFakeTimers({ now: 1_000 }));
afterEach(() => void vi.useRealTimers());

const later = (ms: number) => vi.setSystemTime(Date.now() + ms);

it('measures from the first event that a sync takes up, whatever comes while it is on', () => {
  const measures = new SyncMeasures();
  measures.touched();
  later(10);
  measures.touched();
  measures.begun();
  later(10);
  measures.touched();
  expect(measures.ended(OK, undefined)).toMatchObject({ firstChangeMs: 1_000, rules: undefined });
  measures.begun();
  expect(measures.ended(OK, undefined).firstChangeMs).toBe(1_020);
  measures.begun();
  expect(measures.ended(OK, undefined).firstChangeMs).toBeUndefined();
});

it('goes on measuring until a sync succeeds, and tells what failed', () => {
  const measures = new SyncMeasures();
  measures.touched();
  measures.begun();
  measures.taken([7]);
  measures.writes({ nat: 3 });
  expect(measures.ended(FAILED, { nat: 1 })).toMatchObject({
    ok: false,
    failure: { operation: 'iptables restore', object: 'nat' },
    firstChangeMs: undefined,
    triggerTimesMs: [],
  });
  later(50);
  measures.touched();
  measures.begun();
  measures.taken([8]);
  expect(measures.ended(OK, { nat: 1 })).toMatchObject({
    firstChangeMs: 1_000,
    triggerTimesMs: [7, 8],
    rules: { held: { nat: 1 }, written: {} },
  });
});

it('keeps no more trigger times than a sync can be expected to tell', () => {
  const measures = new SyncMeasures();
  for (let batch = 0; batch < 30; batch++) measures.taken(Array.from({ length: 1_000 }, () => batch));
  expect(measures.ended(OK, undefined).triggerTimesMs).toHaveLength(10_000);
});
