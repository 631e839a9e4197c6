import { KernelError } from '@menwei/netlink';
import { openBackend } from '@menwei/testing/backends/iptables/laws.ts';
import { anEntry, FakeConntrackTable } from '@menwei/testing/conntrack/testing.ts';
import { FakeIptables } from '@menwei/testing/kernel/iptables.ts';
import { aNodeView, aService, aSlice } from '@menwei/testing/services/testing.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../log/logger.ts';
import { FamilyProxy } from '../proxy/family-proxy.ts';
import type { Destination } from '../state/service-port.ts';
import { State } from '../state/state.ts';
import { ConntrackCleaner } from './cleaner.ts';
import { ConntrackCleaning } from './conntrack-cleaning.ts';

const REFUSED = new KernelError({ operation: 'iptables restore', object: '', detail: 'no such luck' });
const dns = aService({ name: 'dns', ports: [{ protocol: 'UDP', port: 53 }] });
const pods = (...endpoints: readonly string[]) =>
  aSlice({ name: 'dns-1', serviceName: 'dns', ports: [{ protocol: 'UDP', port: 5353 }], endpoints });
const TO_A = anEntry('172.30.0.1:53 → 10.0.0.1:5353');
const TO_B = anEntry('172.30.0.1:53 → 10.0.0.2:5353');

const stops: AbortController[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
  vi.useRealTimers();
});

/** A family's proxy over a fake kernel, whose conntrack entries are cleaned. */
function open(destinations?: () => readonly Destination[]) {
  const fake = new FakeIptables({ family: 'IPv4' });
  const table = new FakeConntrackTable();
  const state = new State('node-a');
  const { objects } = state;
  const cleaning = new ConntrackCleaning({
    family: 'IPv4',
    kind: 'lasting',
    tables: state.families.IPv4,
    table,
    nodeView: () => aNodeView(),
    localAddresses: () => [],
    logger: silentLogger,
  });
  const backend = openBackend(fake, 'IPv4');
  const plan = backend.plan.bind(backend);
  vi.spyOn(backend, 'plan').mockImplementation(() => Object.assign(plan(), destinations && { destinations }));
  const nodeView = () => aNodeView();
  const proxy = new FamilyProxy({ backend, state, startedAtMs: 0, nodeView, logger: silentLogger });
  const begin = () => {
    const stop = new AbortController();
    stops.push(stop);
    return { stop, ended: cleaning.run(stop.signal) };
  };
  const { stop, ended } = begin();
  const sync = () => proxy.sync(new AbortController().signal);
  return { fake, table, state, objects, backend, sync, stop, ended, begin };
}

async function openWithEntries() {
  const opened = open();
  opened.state.objects.put(dns);
  opened.state.objects.put(pods('10.0.0.1', '10.0.0.2'));
  await opened.sync();
  await vi.waitFor(() => expect(opened.table.filters).toHaveLength(1));
  opened.table.entries = [TO_A, TO_B];
  return opened;
}

