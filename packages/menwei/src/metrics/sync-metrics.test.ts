import { aSyncRow } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import type { ProxyMode } from '../config/settings.ts';
import { FamilyTables } from '../state/family-tables.ts';
import type { SyncRow } from '../state/sync-row.ts';
import { PROMETHEUS_TEXT } from './exposition.ts';
import { Registry } from './registry.ts';
import { SyncMetrics } from './sync-metrics.ts';

async function after(mode: ProxyMode, syncs: readonly Partial<SyncRow>[]): Promise<string> {
  const registry = new Registry(mode);
  const tables = new FamilyTables('IPv6');
  tables.syncs.put('IPv6', aSyncRow({ seconds: 99 }));
  const metrics = new SyncMetrics(registry);
  metrics.follow(tables);
  for (const sync of syncs) tables.syncs.put('IPv6', aSyncRow(sync));
  return [...(await registry.expose(PROMETHEUS_TEXT))].join('');
}

const RESTORE = { operation: 'iptables restore', object: 'stdin' };

describe('the metrics of syncs', () => {
  it.each<[string, ProxyMode, readonly Partial<SyncRow>[], readonly string[]]>([
    [
      'observe failed ones, too, by their kind',
      'nftables',
      [{ seconds: 0.5 }, { ok: false, seconds: 0.25 }, { complete: false, seconds: 0.125 }],
      [
        'kubeproxy_sync_proxy_rules_duration_seconds_sum{ip_family="IPv6"} 0.875',
        'kubeproxy_sync_full_proxy_rules_duration_seconds_count{ip_family="IPv6"} 2',
        'kubeproxy_sync_partial_proxy_rules_duration_seconds_sum{ip_family="IPv6"} 0.125',
      ],
    ],
    [
      'say how long each change took that was programmed',
      'ipvs',
      [{ ok: false }, { endedAtMs: 10_000, triggerTimesMs: [8_000, 9_500, 11_000], firstChangeMs: 9_750 }],
      [
        'kubeproxy_network_programming_duration_seconds_count{ip_family="IPv6"} 3',
        'kubeproxy_network_programming_duration_seconds_sum{ip_family="IPv6"} 2.5',
        'menwei_apply_delay_seconds_sum{ip_family="IPv6"} 0.25',
        'kubeproxy_sync_proxy_rules_last_timestamp_seconds{ip_family="IPv6"} 10',
      ],
    ],
    [
      'count rules kept and rules written',
      'iptables',
      [
        { rules: { held: { nat: 9, filter: 4 }, written: { nat: 9, filter: 4 } } },
        { rules: { held: { nat: 10, filter: 4 }, written: { nat: 1 } } },
      ],
      [
        'kubeproxy_sync_proxy_rules_iptables_total{table="nat",ip_family="IPv6"} 10',
        'kubeproxy_sync_proxy_rules_iptables_last{table="nat",ip_family="IPv6"} 1',
        'kubeproxy_sync_proxy_rules_iptables_last{table="filter",ip_family="IPv6"} 0',
      ],
    ],
    [
      'tell failures of iptables-restore from others',
      'iptables',
      [
        { ok: false, failure: RESTORE },
        { ok: false, complete: false, failure: RESTORE },
        { ok: false, failure: { operation: 'iptables save', object: 'nat' } },
        { ok: false, failure: { operation: 'run', object: '/usr/sbin/iptables-restore' } },
        { ok: false },
      ],
      [
        'kubeproxy_sync_proxy_rules_iptables_restore_failures_total{ip_family="IPv6"} 3',
        'kubeproxy_sync_proxy_rules_iptables_partial_restore_failures_total{ip_family="IPv6"} 1',
      ],
    ],
    [
      'count what nftables refused',
      'nftables',
      [{ ok: false }, { refusedCount: 2 }, {}],
      [
        'kubeproxy_sync_proxy_rules_nftables_sync_failures_total{ip_family="IPv6"} 2',
        'kubeproxy_sync_proxy_rules_nftables_cleanup_failures_total{ip_family="IPv6"} 0',
      ],
    ],
  ])('%s', async (_title, mode, syncs, expected) => {
    expect((await after(mode, syncs)).split('\n')).toEqual(expect.arrayContaining([...expected]));
  });

  it('begin with 0 what is counted, and with nothing what has no value yet', async () => {
    const text = await after('nftables', []);
    expect(text).toContain('kubeproxy_sync_proxy_rules_duration_seconds_count{ip_family="IPv6"} 0\n');
    expect(text).toContain('nftables_sync_failures_total{ip_family="IPv6"} 0\n');
    expect(text).not.toContain('timestamp');
    expect(text).not.toContain('iptables');
  });
});
