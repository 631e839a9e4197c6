import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LegacyChanges } from './watch-legacy.ts';

const REST_MS = 30_000;
const { signal } = new AbortController();

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open() {
  const table = { stamp: 'as it was' };
  const changes = new LegacyChanges({ tools: { stamp: () => table.stamp }, restMs: REST_MS });
  changes.reading();
  return { table, changes };
}

/** After how long there was something to take. */
async function waited(changes: LegacyChanges): Promise<number> {
  const startedMs = performance.now();
  let endedMs: number | undefined;
  const waiting = changes.wait(signal).then(() => {
    endedMs = performance.now();
  });
  while (endedMs === undefined) await vi.advanceTimersByTimeAsync(10);
  await waiting;
  return endedMs - startedMs;
}

describe('changes of legacy tables', () => {
  it('are noticed by others’ sizes within a second', async () => {
    const { table, changes } = open();
    table.stamp = 'changed';
    expect(await waited(changes)).toBeLessThan(1_000);
    expect(changes.take()).toEqual({ isEverywhere: true, changes: [] });
  });

  it('are none of others if they are our own', async () => {
    const { table, changes } = open();
    await changes.changing(async () => {
      table.stamp = 'changed';
    });
    expect(changes.take()).toBeUndefined();
    expect(await waited(changes)).toBeGreaterThan(REST_MS / 2);
  });

  it('are suspected behind our own if others were there before', async () => {
    const { table, changes } = open();
    table.stamp = 'changed by others';
    await changes.changing(async () => {
      table.stamp = 'changed by us';
    });
    expect(changes.take()).toBeDefined();
  });

  it('are suspected after our own have failed', async () => {
    const { changes } = open();
    await expect(changes.changing(() => Promise.reject(new Error('no')))).rejects.toThrow();
    expect(changes.take()).toBeDefined();
  });

  it('are looked into in a twentieth of the time while others go on, and at rest the more seldom the more rules there are', async () => {
    const { table, changes } = open();
    table.stamp = 'changed';
    await waited(changes);
    changes.take();
    changes.compared(1_000, true);
    table.stamp = 'changed again';
    expect(await waited(changes)).toBeGreaterThanOrEqual(20_000);
    changes.take();
    changes.read(50_000);
    changes.compared(1_000, true);
    expect(await waited(changes)).toBeGreaterThanOrEqual(500_000);
  });

  it('are still to be looked into if that was not possible', async () => {
    const { table, changes } = open();
    table.stamp = 'changed';
    await waited(changes);
    changes.take();
    changes.giveBack();
    expect(changes.take()).toBeDefined();
  });

  it('come one after the other, and are waited for', async () => {
    const { table, changes } = open();
    table.stamp = '0';
    const timer = setInterval(() => {
      table.stamp = String(Math.min(10, Number(table.stamp) + 1));
    }, 90);
    expect(await waited(changes)).toBeGreaterThan(900);
    clearInterval(timer);
    expect(table.stamp).toBe('10');
  });
});
