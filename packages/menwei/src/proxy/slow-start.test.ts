/** Slow start as the kernel sees it, in the modes that have weights. */
import { tableFamily } from '@menwei/netlink/nftables';
import { openBackend as openIpvs } from '@menwei/testing/backends/ipvs/laws.ts';
import { openBackend as openNftables } from '@menwei/testing/backends/nftables/laws.ts';
import { FakeRelays } from '@menwei/testing/backends/userspace/fake-relays.ts';
import { openBackend as openUserspace } from '@menwei/testing/backends/userspace/laws.ts';
import { FakeIpSets } from '@menwei/testing/kernel/ip-set.ts';
import { FakeIptables } from '@menwei/testing/kernel/iptables.ts';
import { FakeIpvs } from '@menwei/testing/kernel/ipvs.ts';
import { FakeLinks } from '@menwei/testing/kernel/links.ts';
import { FakeNfTables } from '@menwei/testing/kernel/nf-tables.ts';
import { aHealthCheck, aNodeView, aService, aSlice } from '@menwei/testing/services/testing.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { endpointMaps } from '../backends/nftables/names.ts';
import { DEFAULT_BALANCING } from '../kubernetes/objects.ts';
import { silentLogger } from '../log/logger.ts';
import { type HealthState, healthKey } from '../state/endpoint-health.ts';
import { State } from '../state/state.ts';
import { FamilyProxy } from './family-proxy.ts';
import type { Syncable } from './syncable.ts';

const SLOW = { ...DEFAULT_BALANCING, slowStartMs: 10_000 };
const signal = new AbortController().signal;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

interface Bench {
  readonly state: State;
  readonly proxy: Syncable;
  /** Parts of the connections by endpoint, in whatever unit. */
  readonly shares: () => Promise<Readonly<Record<string, number>>>;
}

function options() {
  const state = new State('node-a');
  state.objects.put(aService({ balancing: SLOW }));
  return { state, startedAtMs: 0, nodeView: () => aNodeView(), logger: silentLogger };
}

function overNftables(): Bench {
  const settings = options();
  const kernel = new FakeNfTables();
  const proxy = new FamilyProxy({ ...settings, backend: openNftables(kernel, 'IPv4') });
  const shares = async () => {
    const table = { family: tableFamily('IPv4'), name: 'menwei' };
    const { content } = await kernel.observe(table, signal);
    const counts: Record<string, number> = {};
    for (const map of endpointMaps('ip')) {
      for (const { data = '' } of content?.elements.get(map)?.values() ?? []) {
        const ip = [...data.slice(0, 4)].map((byte) => byte.charCodeAt(0)).join('.');
        counts[ip] = (counts[ip] ?? 0) + 1;
      }
    }
    return counts;
  };
  return { state: settings.state, proxy, shares };
}

function overIpvs(): Bench {
  const settings = options();
  const ipvs = new FakeIpvs();
  const tools = new FakeIptables({ family: 'IPv4', hasSet: () => true });
  const kernel = { tools, sets: new FakeIpSets(), ipvs, links: new FakeLinks() };
  const proxy = new FamilyProxy({
    ...settings,
    backend: openIpvs(kernel, 'IPv4', { watchPeriodMs: 60_000 }),
  });
  const shares = async () => {
    const held = [...(ipvs.dump().get('TCP 172.30.0.1:80')?.destinations.values() ?? [])];
    return Object.fromEntries(held.map(({ ip, weight }) => [ip, weight / 10]));
  };
  return { state: settings.state, proxy, shares };
}

function overUserspace(): Bench {
  const settings = options();
  const relays = new FakeRelays();
  const kernel = { tools: new FakeIptables({ family: 'IPv4' }), relays };
  const proxy = new FamilyProxy({ ...settings, backend: openUserspace(kernel, 'IPv4') });
  const shares = async () => {
    const listeners = [...relays.observe().values()].flatMap((relay) => relay.listeners);
    return Object.fromEntries(
      listeners.flatMap(({ endpoints }) => endpoints.map(({ ip, turns = 1 }) => [ip, turns])),
    );
  };
  return { state: settings.state, proxy, shares };
}

describe.each([
  ['userspace', overUserspace],
  ['nftables', overNftables],
  ['ipvs', overIpvs],
])('slow start in %s mode', (_mode, open) => {
  it('gives a newcomer more and more, and has nothing to do after that', async () => {
    const { state, proxy, shares } = open();
    state.objects.put(aSlice({ endpoints: ['10.0.0.1', '10.0.0.2'] }));
    expect(await proxy.sync(signal)).toMatchObject({ retryInMs: undefined });
    expect(await shares()).toEqual({ '10.0.0.1': 10, '10.0.0.2': 10 });
    state.objects.put(aSlice({ endpoints: ['10.0.0.1', '10.0.0.2', '10.0.0.3'] }));
    let { retryInMs } = await proxy.sync(signal);
    const grown: number[] = [];
    for (let looks = 0; looks < 20; looks++) {
      const { '10.0.0.3': newcomer = 0, ...others } = await shares();
      expect(Math.min(...Object.values(others))).toBeGreaterThanOrEqual(10);
      grown.push(newcomer);
      if (retryInMs === undefined) break;
      vi.advanceTimersByTime(Math.ceil(retryInMs));
      const result = await proxy.sync(signal);
      expect(result).toMatchObject({ ok: true, complete: false, changedServicePorts: 0 });
      retryInMs = result.retryInMs;
    }
    expect(grown).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('goes on where it was after somebody meddled', async () => {
    const { state, proxy, shares } = open();
    state.objects.put(aSlice({ endpoints: ['10.0.0.1'] }));
    await proxy.sync(signal);
    state.objects.put(aSlice({ endpoints: ['10.0.0.1', '10.0.0.2'] }));
    await proxy.sync(signal);
    vi.advanceTimersByTime(5_000);
    proxy.forgetKernel();
    expect(await proxy.sync(signal)).toMatchObject({ ok: true, complete: true, retryInMs: 1_000 });
    expect(await shares()).toMatchObject({ '10.0.0.2': 5 });
  });

  it('begins when checks find an endpoint up again', async () => {
    const { state, proxy, shares } = open();
    state.objects.put(aService({ healthCheck: aHealthCheck(), balancing: SLOW }));
    state.objects.put(aSlice({ endpoints: ['10.0.0.1', '10.0.0.2', '10.0.0.3'] }));
    const find = async (checked: HealthState) => {
      const row = { port: 'ns/web/TCP', endpoint: '10.0.0.3:8080', state: checked } as const;
      const { health } = state.families.IPv4;
      health.put(healthKey(row.port, row.endpoint), {
        ...row,
        ...{ sinceMs: 0, result: 'timeout', detail: '', checkers: [] },
      });
      const { retryInMs } = await proxy.sync(signal);
      return [retryInMs, await shares()];
    };
    const others = { '10.0.0.1': 10, '10.0.0.2': 10 };
    expect(await find('unknown')).toEqual([undefined, { ...others, '10.0.0.3': 10 }]);
    expect(await find('down')).toEqual([undefined, others]);
    expect(await find('recovering')).toEqual([undefined, others]);
    expect(await find('up')).toMatchObject([2_000, { '10.0.0.3': 1 }]);
  });
});
