import type { IpFamily } from '@menwei/addresses/ip.ts';
import { aServicePort } from '@menwei/testing/services/testing.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../log/logger.ts';
import { FamilyTables } from '../state/family-tables.ts';
import { ObjectTables } from '../state/object-tables.ts';
import type { ServicePortStatus } from '../state/service-port-status.ts';
import type { ReportedStatus } from './reported-status.ts';
import { StatusFeed } from './status-feed.ts';

beforeEach(
  () => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] }),
);
afterEach(() => void vi.useRealTimers());

const REF = { kind: 'Service', namespace: 'ns', name: 'x' } as const;

function status(name: string, state: ServicePortStatus['state'] = 'programmed'): ServicePortStatus {
  return { servicePort: `ns/${name}/TCP`, family: 'IPv4', state, sinceMs: 1 };
}

function row(each: ServicePortStatus, endpoints = 0): ReportedStatus {
  return { ...each, since: '', endpoints: { used: endpoints, local: 0, total: endpoints } };
}

/** A feed of one family, which counts the rows that were made. */
function open() {
  const tables = new FamilyTables('IPv4');
  const objects = new ObjectTables('');
  let zone = 'a';
  let made = 0;
  let failures = 0;
  const make = (each: ServicePortStatus) => {
    if (failures-- > 0) throw new Error('injected');
    made++;
    return row(each, tables.servicePorts.get(each.servicePort)?.endpoints.length);
  };
  const feed = new StatusFeed({
    families: [tables],
    objects,
    all: () => Array.from(tables.status.rows.values(), make),
    some: (_family: IpFamily, keys) =>
      Array.from(keys, (key) => tables.status.get(key))
        .filter((each) => each !== undefined)
        .map(make),
    node: () => ({ zone }),
    logger: silentLogger,
  });
  return {
    ...{ feed, tables, objects },
    put: (each: ServicePortStatus) => tables.status.put(each.servicePort, each),
    move: (to: string) => {
      zone = to;
    },
    /** The next rows can't be made. */
    fail: () => {
      failures = 1;
    },
    /** How many rows were made since it was called last. */
    made: () => {
      const count = made;
      made = 0;
      return count;
    },
  };
}

describe('a feed', () => {
  it('gives every row first, then those that changed and those that are gone, and makes no others', async () => {
    const { feed, tables, put, made } = open();
    for (let index = 0; index < 1000; index++) put(status(String(index)));
    const cursor = await feed.open();
    expect(cursor.take()).toHaveLength(1000);
    expect(made()).toBe(1000);
    put(status('7', 'pending'));
    tables.status.delete(status('8').servicePort);
    tables.servicePorts.put(status('9').servicePort, aServicePort());
    await vi.advanceTimersByTimeAsync(200);
    expect(cursor.take()).toEqual([
      row(status('7', 'pending')),
      { servicePort: 'ns/8/TCP', family: 'IPv4', state: 'deleted' },
    ]);
    expect(made()).toBeLessThanOrEqual(3);
    expect(cursor.take()).toEqual([]);
    cursor.close();
  });

  it('tells all who watch, each from where it stands', async () => {
    const { feed, put } = open();
    put(status('web'));
    const first = await feed.open();
    first.take();
    const second = await feed.open();
    put(status('web', 'error'));
    await vi.advanceTimersByTimeAsync(200);
    const expected = [row(status('web', 'error'))];
    expect(first.take()).toEqual(expected);
    expect(second.take()).toEqual(expected);
    first.close();
    put(status('web', 'pending'));
    await vi.advanceTimersByTimeAsync(200);
    expect(second.take()).toEqual([row(status('web', 'pending'))]);
    second.close();
  });

  it('wakes who waits for a change', async () => {
    const { feed, put } = open();
    const cursor = await feed.open();
    cursor.take();
    let isAwake = false;
    const woken = cursor.changed(new AbortController().signal).then(() => {
      isAwake = true;
    });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(isAwake).toBe(false);
    put(status('web'));
    await vi.advanceTimersByTimeAsync(200);
    await woken;
    expect(cursor.take()).toEqual([row(status('web'))]);
    cursor.close();
  });

  it.each<[string, (opened: ReturnType<typeof open>) => void]>([
    ['the node is another one', ({ move }) => move('b')],
    ['an object can’t be used', ({ objects }) => objects.putStale(REF, 'no', 1)],
    ['a part of an object can’t be used', ({ objects }) => objects.putFlaw(REF, 'no', 1)],
  ])('makes all rows again when %s, and gives those that differ', async (_what, change) => {
    const opened = open();
    const { feed, put, made } = opened;
    put(status('web'));
    put(status('db'));
    const cursor = await feed.open();
    cursor.take();
    made();
    change(opened);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(made()).toBe(2);
    expect(cursor.take()).toEqual([]);
    cursor.close();
  });

  it('costs nothing when nobody watches any more, and begins anew with the next one', async () => {
    const { feed, put, made } = open();
    put(status('web'));
    const cursor = await feed.open();
    cursor.close();
    made();
    put(status('web', 'error'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(made()).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    const next = await feed.open();
    expect(next.take()).toEqual([row(status('web', 'error'))]);
    next.close();
  });

  it('that fails at first is not kept, and costs nothing', async () => {
    const { feed, put, fail } = open();
    put(status('web'));
    fail();
    await expect(feed.open()).rejects.toThrow('injected');
    expect(vi.getTimerCount()).toBe(0);
    const cursor = await feed.open();
    expect(cursor.take()).toHaveLength(1);
    cursor.close();
  });

  it('that fails later makes up for what it missed', async () => {
    const { feed, put, fail } = open();
    put(status('web'));
    const cursor = await feed.open();
    cursor.take();
    fail();
    put(status('web', 'error'));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(cursor.take()).toEqual([row(status('web', 'error'))]);
    cursor.close();
  });
});
