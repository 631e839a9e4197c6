import { KernelError } from '@menwei/netlink';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LeftoverOrders, LeftoverSearchResult } from '../backends/leftover-search.ts';
import { silentLogger } from '../log/logger.ts';
import type { OtherProxyRow } from '../state/family-tables.ts';
import { LeftoverRemoval } from './leftover-removal.ts';

const SYNC_PERIOD_MS = 30_000;
const DRAIN_MS = 60_000;

/** What a search finds, one after another; the last one for ever. */
type Find = (orders: LeftoverOrders, signal: AbortSignal) => Promise<Partial<LeftoverSearchResult>>;

const nothing: Find = async () => ({});
const draining: Find = async ({ mayDrain }) =>
  mayDrain ? { draining: '2 virtual servers of IPVS with 3 connections' } : {};
const table: Find = async ({ onFound }, signal) => {
  const what = 'table ip kube-proxy';
  const remove = async () => ({ removed: what, draining: undefined });
  return { draining: await onFound({ what, commands: 'delete table\n', remove }, signal) };
};
const stuck: Find = async ({ onFound }, signal) => {
  const error = new KernelError({ operation: 'remove', object: 'table ip kube-proxy', detail: 'busy' });
  const found = { what: 'table ip kube-proxy', commands: '', remove: () => Promise.reject(error) };
  return await onFound(found, signal).then(
    () => ({}),
    () => ({ failures: [error] }),
  );
};
const failing: Find = async () => ({
  failures: [new KernelError({ operation: 'find', object: 'iptables-legacy', detail: 'not found' })],
});

interface Options {
  readonly leave?: boolean;
  readonly processes?: readonly string[];
}

