import { aNode } from '@menwei/testing/services/testing.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../log/logger.ts';
import { NodeWait } from './node-wait.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function open({ nodeGraceMs = 30_000, needsPodCIDRs = false } = {}) {
  const events: string[] = [];
  const logger = { ...silentLogger, error: (_: object, message: string) => events.push(message) };
  const podCIDRs = needsPodCIDRs
    ? { graceMs: 300_000, failed: (reason: string) => events.push(`failed: ${reason}`) }
    : undefined;
  const wait = new NodeWait({ nodeGraceMs, podCIDRs, logger });
  return { wait, events, begin: () => wait.begin(() => events.push('over')) };
}

const bare = aNode({ addresses: [] });
const addressed = aNode({ addresses: ['192.0.2.1'] });
const complete = aNode({ addresses: ['192.0.2.1'], podCIDRs: ['10.0.0.0/24'] });

describe('NodeWait', () => {
  it('is over with the first Node that has addresses, and no earlier than the rest is known', () => {
    const { wait, events, begin } = open();
    wait.take(addressed);
    expect(wait.isOver).toBe(false);
    begin();
    expect(events).toEqual(['over']);
    wait.take(complete);
    vi.advanceTimersByTime(600_000);
    expect(events).toEqual(['over']);
  });

  it('waits for the addresses of a Node that has none', () => {
    const { wait, events, begin } = open();
    begin();
    wait.take(bare);
    vi.advanceTimersByTime(29_000);
    expect(events).toEqual([]);
    wait.take(addressed);
    expect(events).toEqual(['over']);
  });

  it.each([
    [undefined, 'Node object of this node not found; continuing without it'],
    [bare, 'Node object has no addresses; continuing without them'],
  ])('goes on after 30 s, and says without what', (node, message) => {
    const { wait, events, begin } = open();
    begin();
    if (node !== undefined) wait.take(node);
    vi.advanceTimersByTime(30_000);
    expect(events).toEqual([message, 'over']);
  });

  it('does not wait for what files have, or have not', () => {
    const { events, begin } = open({ nodeGraceMs: 0 });
    begin();
    expect(events).toEqual(['over']);
  });

  it('waits five minutes more for podCIDRs that are needed', () => {
    const { wait, events, begin } = open({ needsPodCIDRs: true });
    begin();
    wait.take(addressed);
    vi.advanceTimersByTime(329_000);
    expect(events).toEqual([]);
    wait.take(complete);
    expect(events).toEqual(['over']);
    vi.advanceTimersByTime(600_000);
    expect(events).toEqual(['over']);
  });

  it.each([
    [addressed, []],
    [undefined, ['Node object of this node not found; continuing without it']],
  ])('fails when they don’t come', (node, before) => {
    const { wait, events, begin } = open({ needsPodCIDRs: true });
    begin();
    if (node !== undefined) wait.take(node);
    vi.advanceTimersByTime(330_000);
    const what = node === undefined ? 'the Node object of this node' : `podCIDRs of node ${node.name}`;
    expect(events).toEqual([
      ...before,
      `failed: timed out waiting for ${what}, which detectLocalMode NodeCIDR needs`,
    ]);
    expect(wait.isOver).toBe(false);
  });
});
