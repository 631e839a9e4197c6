import { KernelError } from '@menwei/netlink';
import { openBackend } from '@menwei/testing/backends/iptables/laws.ts';
import { FakeIptables } from '@menwei/testing/kernel/iptables.ts';
import { keepMessages } from '@menwei/testing/proxy/kept-messages.ts';
import { runFamilies } from '@menwei/testing/proxy/run-families.ts';
import { aNode, aNodeView, aService, aSlice } from '@menwei/testing/services/testing.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProxyHealth } from '../health/proxy-health.ts';
import type { NodeView } from '../services/node-view.ts';
import { State } from '../state/state.ts';
import { dryRun } from './dry-run.ts';
import { FamilyProxy } from './family-proxy.ts';
import { ServiceProxy } from './service-proxy.ts';

const SYNC_PERIOD_MS = 30_000;
const GRACE_MS = 30_000;
const WATCH_PERIOD_MS = 20;
const REFUSED = new KernelError({ operation: 'iptables restore', object: 'line 7', detail: 'no such luck' });

const web = aService({ name: 'web' });
const webPods = aSlice({ name: 'web-1', serviceName: 'web', endpoints: ['10.0.0.1'] });
const ownNode = aNode({ zone: 'a', addresses: ['192.168.0.2'] });

interface OpenOptions {
  readonly minSyncPeriodMs?: number;
  readonly nodeGraceMs?: number;
  readonly dryRun?: boolean;
  readonly watchPeriodMs?: number;
}

const stops: AbortController[] = [];

/**
 * A whole proxy over a fake kernel, running, and what it says. The watch keeps the machine's time, also where a test makes
 * its own: so it does not look at the kernel unless told to.
 */
function open({
  minSyncPeriodMs = 1_000,
  nodeGraceMs = 0,
  dryRun: isDryRun = false,
  watchPeriodMs = 3_600_000,
}: OpenOptions = {}) {
  const fake = new FakeIptables();
  const printed: string[] = [];
  const log: string[] = [];
  const logger = keepMessages(log);
  const backend = openBackend(fake, 'IPv4', { logger, watchPeriodMs });
  const state = new State('node-a');
  const { objects } = state;
  const node = () => [...objects.nodes.rows.values()][0];
  let nodePortAddresses: NodeView['nodePortAddresses'] = 'all';
  const health = new ProxyHealth(2 * SYNC_PERIOD_MS);
  const family = new FamilyProxy({
    backend: isDryRun ? dryRun(backend, (text) => printed.push(text)) : backend,
    state,
    startedAtMs: 0,
    nodeView: () => aNodeView({ zone: node()?.zone ?? '', nodePortAddresses }),
    logger,
  });
  const proxy = new ServiceProxy({
    families: [family],
    state,
    health,
    logger,
    periods: () => ({ minSyncPeriodMs, syncPeriodMs: SYNC_PERIOD_MS }),
    nodeGraceMs,
  });
  const stop = new AbortController();
  stops.push(stop);
  return {
    fake,
    proxy,
    objects,
    synced: () => objects.syncedSources.put('test', { sinceMs: Date.now() }),
    health,
    log,
    printed,
    zone: () => node()?.zone ?? '',
    acceptNodePortsOn: (ips: readonly string[]) => {
      nodePortAddresses = ips;
    },
    ended: runFamilies(proxy, ['IPv4'], logger, stop.signal),
    stop: () => stop.abort(),
    restores: () => fake.operations.filter(({ verb }) => verb === 'restore').length,
    state: () =>
      Object.fromEntries(
        Array.from(state.families.IPv4.status.rows.values(), (row) => [row.servicePort, row.state]),
      ),
  };
}

/** Lets time pass; what is due happens. A sync takes no time, so it does not let others have a turn of the event loop. */
async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000, toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
});
afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
  vi.useRealTimers();
});

