import { FakeCluster } from '@menwei/testing/announce/cluster.ts';
import { SegmentHost } from '@menwei/testing/announce/segment-host.ts';
import { aNode } from '@menwei/testing/services/testing.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const VIP = '192.0.2.100';

describe('nodes that announce', () => {
  let cluster: FakeCluster;

  beforeEach(() => {
    vi.useFakeTimers({ now: 1_700_000_000_000 });
    cluster = new FakeCluster();
  });
  afterEach(() => {
    cluster[Symbol.dispose]();
    vi.useRealTimers();
  });

  async function pass(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
  }

  /** Three nodes, of which node-3 comes first for the address, and then node-1. */
  async function started(...addresses: readonly string[]): Promise<void> {
    for (const name of ['node-1', 'node-2', 'node-3']) cluster.add(name);
    cluster.serve('web', addresses.length === 0 ? [VIP] : addresses);
    await pass(2_000);
  }

  /** How long nobody answers, in steps of 10 ms; undefined: longer than that. */
  async function silentFor(longestMs: number): Promise<number | undefined> {
    for (let ms = 0; ms <= longestMs; ms += 10) {
      if (cluster.answering(VIP).length > 0) return ms;
      await pass(10);
    }
    return undefined;
  }

  it('answer for an address, one of them, and all know which', async () => {
    await started();
    expect(cluster.answering(VIP)).toEqual(['node-3']);
    for (const { announcer } of cluster.nodes.values()) {
      expect(announcer.election.decisions.get(VIP)?.owner?.name).toBe('node-3');
    }
    expect(cluster.api.lease('node-3')?.annotations['menwei.dev/owns']).toContain(VIP);
  });

  it('take over from one that was killed when its Lease has expired, and give nothing back', async () => {
    await started();
    cluster.nodes.get('node-3')?.kill();
    const ms = await silentFor(8_000);
    expect(ms).toBeGreaterThan(4_000);
    expect(cluster.answering(VIP)).toEqual(['node-1']);
    cluster.add('node-3');
    await pass(10_000);
    expect(cluster.answering(VIP)).toEqual(['node-1']);
  });

  it('ask before they answer again after they did not run for a while', async () => {
    await started();
    cluster.nodes.get('node-3')?.station.standStill(3_000);
    await pass(1_000);
    expect(cluster.answering(VIP)).toEqual(['node-3']);
    const asker = new SegmentHost(cluster.segment, 'asker', { mac: '02:00:00:00:00:aa' });
    cluster.nodes.get('node-3')?.station.standStill(8_000);
    asker.ask(VIP);
    await pass(1);
    expect(asker.heard.filter((message) => 'senderIp' in message && message.senderIp === VIP)).toEqual([]);
    expect(await silentFor(2_000)).toBeGreaterThanOrEqual(500);
    expect(cluster.answering(VIP)).toHaveLength(1);
  });

  it('ask before they take what old news says is theirs after they did not run for a while', async () => {
    await started();
    const behind = cluster.nodes.get('node-1');
    behind?.cutFromApi();
    behind?.station.standStill(8_000);
    await pass(1_000);
    cluster.api.put(aNode({ name: 'node-3', taintKeys: ['ToBeDeletedByClusterAutoscaler'] }));
    behind?.healApi();
    await pass(1);
    expect(behind?.answers(VIP)).toBe(false);
    await pass(5_000);
    expect(cluster.answering(VIP)).toEqual(['node-1']);
  });

  it('take over at once from one that stops, which answers until then', async () => {
    await started();
    cluster.nodes.get('node-3')?.stop();
    for (let ms = 0; ms < 200; ms += 1) {
      await pass(1);
      expect(cluster.answering(VIP).length).toBeGreaterThan(0);
    }
    expect(cluster.answering(VIP)).toEqual(['node-1']);
    await pass(2_500);
    expect(cluster.api.lease('node-3')?.holderIdentity).toBe('');
  });

  it.each([
    ['is deleted', aNode({ name: 'node-3', deleting: true })],
    [
      'has the taint of the autoscaler',
      aNode({ name: 'node-3', taintKeys: ['ToBeDeletedByClusterAutoscaler'] }),
    ],
    [
      'is excluded',
      aNode({
        name: 'node-3',
        labels: new Map([['node.kubernetes.io/exclude-from-external-load-balancers', '']]),
      }),
    ],
  ])('take over at once from a node that %s', async (_what, node) => {
    await started();
    cluster.api.put(node);
    await pass(50);
    expect(cluster.answering(VIP)).toEqual(['node-1']);
  });

  it('leave the address with a node that is not Ready', async () => {
    await started();
    cluster.api.put(aNode({ name: 'node-3', isReady: false }));
    await pass(1_000);
    expect(cluster.answering(VIP)).toEqual(['node-3']);
  });

  it('take over when an interface loses its carrier', async () => {
    await started();
    cluster.nodes.get('node-3')?.station.wire.change({ unusable: 'it has no carrier' });
    await pass(50);
    expect(cluster.answering(VIP)).toEqual(['node-1']);
  });

  it('wait for the proxy, and leave the address to another node when it does not come', async () => {
    for (const name of ['node-1', 'node-2', 'node-3']) cluster.add(name);
    cluster.nodes.get('node-3')?.unprogrammed.add('ns/web');
    cluster.serve('web', [VIP]);
    await pass(1_900);
    expect(cluster.answering(VIP)).toEqual([]);
    await pass(2_000);
    expect(cluster.answering(VIP)).toEqual(['node-1']);
    cluster.nodes.get('node-3')?.unprogrammed.clear();
    cluster.nodes.get('node-3')?.programmedChanged();
    await pass(5_000);
    expect(cluster.answering(VIP)).toEqual(['node-1']);
    expect(cluster.api.lease('node-3')?.annotations['menwei.dev/declines']).toBeUndefined();
  });

  it('withdraw an address without endpoints, and announce it again', async () => {
    await started();
    cluster.serveFrom('web');
    await pass(20);
    expect(cluster.answering(VIP)).toEqual([]);
    cluster.serveFrom('web', 'node-1');
    await pass(1_000);
    expect(cluster.answering(VIP)).toHaveLength(1);
  });

  it('leave addresses alone while the owner is restarted', async () => {
    cluster.add('node-1');
    cluster.add('node-3', { restartGraceMs: 10_000 });
    cluster.serve('web', [VIP]);
    await pass(2_000);
    const first = cluster.nodes.get('node-3');
    const since = cluster.api.lease('node-3')?.annotations['menwei.dev/owns'];
    first?.stop();
    await pass(100);
    expect(cluster.answering(VIP)).toEqual([]);
    first?.kill();
    await pass(7_000);
    cluster.add('node-3');
    await pass(2_000);
    expect(cluster.answering(VIP)).toEqual(['node-3']);
    expect(cluster.api.lease('node-3')?.annotations['menwei.dev/owns']).toBe(since);
  });

  it('give an address up when they are asked to, to the node that comes first, and answer until that does', async () => {
    await started();
    cluster.nodes.get('node-3')?.stop();
    await pass(3_000);
    cluster.nodes.get('node-3')?.kill();
    cluster.add('node-3');
    await pass(3_000);
    expect(cluster.answering(VIP)).toEqual(['node-1']);
    cluster.api.annotateLease('node-1', { 'menwei.dev/give-up': VIP });
    for (let ms = 0; ms < 200; ms += 1) {
      await pass(1);
      expect(cluster.answering(VIP).length).toBeGreaterThan(0);
    }
    expect(cluster.answering(VIP)).toEqual(['node-3']);
    await pass(1_000);
    expect(cluster.api.lease('node-1')?.annotations['menwei.dev/give-up']).toBeUndefined();
    // Who comes first keeps it, and says so.
    cluster.api.annotateLease('node-3', { 'menwei.dev/give-up': `${VIP} nonsense` });
    await pass(1_000);
    expect(cluster.answering(VIP)).toEqual(['node-3']);
    expect(cluster.api.lease('node-3')?.annotations['menwei.dev/give-up']).toBeUndefined();
    expect(cluster.api.lease('node-3')?.annotations['menwei.dev/owns']).toContain(VIP);
  });

  it('take over both families together', async () => {
    await started(VIP, '2001:db8::100');
    const answering = () => [cluster.answering(VIP), cluster.answering('2001:db8::100')];
    expect(answering()).toEqual([['node-3'], ['node-3']]);
    cluster.nodes.get('node-3')?.stop();
    await pass(100);
    expect(answering()).toEqual([['node-1'], ['node-1']]);
  });

  it('wait for another program of a node to end, and keep the address for the Service', async () => {
    const mac = '02:00:00:00:09:01';
    using host = new SegmentHost(cluster.segment, 'node-9', { mac, ips: ['192.0.2.77', VIP] });
    cluster.api.put(aNode({ name: 'node-9', internalIPs: ['192.0.2.77'] }));
    await started();
    await pass(30_000);
    const conflicts = () =>
      [...cluster.nodes.keys()].map((node) => cluster.api.lease(node)?.annotations['menwei.dev/conflicts']);
    expect(cluster.answering(VIP)).toEqual([]);
    expect(conflicts()).toEqual([undefined, undefined, undefined]);
    expect(cluster.told.filter(({ what }) => what === 'inUse')).toEqual([]);
    host.ips.delete(VIP);
    expect(await silentFor(5_000)).toBeLessThan(4_000);
    expect(cluster.answering(VIP)).toEqual(['node-3']);
  });

  it('tell of a foreign machine that has the address', async () => {
    using _ = new SegmentHost(cluster.segment, 'stranger', { mac: '02:00:00:00:09:02', ips: [VIP] });
    cluster.api.put(aNode({ name: 'node-9', internalIPs: ['192.0.2.77', '2001:db8::77'] }));
    await started();
    await pass(5_000);
    expect(cluster.answering(VIP)).toEqual([]);
    expect(cluster.api.lease('node-3')?.annotations['menwei.dev/conflicts']).toContain('02:00:00:00:09:02');
    expect(cluster.told.some(({ what }) => what === 'inUse')).toBe(true);
  });
});
