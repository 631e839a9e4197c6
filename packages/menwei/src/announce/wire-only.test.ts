/** Nodes without an API server: nobody tells them of each other, and the segment is all they have. */
import { FakeCluster } from '@menwei/testing/announce/cluster.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HeartbeatSocketOptions } from './heartbeat/heartbeat-socket.ts';

const VIP = '192.0.2.100';

describe('nodes without Leases', () => {
  let cluster: FakeCluster;

  beforeEach(async () => {
    vi.useFakeTimers({ now: 1_700_000_000_000 });
    cluster = new FakeCluster();
    for (const name of ['node-1', 'node-2', 'node-3']) cluster.add(name, { lease: undefined });
    cluster.serve('web', [VIP]);
    await vi.advanceTimersByTimeAsync(3_000);
  });
  afterEach(() => {
    cluster[Symbol.dispose]();
    vi.useRealTimers();
  });

  it('settle on one, though all begin at the same time', () => {
    expect(cluster.answering(VIP)).toHaveLength(1);
  });

  it('take over from one that is gone', async () => {
    const [owner = ''] = cluster.answering(VIP);
    cluster.nodes.get(owner)?.kill();
    await vi.advanceTimersByTimeAsync(4_000);
    expect(cluster.answering(VIP)).toHaveLength(1);
    expect(cluster.answering(VIP)).not.toContain(owner);
  });

  it('become one again when the parts of a segment do', async () => {
    const [owner = ''] = cluster.answering(VIP);
    const others = [...cluster.nodes.keys()].filter((name) => name !== owner);
    cluster.segment.partition([owner], others);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(cluster.answering(VIP)).toHaveLength(2);
    cluster.segment.heal();
    await vi.advanceTimersByTimeAsync(8_000);
    expect(cluster.answering(VIP)).toHaveLength(1);
  });
});

it('a heartbeat that stops is confirmed by the segment before an address is taken', async () => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  const cluster = new FakeCluster();
  const dead: ((node: string) => void)[] = [];
  const alive: ((node: string) => void)[] = [];
  const runHeartbeats = async (
    needs: Pick<HeartbeatSocketOptions, 'onDead' | 'onAlive'>,
    signal: AbortSignal,
  ) => {
    dead.push(needs.onDead);
    alive.push(needs.onAlive);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
  };
  for (const name of ['node-1', 'node-3']) cluster.add(name, { runHeartbeats });
  cluster.serve('web', [VIP]);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(cluster.answering(VIP)).toEqual(['node-3']);
  for (const tell of dead) tell('node-3');
  await vi.advanceTimersByTimeAsync(3_000);
  expect(cluster.answering(VIP)).toEqual(['node-3']);
  for (const tell of alive) tell('node-3');
  await vi.advanceTimersByTimeAsync(500);
  cluster.nodes.get('node-3')?.kill();
  for (const tell of dead) tell('node-3');
  await vi.advanceTimersByTimeAsync(500);
  expect(cluster.answering(VIP)).toEqual(['node-1']);
  cluster[Symbol.dispose]();
  vi.useRealTimers();
});