describe('the first sync', () => {
  it('waits until everything that exists is known', async () => {
    const { fake, objects, synced } = open();
    objects.put(web);
    objects.put(webPods);
    await pass(3_600_000);
    expect(fake.operations).toEqual([]);
    synced();
    await pass(0);
    expect(fake.dump()).toContain('ns/web -> 10.0.0.1:8080');
  });

  it('happens without any object as well', async () => {
    const { fake, synced } = open();
    synced();
    await pass(0);
    expect(fake.dump()).toContain(':KUBE-SERVICES');
  });

  it('does not wait for ServiceCIDRs, nor do they bring it forward', async () => {
    const { fake, objects, synced } = open({ nodeGraceMs: GRACE_MS });
    objects.put({ kind: 'ServiceCIDR', namespace: '', name: 'kubernetes', cidrs: ['172.30.0.0/16'] });
    synced();
    await pass(GRACE_MS - 1);
    expect(fake.operations).toEqual([]);
    objects.put(ownNode);
    await pass(0);
    expect(fake.dump()).toContain(':KUBE-SERVICES');
  });

  it('waits for the own Node', async () => {
    const { fake, zone, objects, synced } = open({ nodeGraceMs: GRACE_MS });
    objects.put(web);
    synced();
    await pass(GRACE_MS - 1);
    expect(fake.operations).toEqual([]);
    objects.put(ownNode);
    await pass(0);
    expect(zone()).toBe('a');
    expect(fake.dump()).toContain('ns/web has no endpoints');
  });

  it('does not wait for a Node that was there before the rest', async () => {
    const { fake, objects, synced } = open({ nodeGraceMs: GRACE_MS });
    objects.put(ownNode);
    expect(fake.operations).toEqual([]);
    synced();
    await pass(0);
    expect(fake.dump()).toContain(':KUBE-SERVICES');
  });

  it('goes on without a Node after the grace, and says so', async () => {
    const { fake, log, synced } = open({ nodeGraceMs: GRACE_MS });
    synced();
    await pass(GRACE_MS);
    expect(log).toContain('Node object of this node not found; continuing without it');
    expect(fake.dump()).toContain(':KUBE-SERVICES');
  });

  it('is repeated until it succeeds', async () => {
    const { fake, restores, state, objects, synced } = open();
    vi.spyOn(fake, 'save').mockRejectedValueOnce(REFUSED).mockRejectedValueOnce(REFUSED);
    objects.put(web);
    synced();
    await pass(0);
    expect(state()).toEqual({ 'ns/web/TCP': 'error' });
    await pass(1_000);
    expect(restores()).toBe(0);
    await pass(2_000);
    expect(restores()).toBe(1);
    expect(state()).toEqual({ 'ns/web/TCP': 'programmed' });
  });
});

describe('events', () => {
  async function openSynced(options: OpenOptions = {}) {
    const opened = open(options);
    opened.objects.put(web);
    opened.objects.put(webPods);
    opened.synced();
    await pass(5_000);
    opened.fake.operations.length = 0;
    opened.log.length = 0;
    return opened;
  }

  it('are programmed at once, then at the pace of the shortest interval', async () => {
    const { fake, restores, objects } = await openSynced();
    for (const ip of ['10.0.0.2', '10.0.0.3', '10.0.0.4']) {
      objects.put(aSlice({ name: 'web-1', serviceName: 'web', endpoints: [ip] }));
      await pass(10);
    }
    expect(restores()).toBe(1);
    await pass(1_000);
    expect(restores()).toBe(2);
    expect(fake.dump()).toContain('10.0.0.4:8080');
    expect(fake.dump()).not.toContain('10.0.0.2:8080');
  });

  it('that change nothing cause nothing', async () => {
    const { fake, log, objects } = await openSynced();
    objects.put(structuredClone(webPods));
    objects.put(structuredClone(web));
    objects.delete({ kind: 'Service', namespace: 'ns', name: 'unknown' });
    objects.delete({ kind: 'EndpointSlice', namespace: 'ns', name: 'unknown' });
    await pass(20_000);
    expect(fake.operations.filter(({ verb }) => verb === 'restore' || verb === 'save')).toEqual([]);
    expect(log).toEqual([]);
  });

  it('that remove objects take their rules away', async () => {
    const { fake, objects } = await openSynced();
    objects.delete(webPods);
    await pass(1_000);
    expect(fake.dump()).toContain('ns/web has no endpoints');
    objects.delete(web);
    await pass(1_000);
    expect(fake.dump()).not.toContain('ns/web');
  });

  it('of a deleted Node are told', async () => {
    const { log, objects } = await openSynced();
    objects.put(ownNode);
    objects.delete(ownNode);
    await pass(1_000);
    expect(log).toContain('Node object of this node was deleted; keeping the last known one');
  });

  it('of the Nodes of others concern nobody', async () => {
    const { log, objects, restores } = await openSynced();
    const before = restores();
    const other = { ...ownNode, name: 'node-b', zone: 'b' };
    objects.put(other);
    objects.delete(other);
    await pass(5_000);
    expect(restores()).toBe(before);
    expect(log).not.toContain('Node object of this node was deleted; keeping the last known one');
  });

  it('of the node that come from elsewhere are synced too', async () => {
    const { proxy, fake, acceptNodePortsOn } = await openSynced();
    acceptNodePortsOn(['192.168.0.2']);
    await pass(5_000);
    expect(fake.dump()).not.toContain('192.168.0.2');
    proxy.nodeChanged();
    await pass(0);
    expect(fake.dump()).toMatch(/-d 192\.168\.0\.2(\/32)? .*-j KUBE-NODEPORTS/);
  });

  it('of ServiceCIDRs are synced at once, which changes nothing in this mode', async () => {
    const { fake, log, objects } = await openSynced();
    const ref = { kind: 'ServiceCIDR', namespace: '', name: 'kubernetes' } as const;
    objects.put({ ...ref, cidrs: ['172.30.0.0/16', 'fd00:30::/112'] });
    await pass(0);
    expect(log).toEqual(['partial sync complete']);
    await pass(1_000);
    objects.delete(ref);
    await pass(0);
    expect(log).toEqual(['partial sync complete', 'partial sync complete']);
    expect(fake.operations.filter(({ verb }) => verb !== 'list')).toEqual([]);
  });

  it('end with the signal, and the kernel keeps its rules', async () => {
    const { fake, stop, ended, objects } = await openSynced();
    const before = fake.dump();
    stop();
    await pass(0);
    await ended;
    objects.delete(web);
    await pass(3_600_000);
    expect(fake.dump()).toBe(before);
  });
});

