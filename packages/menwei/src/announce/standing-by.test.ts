import { FakeCluster } from '@menwei/testing/announce/cluster.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const NODES = ['node-1', 'node-2'];

describe('nodes that know of each other only by the segment', () => {
  let cluster: FakeCluster;

  beforeEach(() => {
    vi.useFakeTimers({ now: 1_700_000_000_000 });
    cluster = new FakeCluster();
    for (const name of NODES) cluster.add(name, { lease: undefined });
  });
  afterEach(() => {
    cluster[Symbol.dispose]();
    vi.useRealTimers();
  });

  /** Questions of a node whether somebody has an address. */
  function questions(node: string, sinceMs: number): number {
    return cluster.segment.sent.filter(({ atMs, by, message }) => {
      return (
        by === node && atMs >= sinceMs && message.kind === 'arp-request' && message.senderIp === '0.0.0.0'
      );
    }).length;
  }

  it('stand by for one that has the address, say so once, and take over when it is gone', async () => {
    cluster.serve('web', ['192.0.2.100']);
    await vi.advanceTimersByTimeAsync(30_000);
    const [owner] = cluster.answering('192.0.2.100');
    const other = NODES.find((name) => name !== owner);
    const told = () => cluster.told.filter(({ what }) => what === 'stoodBy' || what === 'announced');
    expect(told().map(({ what, node }) => [what, node])).toEqual(
      expect.arrayContaining([
        ['announced', owner],
        ['stoodBy', other],
      ]),
    );
    expect(told().filter(({ what }) => what === 'stoodBy')).toHaveLength(1);
    cluster.nodes.get(owner ?? '')?.kill();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(cluster.answering('192.0.2.100')).toEqual([other]);
  });

  it('do not fill the segment with questions, however many addresses there are', async () => {
    const addresses = Array.from({ length: 220 }, (_, index) => `192.0.2.${index + 10}`);
    for (const address of addresses) cluster.serve(`web-${address}`, [address]);
    await vi.advanceTimersByTimeAsync(10_000);
    const sinceMs = Date.now();
    await vi.advanceTimersByTimeAsync(20_000);
    const perSecond = NODES.map((name) => questions(name, sinceMs) / 20);
    expect(Math.max(...perSecond)).toBeLessThanOrEqual(55);
    expect(Math.max(...perSecond)).toBeGreaterThan(0);
  });
});
