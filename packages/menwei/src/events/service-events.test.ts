import { aService, aSyncRow } from '@menwei/testing/services/testing.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ServiceTracker } from '../services/service-tracker.ts';
import { State } from '../state/state.ts';
import type { ClusterEvent } from './event.ts';
import { ServiceEvents } from './service-events.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
const stops: AbortController[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
  vi.useRealTimers();
});

function open() {
  const { objects, families } = new State('node-a');
  const tables = families.IPv4;
  const tracker = new ServiceTracker({ objects, tables, startedAtMs: 0 });
  const events: ClusterEvent[] = [];
  const stop = new AbortController();
  stops.push(stop);
  const recorder = { record: (event: ClusterEvent) => events.push(event) };
  const following = new ServiceEvents({ objects, families: [tables], nodeName: 'node-a', recorder });
  void following.run(stop.signal);
  const put = (name: string, fields: Parameters<typeof aService>[0] = {}) => {
    objects.put(
      aService({
        name,
        uid: `uid-${name}`,
        clusterIPs: { IPv4: `172.30.0.${objects.services.rows.size}` },
        ...fields,
      }),
    );
    tracker.update();
  };
  const settle = (name: string, error?: string) => {
    const servicePort = `ns/${name}/TCP`;
    const row = { servicePort, family: 'IPv4', sinceMs: 0 } as const;
    const status =
      error === undefined
        ? { ...row, state: 'programmed' as const }
        : { ...row, state: 'error' as const, error };
    tables.status.put(servicePort, status);
  };
  const synced = (ok: boolean) => {
    const failure = ok ? undefined : { operation: 'iptables restore', object: 'nat' };
    tables.syncs.put('IPv4', aSyncRow({ ok, failure }));
  };
  const told = () =>
    events.splice(0).map(({ subject, reason, note }) => `${subject.kind} ${subject.uid} ${reason} ${note}`);
  return { objects, tables, put, settle, synced, told, stop };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('a Service that the kernel refuses', () => {
  it('is told of once, unless it is put right soon', async () => {
    const { put, settle, told } = open();
    for (const name of ['a', 'b', 'c']) put(name);
    settle('a', 'refused');
    settle('b', 'refused');
    settle('c');
    await pass(5_000);
    settle('a');
    await pass(60_000);
    expect(told()).toEqual(['Service uid-b NotProgrammed node node-a: ns/b/TCP (IPv4): refused']);
    await pass(50 * 60_000);
    expect(told()).toEqual([]);
    // An API server has forgotten it by then.
    await pass(10 * 60_000);
    expect(told()).toHaveLength(1);
    settle('b');
    await pass(1_000);
    settle('b', 'refused again');
    await pass(60_000);
    expect(told()).toEqual(['Service uid-b NotProgrammed node node-a: ns/b/TCP (IPv4): refused again']);
  });

  it('is told of with all its ports together', async () => {
    const { put, tables, told } = open();
    put('a', { ports: [{ name: 'x' }, { name: 'y', port: 81 }, { name: 'z', port: 82 }] });
    for (const servicePort of ['ns/a:x/TCP', 'ns/a:y/TCP', 'ns/a:z/TCP']) {
      tables.status.put(servicePort, {
        servicePort,
        family: 'IPv4',
        state: 'error',
        error: 'no',
        sinceMs: 0,
      });
    }
    await pass(60_000);
    expect(told()).toEqual(['Service uid-a NotProgrammed node node-a: ns/a:x/TCP (IPv4): no; and 2 more']);
  });

  it('is not told of when it is gone', async () => {
    const { objects, put, settle, told } = open();
    put('a');
    settle('a', 'refused');
    await pass(2_000);
    objects.delete({ kind: 'Service', namespace: 'ns', name: 'a' });
    await pass(60_000);
    expect(told()).toEqual([]);
  });
});

describe('a conflict or an invalid object', () => {
  it('is told of within a bit more than a minute, in the same words on all nodes', async () => {
    const { objects, put, settle, tables, told } = open();
    put('old', { externalIPs: ['203.0.113.9'], createdAtMs: 1 });
    put('new', { externalIPs: ['203.0.113.9'], createdAtMs: 2 });
    settle('new', tables.unmet.get('ns/new/TCP'));
    objects.putStale(aService({ name: 'old' }), 'spec.type: "X" is no type', 0);
    await pass(9_000);
    expect(told()).toEqual([]);
    await pass(65_000);
    expect(told().sort()).toEqual([
      expect.stringMatching(/^Service uid-new AddressConflict ns\/new\/TCP \(IPv4\): .*203\.0\.113\.9/),
      'Service uid-old InvalidObject spec.type: "X" is no type; the last valid version stays in effect, if there was one',
    ]);
  });
});

describe('syncs that fail', () => {
  it('are told of at the Node, and not at each Service', async () => {
    const { put, settle, synced, told } = open();
    put('a');
    settle('a', 'nothing works');
    synced(false);
    await pass(5_000);
    synced(true);
    settle('a');
    await pass(60_000);
    expect(told()).toEqual([]);

    settle('a', 'nothing works');
    for (let index = 0; index < 10; index++) {
      synced(false);
      await pass(30_000);
    }
    expect(told()).toEqual([
      'Node node-a SyncFailed IPv4: syncs fail (iptables restore nat), and changes of Services are not programmed; the log and /status say why',
    ]);
    // An API server forgets events after an hour.
    await pass(60 * 60_000);
    expect(told()).toEqual([expect.stringMatching(/^Node node-a SyncFailed IPv4: syncs fail /)]);
    synced(true);
    await pass(60_000);
    expect(told()).toEqual(['Service uid-a NotProgrammed node node-a: ns/a/TCP (IPv4): nothing works']);
  });
});

it('looks at many Services bit by bit', async () => {
  const { tables, put, told, objects } = open();
  put('a');
  for (let index = 0; index < 1000; index++) objects.putStale(aService({ name: `s${index}` }), 'no', 0);
  expect(tables.status.rows.size).toBe(0);
  await pass(100_000);
  expect(told()).toHaveLength(1000);
});

it('ends when it is told to, and follows nothing any more', async () => {
  const { put, settle, stop, told } = open();
  stop.abort();
  await pass(1_000);
  put('a');
  settle('a', 'refused');
  await pass(60_000);
  expect(told()).toEqual([]);
});