describe('somebody else', () => {
  const WATCHED = { minSyncPeriodMs: 0, watchPeriodMs: WATCH_PERIOD_MS };

  beforeEach(() => {
    vi.useRealTimers();
  });

  it.each([
    [
      'wipes all tables',
      (fake: FakeIptables) => fake.wipe(),
      /filter .+, nat .+, mangle .+ and \d+ more chains/,
    ],
    [
      'flushes nat and leaves the chains',
      (fake: FakeIptables) => fake.meddle('*nat\n-F\nCOMMIT\n'),
      /nat .+ and \d+ more chains/,
    ],
    ['wipes mangle', (fake: FakeIptables) => fake.wipe('mangle'), /mangle KUBE-PROXY-CANARY/],
  ])(
    '%s: it is noticed, repaired and told, and the health does not suffer',
    async (_what, meddle, chains) => {
      const { fake, log, health, objects, synced } = open(WATCHED);
      objects.put(web);
      objects.put(webPods);
      synced();
      await vi.waitFor(() => expect(fake.dump().match(/:KUBE-PROXY-CANARY/g)).toHaveLength(3));
      const before = fake.dump();
      meddle(fake);
      expect(fake.dump()).not.toBe(before);
      await vi.waitFor(() => expect(fake.dump()).toBe(before));
      const told = new RegExp(
        `^drift: another program changed iptables rules in ${chains.source}; resyncing$`,
      );
      expect(log).toContainEqual(expect.stringMatching(told));
      await vi.waitFor(() =>
        expect(log.filter((message) => message === 'full sync complete')).toHaveLength(2),
      );
      expect(health.healthy(Date.now() + 10 * SYNC_PERIOD_MS)).toBe(true);
    },
  );

  it('is not suspected of what was not yet there', async () => {
    const { fake, log, synced } = open(WATCHED);
    await new Promise((resolve) => setTimeout(resolve, 5 * WATCH_PERIOD_MS));
    expect(fake.operations).toEqual([]);
    synced();
    await new Promise((resolve) => setTimeout(resolve, 5 * WATCH_PERIOD_MS));
    expect(log).toEqual(['full sync complete']);
  });

  it('is not suspected when the tools fail', async () => {
    const { fake, log, synced } = open(WATCHED);
    synced();
    await vi.waitFor(() => expect(fake.dump()).toContain(':KUBE-PROXY-CANARY'));
    vi.spyOn(fake, 'list').mockRejectedValueOnce(REFUSED).mockRejectedValueOnce(REFUSED);
    const failed = 'checking the iptables rules for drift failed';
    await vi.waitFor(() => expect(log).toEqual(['full sync complete', failed, failed]));
    await new Promise((resolve) => setTimeout(resolve, 5 * WATCH_PERIOD_MS));
    expect(log).toHaveLength(3);
  });
});

describe('health', () => {
  it('ends only when syncs fail for the whole timeout, and comes back with the first that succeeds', async () => {
    const { fake, health, objects, synced } = open();
    synced();
    await pass(5_000);
    const restore = vi.spyOn(fake, 'restore').mockRejectedValue(REFUSED);
    const failingSinceMs = Date.now();
    objects.put(web);
    await pass(2 * SYNC_PERIOD_MS - 1);
    expect(health.healthy(Date.now())).toBe(true);
    await pass(1);
    expect(health.healthy(Date.now())).toBe(false);
    expect(health.healthy(failingSinceMs)).toBe(true);
    restore.mockRestore();
    await pass(SYNC_PERIOD_MS + 1_000);
    expect(health.healthy(Date.now())).toBe(true);
  });

  it('does not suffer from having nothing to do', async () => {
    const { health, synced } = open();
    synced();
    await pass(10 * SYNC_PERIOD_MS);
    expect(health.healthy(Date.now())).toBe(true);
  });
});

describe('a dry run', () => {
  it('prints what it would do, does nothing, and takes it for done', async () => {
    const { fake, printed, state, objects, synced } = open({ dryRun: true });
    const before = fake.dump();
    objects.put(web);
    objects.put(webPods);
    synced();
    await pass(5_000);
    expect(printed).toHaveLength(1);
    expect(printed[0]).toMatch(/^# dry run: IPv4\n\*filter\n(.*\n)+COMMIT\n\*nat\n(.*\n)+COMMIT\n$/);
    expect(state()).toEqual({ 'ns/web/TCP': 'programmed' });

    objects.delete(web);
    await pass(5_000);
    expect(printed).toHaveLength(2);
    expect(printed[1]).not.toContain('ns/web');
    expect(printed[1]).toContain('-X KUBE-SVC-');
    expect(fake.dump()).toBe(before);
    expect(new Set(fake.operations.map(({ verb }) => verb))).toEqual(new Set(['save']));
  });
});
