import { expect, it, vi } from 'vitest';
import { FamilyTables } from '../state/family-tables.ts';
import { followSyncs } from './follow-syncs.ts';

it('observes every sync, and how long each change took that it programmed', () => {
  const tables = new FamilyTables('IPv6');
  const metrics = { observeSync: vi.fn(), observeNetworkProgramming: vi.fn() };
  const sync = (ok: boolean, triggerTimesMs: readonly number[]) =>
    tables.syncs.put('IPv6', {
      ...{ ok, seconds: 0.5, endedAtMs: 10_000, fullCount: 1 },
      ...{ nodePortAddresses: 'all', triggerTimesMs },
    });
  sync(true, [1]);
  const end = followSyncs(tables, metrics);
  sync(false, []);
  sync(true, [8_000, 9_500, 11_000]);
  end();
  sync(true, [2]);
  expect(metrics.observeSync.mock.calls).toEqual([
    ['IPv6', 0.5],
    ['IPv6', 0.5],
  ]);
  expect(metrics.observeNetworkProgramming.mock.calls).toEqual([
    ['IPv6', 2],
    ['IPv6', 0.5],
    ['IPv6', 0],
  ]);
});
