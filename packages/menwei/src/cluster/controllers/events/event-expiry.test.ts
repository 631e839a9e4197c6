import { ControlledCluster } from '@menwei/testing/cluster/controlled-cluster.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

let cluster: ControlledCluster;

beforeEach(async () => {
  vi.useFakeTimers({
    now: Date.parse('2026-11-30T06:00:00Z'),
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'],
  });
  cluster = new ControlledCluster({ only: ['event-expiry'] });
  await cluster.create('namespaces', { metadata: { name: 'default' } });
  await cluster.start();
});

afterEach(async () => {
  await cluster.stop();
  vi.useRealTimers();
});

async function event(name: string): Promise<void> {
  const involvedObject = { kind: 'Pod', namespace: 'default', name: 'p' };
  await cluster.create('events', { metadata: { name, namespace: 'default' }, involvedObject });
  await pass(0);
}

async function pass(minutes: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(minutes * 60_000);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const left = () => cluster.list('events').map(({ metadata }) => metadata.name);

describe('an Event', () => {
  it('goes an hour after it was written last', async () => {
    await event('a');
    await event('b');
    await pass(30);
    await cluster.change('events', 'default/a', () => ({ count: 2 }));
    await pass(29);
    expect(left()).toEqual(['a', 'b']);
    await pass(2);
    expect(left()).toEqual(['a']);
    await pass(30);
    expect(left()).toEqual([]);
  });

  it('goes then, too, when there was a restart', async () => {
    await event('a');
    await cluster.stop();
    await pass(59);
    await cluster.start();
    expect(left()).toEqual(['a']);
    await cluster.stop();
    await pass(2);
    await cluster.start();
    await pass(0);
    expect(left()).toEqual([]);
  });
});