describe('entries', () => {
  it('are deleted after the sync that made them stale', async () => {
    const { table, objects, sync } = await openWithEntries();
    objects.put(pods('10.0.0.1'));
    expect(table.entries).toEqual([TO_A, TO_B]);
    await sync();
    await vi.waitFor(() => expect(table.entries).toEqual([TO_A]));
  });

  it('that a node has listed are deleted where they lead to what is gone', async () => {
    const { table, objects, sync } = await openWithEntries();
    table.entries = FakeConntrackTable.fromDump(`
udp      17 29 src=10.9.0.7 dst=172.30.0.1 sport=40001 dport=53 src=10.0.0.1 dst=10.9.0.7 sport=5353 dport=40001 mark=0 use=1
udp      17 9 src=10.9.0.8 dst=172.30.0.1 sport=40002 dport=53 [UNREPLIED] src=10.0.0.2 dst=10.9.0.8 sport=5353 dport=40002 mark=0 use=1
tcp      6 431999 ESTABLISHED src=10.9.0.7 dst=172.30.0.1 sport=40003 dport=53 src=10.0.0.2 dst=10.9.0.7 sport=5353 dport=40003 [ASSURED] mark=0 use=1
`).entries;
    objects.put(pods('10.0.0.1'));
    await sync();
    await vi.waitFor(() => expect(table.entries).toEqual([TO_A, { ...TO_B, protocol: 'TCP' }]));
  });

  it('are not deleted while the kernel has the old rules, and then as the last sync has it', async () => {
    const { fake, table, objects, sync } = await openWithEntries();
    objects.put(pods('10.0.0.1'));
    vi.spyOn(fake, 'restore').mockRejectedValueOnce(REFUSED);
    expect(await sync()).toMatchObject({ ok: false });
    objects.delete({ kind: 'Service', namespace: 'ns', name: 'dns' });
    expect(table.entries).toEqual([TO_A, TO_B]);
    expect(await sync()).toMatchObject({ ok: true });
    await vi.waitFor(() => expect(table.entries).toEqual([]));
  });

  it('of a service port that could not be compiled live', async () => {
    const { backend, state, table, objects, sync } = await openWithEntries();
    const applied = state.families.IPv4.applied.reader();
    applied.take();
    const compile = backend.compile.bind(backend);
    const broken = vi.spyOn(backend, 'compile').mockImplementation(() => {
      throw new Error('BUG: no way');
    });
    objects.put(pods('10.0.0.1'));
    await sync();
    expect(applied.take()).toEqual([]);
    broken.mockImplementation(compile);
    objects.put(pods('10.0.0.2'));
    await sync();
    await vi.waitFor(() => expect(table.entries).toEqual([TO_B]));
  });

  it('are led where the mode says, whichever the endpoints are', async () => {
    let destination = { ip: '192.0.2.1', port: 40_001 };
    const { table, objects, sync } = open(() => [destination]);
    objects.put(dns);
    objects.put(pods('10.0.0.1', '10.0.0.2'));
    await sync();
    await vi.waitFor(() => expect(table.filters).toHaveLength(1));
    const led = anEntry('172.30.0.1:53 → 192.0.2.1:40001');
    table.entries = [led];
    objects.put(pods('10.0.0.3'));
    await sync();
    objects.put(pods('10.0.0.2'));
    destination = { ip: '192.0.2.1', port: 40_002 };
    expect(table.entries).toEqual([led]);
    await sync();
    await vi.waitFor(() => expect(table.entries).toEqual([]));
  });

  it('are deleted after the next sync when a mistake of the program came in between', async () => {
    const { table, objects, sync } = await openWithEntries();
    vi.spyOn(ConntrackCleaner.prototype, 'note').mockImplementationOnce(() => {
      throw new Error('BUG: no way');
    });
    objects.put(pods('10.0.0.1'));
    expect(await sync()).toMatchObject({ ok: true });
    expect(table.entries).toEqual([TO_A, TO_B]);
    await sync();
    await vi.waitFor(() => expect(table.entries).toEqual([TO_A]));
  });

  it('to an endpoint that came and went while others were being deleted are deleted too', async () => {
    const { table, objects, sync } = await openWithEntries();
    for (const endpoints of [['10.0.0.1', '10.0.0.3'], ['10.0.0.1']]) {
      objects.put(pods(...endpoints));
      await sync();
    }
    table.entries = [TO_A, anEntry('172.30.0.1:53 → 10.0.0.3:5353')];
    await vi.waitFor(() => expect(table.entries).toEqual([TO_A]));
  });

  it('are all looked at when the leftovers of another proxy were removed', async () => {
    const { table, state } = await openWithEntries();
    state.families.IPv4.removals.put('IPv4', { removedAtMs: 1 });
    await vi.waitFor(() => expect(table.filters.length).toBeGreaterThan(1));
  });

  it('that could not be deleted are deleted a second later', async () => {
    const { table, objects, sync } = await openWithEntries();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    table.failure = REFUSED;
    objects.put(pods('10.0.0.1'));
    await sync();
    await vi.advanceTimersByTimeAsync(900);
    expect(table.entries).toEqual([TO_A, TO_B]);
    await vi.advanceTimersByTimeAsync(200);
    expect(table.entries).toEqual([TO_A]);
  });

  it.each([
    ['when they were cleaned before', undefined],
    ['when that could not be done', REFUSED],
  ])(
    'that became stale while nobody cleaned are deleted when somebody does again: %s',
    async (_title, failure) => {
      const { table, objects, sync, stop, ended, begin } = await openWithEntries();
      table.failure = failure;
      objects.put(pods('10.0.0.1', '10.0.0.2', '10.0.0.3'));
      await sync();
      stop.abort();
      await ended;
      table.failure = undefined;
      objects.delete({ kind: 'Service', namespace: 'ns', name: 'dns' });
      await sync();
      expect(table.entries).toEqual([TO_A, TO_B]);
      begin();
      await vi.waitFor(() => expect(table.entries).toEqual([]));
    },
  );

  it('are left alone when the proxy ends', async () => {
    const { stop, ended } = open();
    stop.abort();
    await expect(ended).resolves.toBeUndefined();
  });
});
