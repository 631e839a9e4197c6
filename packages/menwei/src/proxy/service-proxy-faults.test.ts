import { setImmediate as nextTurn } from 'node:timers/promises';
import { KernelError } from '@menwei/netlink';
import { keepMessages } from '@menwei/testing/proxy/kept-messages.ts';
import { runFamilies } from '@menwei/testing/proxy/run-families.ts';
import { ToyBackend } from '@menwei/testing/proxy/toy-backend.ts';
import { aNodeView, aService } from '@menwei/testing/services/testing.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProxyHealth } from '../health/proxy-health.ts';
import { State } from '../state/state.ts';
import { readStatuses } from '../status/family-status.ts';
import { FamilyProxy } from './family-proxy.ts';
import { ServiceProxy } from './service-proxy.ts';

const SYNC_PERIOD_MS = 30_000;
const BUG = new Error('BUG: no way');
const TROUBLE = new KernelError({ operation: 'add', object: 'it', detail: 'no such luck' });

const web = aService({ name: 'web' });
const db = aService({ name: 'db', clusterIPs: { IPv4: '172.30.0.2' } });

let stop: AbortController;

/** A whole proxy of one family that has the Service web. */
function open() {
  const backend = new ToyBackend();
  const log: string[] = [];
  const logger = keepMessages(log);
  const state = new State('node-a');
  const { objects } = state;
  const family = new FamilyProxy({
    backend,
    state,
    startedAtMs: 0,
    nodeView: () => aNodeView(),
    logger,
  });
  const proxy = new ServiceProxy({
    families: [family],
    state,
    health: new ProxyHealth(2 * SYNC_PERIOD_MS),
    logger,
    periods: () => ({ minSyncPeriodMs: 0, syncPeriodMs: SYNC_PERIOD_MS }),
    nodeGraceMs: 0,
  });
  objects.put(web);
  objects.syncedSources.put('test', { sinceMs: 1 });
  return {
    backend,
    family,
    state,
    objects,
    log,
    start: () => {
      const ended = vi.fn();
      runFamilies(proxy, ['IPv4'], logger, stop.signal).then(() => ended(), ended);
      return ended;
    },
    takeLog: () => backend.log.splice(0),
  };
}

/** Lets time pass; what is due happens. */
async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  for (let turn = 0; turn < 10; turn++) await nextTurn();
}

beforeEach(() => {
  stop = new AbortController();
  vi.useFakeTimers({ now: 1_000_000, toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
});
afterEach(() => {
  stop.abort();
  vi.useRealTimers();
});

describe('a watch that breaks', () => {
  it('ends nothing, is begun anew with growing distance, and the kernel is looked at then', async () => {
    const { backend, log, start, takeLog } = open();
    const watch = vi.spyOn(backend, 'watch').mockRejectedValue(BUG);
    const ended = start();
    await pass(0);
    expect(watch).toHaveBeenCalledTimes(1);
    expect(takeLog()).toEqual(['observe', 'apply ns/web/TCP']);
    for (const [waitMs, calls] of [
      [1_000, 2],
      [2_000, 3],
      [4_000, 4],
      [8_000, 5],
    ] as const) {
      await pass(waitMs - 1);
      expect(watch).toHaveBeenCalledTimes(calls - 1);
      expect(takeLog()).toEqual([]);
      await pass(1);
      expect(watch).toHaveBeenCalledTimes(calls);
      expect(takeLog()).toEqual(['observe']);
    }
    expect(log.filter((line) => line === 'component failed; restarting')).toHaveLength(5);
    expect(ended).not.toHaveBeenCalled();
  });

  it('is no longer suspected after it has run for long', async () => {
    const { backend, start } = open();
    const breaks = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let calls = 0;
    vi.spyOn(backend, 'watch').mockImplementation(
      () => breaks[calls++]?.promise ?? new Promise(() => undefined),
    );
    start();
    for (const each of breaks) {
      await pass(SYNC_PERIOD_MS + 1);
      each.reject(BUG);
      await pass(1_000);
    }
    expect(calls).toBe(3);
  });
});

describe('a sync that throws', () => {
  it('does not end the proxy, and is repeated', async () => {
    const { family, objects, log, start } = open();
    const sync = vi.spyOn(family, 'sync').mockRejectedValueOnce(BUG);
    const ended = start();
    await pass(0);
    expect(log).toContain('sync could not be completed; retrying');
    await pass(1_000);
    expect(sync).toHaveBeenCalledTimes(2);
    objects.put(db);
    await pass(0);
    expect(sync).toHaveBeenCalledTimes(3);
    expect(ended).not.toHaveBeenCalled();
  });
});

describe('a Service that the kernel refuses', () => {
  it('is tried again with a distance of its own, and others are programmed at their usual pace', async () => {
    const { backend, objects, start, takeLog } = open();
    start();
    await pass(0);
    takeLog();
    backend.refused.set('ns/db/TCP', TROUBLE);
    objects.put(db);
    await pass(0);
    expect(takeLog()).toEqual(['apply ns/db/TCP']);
    for (let n = 1; n <= 3; n++) {
      objects.put(aService({ name: `other-${n}`, clusterIPs: { IPv4: `172.30.1.${n}` } }));
      await pass(100);
      expect(takeLog()).toEqual([`apply ns/other-${n}/TCP`]);
    }
    await pass(700);
    expect(takeLog()).toEqual(['apply ns/db/TCP']);
    await pass(1_999);
    expect(takeLog()).toEqual([]);
    await pass(1);
    expect(takeLog()).toEqual(['apply ns/db/TCP']);
  });
});

describe('an object whose last version can’t be used', () => {
  it('is in error until it can, or is gone', async () => {
    const { objects, state, start } = open();
    start();
    await pass(0);
    const states = () =>
      readStatuses(objects, state.families.IPv4).map((row) => `${row.servicePort} ${row.state}`);
    objects.putStale(web, 'spec.ports: is not a list', 1);
    expect(states()).toEqual(['ns/web/TCP error']);
    objects.deleteStale(web);
    expect(states()).toEqual(['ns/web/TCP programmed']);
    objects.putStale(db, 'spec.ports: is not a list', 1);
    expect(states()).toEqual(['ns/web/TCP programmed', 'ns/db error']);
    objects.delete(db);
    expect(states()).toEqual(['ns/web/TCP programmed']);
  });
});