function start(finds: readonly Find[], { leave = false, processes = [] }: Options = {}) {
  const stop = new AbortController();
  const lines: string[] = [];
  const rows: OtherProxyRow[] = [];
  const searches: { readonly atMs: number; readonly mayDrain: boolean }[] = [];
  const ready = vi.fn();
  const onRemoved = vi.fn();
  const keep = (_fields: object, message: string) => void lines.push(message);
  const removal = new LeftoverRemoval({
    family: 'IPv4',
    environment: {
      searchLeftovers: async (_family, orders, signal) => {
        const find = finds[Math.min(searches.length, finds.length - 1)] ?? nothing;
        searches.push({ atMs: performance.now(), mayDrain: orders.mayDrain });
        return { failures: [], draining: undefined, ...(await find(orders, signal)) };
      },
      observeOtherProxies: async () => processes,
    },
    retryMs: SYNC_PERIOD_MS,
    leave,
    drainTimeoutMs: DRAIN_MS,
    logger: { ...silentLogger, info: keep, warn: keep },
    onRemoved,
    onLooked: (row) => void rows.push(row),
  });
  const running = removal.run(stop.signal, ready);
  const end = async () => {
    stop.abort();
    await running;
  };
  return { lines, rows, searches, ready, onRemoved, end };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

describe('what others left', () => {
  it('is removed once, and looked for less and less often', async () => {
    const { lines, rows, searches, ready, onRemoved, end } = start([table, nothing]);
    await vi.advanceTimersByTimeAsync(200_000);
    await end();
    expect(ready).toHaveBeenCalled();
    expect(onRemoved).toHaveBeenCalledTimes(1);
    expect(lines).toEqual(['removed leftovers of another proxy or mode: table ip kube-proxy']);
    expect(searches.slice(0, 5).map(({ atMs }) => atMs - (searches[0]?.atMs ?? 0))).toEqual([
      0, 1_000, 2_000, 4_000, 8_000,
    ]);
    const [before = 0, last = 0] = searches.slice(-2).map(({ atMs }) => atMs);
    expect(last - before).toBe(SYNC_PERIOD_MS);
    expect(rows.at(-1)).toEqual({ rules: [], returns: 0, processes: [], warning: undefined });
  });

  it('drains for its time at most', async () => {
    const { lines, rows, searches, end } = start([draining]);
    await vi.advanceTimersByTimeAsync(DRAIN_MS + 1_000);
    await end();
    const startedMs = searches[0]?.atMs ?? 0;
    const last = searches.find(({ mayDrain }) => !mayDrain);
    expect((last?.atMs ?? 0) - startedMs).toBeGreaterThanOrEqual(DRAIN_MS);
    expect(rows[0]).toMatchObject({
      rules: [expect.stringContaining('with 3 connections')],
      warning: undefined,
    });
    expect(lines[0]).toBe(
      'leftovers keep their connections for at most 60 s: 2 virtual servers of IPVS with 3 connections',
    );
  });

  it('drains no longer, and is not told to be gone, because it could not be looked at for a while', async () => {
    const { lines, searches, end } = start([draining, failing, draining, failing, draining]);
    await vi.advanceTimersByTimeAsync(DRAIN_MS);
    const told = lines.join('\n');
    await vi.advanceTimersByTimeAsync(2_000);
    await end();
    expect(searches.slice(0, 5).map(({ mayDrain }) => mayDrain)).toEqual([true, true, true, true, false]);
    expect(told).not.toContain('removed');
  });

  it('is told of where it was removed at the last moment, or while something still drains', async () => {
    const stopping: { end?: () => Promise<void> } = {};
    const last: Find = async (orders, signal) => {
      await table(orders, signal);
      void stopping.end?.();
      throw signal.reason;
    };
    const drainsBeside: Find = async (orders, signal) => {
      await table(orders, signal);
      return await draining(orders, signal);
    };
    const { lines, end } = start([draining, drainsBeside, last]);
    stopping.end = end;
    await vi.advanceTimersByTimeAsync(5_000);
    await end();
    expect(lines.slice(1)).toEqual([
      'removed leftovers of another proxy or mode: table ip kube-proxy; table ip kube-proxy',
    ]);
  });

  it('is told of when it has drained', async () => {
    const { lines, end } = start([draining, draining, table, nothing]);
    await vi.advanceTimersByTimeAsync(10_000);
    await end();
    expect(lines.at(-1)).toBe('removed leftovers that had connections: table ip kube-proxy');
  });

  it('is tried again when it can’t be read, which is told once', async () => {
    const { lines, rows, ready, end } = start([failing, failing, nothing]);
    await vi.advanceTimersByTimeAsync(SYNC_PERIOD_MS + 1);
    expect(ready).not.toHaveBeenCalled();
    expect(rows.at(-1)?.warning).toMatch(
      /^leftover rules of another proxy or mode may still be in effect: find/,
    );
    await vi.advanceTimersByTimeAsync(SYNC_PERIOD_MS);
    await end();
    expect(ready).toHaveBeenCalled();
    expect(lines).toEqual(['leftover rules of another proxy or mode may still be in effect; retrying']);
    expect(rows.at(-1)?.warning).toBeUndefined();
  });

  it('is told of again when it can’t be read once more after it could, whatever the failure counts', async () => {
    let count = 0;
    const slow: Find = async () => ({
      failures: [
        new KernelError({ operation: 'run', object: 'iptables', detail: `not ended in ${count++} s` }),
      ],
    });
    const { lines, end } = start([slow, slow, nothing, slow, slow]);
    await vi.advanceTimersByTimeAsync(4 * SYNC_PERIOD_MS);
    await end();
    expect(count).toBeGreaterThan(3);
    expect(lines).toHaveLength(2);
  });

  it('is told of when it can’t be removed', async () => {
    const { rows, end } = start([stuck]);
    await vi.advanceTimersByTimeAsync(1);
    await end();
    expect(rows).toMatchObject([
      {
        rules: ['table ip kube-proxy'],
        warning: expect.stringMatching(/may still be in effect: remove table/),
      },
    ]);
  });

  it('stays with --leave-other-proxies, which is told once', async () => {
    const { lines, rows, onRemoved, end } = start([table], { leave: true });
    await vi.advanceTimersByTimeAsync(100_000);
    await end();
    expect(onRemoved).not.toHaveBeenCalled();
    expect(lines).toEqual([
      'rules of another proxy or mode are left in place (--leave-other-proxies) and may take connections: table ip kube-proxy',
    ]);
    expect(rows.at(-1)).toMatchObject({ rules: ['table ip kube-proxy'], warning: lines[0] });
  });
});

describe('a proxy that still runs', () => {
  it('is named, told of ever less often, and its rules stay for a while', async () => {
    const { lines, rows, onRemoved, end } = start([table], { processes: ['kube-proxy (pid 7)'] });
    await vi.advanceTimersByTimeAsync(3_600_000);
    await end();
    expect(onRemoved.mock.calls.length).toBeLessThan(15);
    expect(lines.filter((line) => line.includes('came back')).length).toBeLessThan(8);
    expect(lines.find((line) => line.includes('came back'))).toMatch(/kube-proxy \(pid 7\)/);
    expect(rows.at(-1)?.warning).toMatch(
      /came back (?:once|\d+ times).*still running: kube-proxy \(pid 7\)$/,
    );
  });

  it('is told of if it has the same rules', async () => {
    const { lines, rows, end } = start([nothing], { processes: ['kube-proxy (pid 7)'] });
    await vi.advanceTimersByTimeAsync(5_000);
    await end();
    expect(lines).toEqual(['another proxy runs on this node: kube-proxy (pid 7)']);
    expect(rows.at(-1)?.warning).toBe(lines[0]);
  });
});
