import { expect, test } from 'vitest';
import { PROMETHEUS_TEXT } from '../../metrics/exposition.ts';
import type { ServiceRow } from '../service-row.ts';
import { LbMetrics } from './lb-metrics.ts';
import type { LbStatus } from './status-document.ts';

const POOL: Omit<LbStatus['pools'][number], 'kind' | 'families'> = {
  name: 'public',
  ranges: [],
  allowed: 'all Services',
  problem: undefined,
};

const STATUS: LbStatus = {
  identity: 'a',
  isLeading: true,
  leader: 'a',
  services: [service('a', 'NoPool'), service('b', 'NoPool'), service('c', undefined)],
  pools: [
    { ...POOL, kind: 'IPAddressPool', families: [family('IPv4', '8', 2), family('IPv6', '16', 1)] },
    { ...POOL, kind: 'CiliumLoadBalancerIPPool', families: [family('IPv4', '4', 1)] },
  ],
  announcers: [{ node: 'n1', owned: [{ address: '192.0.2.1', interfaces: ['eth0', 'eth1'], sinceMs: 0 }] }],
};

function service(name: string, reason: 'NoPool' | undefined): ServiceRow {
  return {
    namespace: 'default',
    name,
    servedAs: 'menwei.dev/l2',
    addresses: [],
    pools: [],
    ready:
      reason === undefined
        ? { status: 'True', reason: 'Announced', message: '' }
        : { status: 'False', reason, message: '' },
    owners: [],
    failure: undefined,
    retryAtMs: undefined,
  };
}

function family(name: string, size: string, inUse: number) {
  return { family: name, size, inUse, quarantined: 0, free: String(Number(size) - inUse) };
}

async function scrape(metrics: LbMetrics): Promise<readonly string[]> {
  const text = [...(await metrics.registry.expose(PROMETHEUS_TEXT))].join('');
  return text.split('\n').filter((line) => /^(menwei_lb|metallb)_/.test(line));
}

test('one scrape looks at the status once, and tells all of it', async () => {
  let looks = 0;
  const metrics = new LbMetrics(
    () => {
      looks += 1;
      return STATUS;
    },
    () => [],
  );
  expect(await scrape(metrics)).toEqual([
    'menwei_lb_syncs_total{result="ok"} 0',
    'menwei_lb_syncs_total{result="error"} 0',
    'menwei_lb_leader 1',
    'menwei_lb_services 3',
    'menwei_lb_pending_services{reason="NoPool"} 2',
    'menwei_lb_announced{address="192.0.2.1",node="n1",interface="eth0"} 1',
    'menwei_lb_announced{address="192.0.2.1",node="n1",interface="eth1"} 1',
    'menwei_lb_pool_addresses{pool="public",family="IPv4"} 12',
    'menwei_lb_pool_addresses{pool="public",family="IPv6"} 16',
    'menwei_lb_pool_addresses_in_use{pool="public",family="IPv4"} 3',
    'menwei_lb_pool_addresses_in_use{pool="public",family="IPv6"} 1',
    'metallb_allocator_addresses_total{pool="public"} 28',
    'metallb_allocator_addresses_in_use_total{pool="public"} 4',
  ]);
  expect(looks).toBe(1);
});
