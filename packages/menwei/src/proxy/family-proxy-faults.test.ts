import { KernelError } from '@menwei/netlink';
import { ToyBackend, type ToyPlan } from '@menwei/testing/proxy/toy-backend.ts';
import { aNodeView, aService, aSlice } from '@menwei/testing/services/testing.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../log/logger.ts';
import { State } from '../state/state.ts';
import { FamilyProxy } from './family-proxy.ts';

const signal = new AbortController().signal;
const BUG = new Error('BUG: no way');
const TROUBLE = new KernelError({ operation: 'add', object: 'it', detail: 'no such luck' });

function open() {
  const backend = new ToyBackend();
  const state = new State('node-a');
  const { objects } = state;
  let view = aNodeView();
  const nodeView = vi.fn(() => view);
  const proxy = new FamilyProxy({
    backend,
    state,
    startedAtMs: 0,
    nodeView,
    logger: silentLogger,
  });
  return {
    backend,
    objects,
    applied: state.families.IPv4.applied,
    triggerTimesMs: () => state.families.IPv4.syncs.get('IPv4')?.triggerTimesMs,
    proxy,
    nodeView,
    sync: () => proxy.sync(signal),
    setZone: (zone: string) => {
      view = aNodeView({ zone });
    },
    setLocalAddresses: (...localAddresses: readonly string[]) => {
      view = aNodeView({ localAddresses });
    },
    put(name: string, ...pods: readonly number[]) {
      const number = [...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 250;
      objects.put(aService({ name, clusterIPs: { IPv4: `172.30.0.${number}` } }));
      const endpoints = pods.map((pod) => `10.0.0.${pod}`);
      objects.put(aSlice({ name: `${name}-1`, serviceName: name, endpoints }));
    },
    remove: (name: string) => objects.delete({ kind: 'Service', namespace: 'ns', name: name }),
    takeLog: () => backend.log.splice(0),
    states: () =>
      Object.fromEntries(
        [...proxy.state.families[proxy.family].status.rows.values()].map(({ servicePort, state }) => [
          servicePort,
          state,
        ]),
      ),
    kernel: () => Object.fromEntries([...backend.kernel].map(([key, text]) => [key, text.trim()])),
  };
}

/** With one Service that is programmed. */
async function openSynced() {
  const opened = open();
  opened.put('web', 1);
  expect(await opened.sync()).toMatchObject({ ok: true });
  opened.takeLog();
  return opened;
}

const BOTH_PROGRAMMED = { 'ns/web/TCP': 'programmed', 'ns/db/TCP': 'programmed' };

describe('what throws in the middle of a sync loses nothing and is never reported as programmed', () => {
  type Opened = Awaited<ReturnType<typeof openSynced>>;
  const places: readonly [string, (opened: Opened) => unknown][] = [
    ['the node', ({ nodeView }) => nodeView.mockImplementationOnce(thrower)],
    [
      'the plan, before it changes',
      ({ backend }) => spyOnPlan(backend, 'update').mockImplementationOnce(thrower),
    ],
    [
      'the plan, halfway',
      ({ backend }) => {
        const plan = lastPlan(backend);
        const update = plan.update.bind(plan);
        vi.spyOn(plan, 'update').mockImplementationOnce((...args) => {
          update(...args);
          return thrower();
        });
      },
    ],
    ['diff', ({ backend }) => vi.spyOn(backend, 'diff').mockImplementationOnce(thrower)],
    ['isEmpty', ({ backend }) => vi.spyOn(backend, 'isEmpty').mockImplementationOnce(thrower)],
    ['apply', ({ backend }) => vi.spyOn(backend, 'apply').mockImplementationOnce(thrower)],
    [
      'observe',
      ({ backend, proxy }) => {
        proxy.forgetKernel();
        vi.spyOn(backend, 'observe').mockImplementationOnce(thrower);
      },
    ],
    [
      'settle',
      ({ backend, proxy }) => {
        proxy.forgetKernel();
        spyOnPlan(backend, 'settle').mockImplementationOnce(thrower);
      },
    ],
    [
      'complete',
      ({ backend, proxy }) => {
        proxy.forgetKernel();
        spyOnPlan(backend, 'complete').mockImplementationOnce(thrower);
      },
    ],
  ];

  it.each(places)('%s', async (_what, breakOnce) => {
    const opened = await openSynced();
    const { put, sync, states, kernel } = opened;
    put('web', 1, 2);
    put('db', 3);
    breakOnce(opened);
    expect(await sync()).toMatchObject({ ok: false, error: BUG });
    expect(Object.values(states())).not.toContain('pending');
    expect(states()).toMatchObject({ 'ns/db/TCP': 'error' });
    expect(await sync()).toMatchObject({ ok: true });
    expect(states()).toEqual(BOTH_PROGRAMMED);
    expect(kernel()).toEqual({ 'ns/web/TCP': '10.0.0.1:8080 10.0.0.2:8080', 'ns/db/TCP': '10.0.0.3:8080' });
  });

  it.each(places)('%s, when a Service goes and the node changes', async (what, breakOnce) => {
    const opened = await openSynced();
    const { put, remove, sync, setZone, states, kernel } = opened;
    put('db', 3);
    await sync();
    remove('web');
    setZone('b');
    breakOnce(opened);
    expect(await sync()).toMatchObject({ ok: false });
    // Without its answer nobody knows that the node is another one.
    expect(states()).toEqual({ 'ns/db/TCP': what === 'the node' ? 'programmed' : 'error' });
    expect(await sync()).toMatchObject({ ok: true });
    expect(states()).toEqual({ 'ns/db/TCP': 'programmed' });
    expect(kernel()).toEqual({ 'ns/db/TCP': 'b 10.0.0.3:8080' });
  });
});

describe('a service port that the plan can’t take', () => {
  it('is left as it was, in error, and the others go on', async () => {
    const { backend, put, sync, states, kernel } = await openSynced();
    for (const plan of [lastPlan(backend)]) poison(plan);
    const make = backend.plan.bind(backend);
    vi.spyOn(backend, 'plan').mockImplementation(() => poison(make()));
    put('web', 66);
    put('db', 3);
    expect(await sync()).toMatchObject({ ok: false });
    expect(await sync()).toMatchObject({ ok: true });
    expect(states()).toEqual({ 'ns/web/TCP': 'error', 'ns/db/TCP': 'programmed' });
    expect(kernel()).toEqual({ 'ns/web/TCP': '10.0.0.1:8080', 'ns/db/TCP': '10.0.0.3:8080' });
    put('web', 67);
    expect(await sync()).toMatchObject({ ok: true });
    expect(states()).toEqual(BOTH_PROGRAMMED);
  });

  /** Pod 66 breaks it, halfway. */
  function poison(plan: ToyPlan): ToyPlan {
    const update = plan.update.bind(plan);
    vi.spyOn(plan, 'update').mockImplementation((node, units) => {
      const change = update(node, units);
      if ([...units.values()].some((unit) => unit?.includes('10.0.0.66:'))) thrower();
      return change;
    });
    return plan;
  }
});

describe('a service port that the kernel refuses for good', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance', 'Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  async function openRefusing() {
    const opened = await openSynced();
    opened.backend.refused.set('ns/db/TCP', TROUBLE);
    opened.put('db', 3);
    expect(await opened.sync()).toMatchObject({ ok: true, refused: [{ servicePort: 'ns/db/TCP' }] });
    expect(opened.takeLog()).toEqual(['apply ns/db/TCP']);
    return opened;
  }

  it('is in error, and the others are programmed', async () => {
    const { proxy, states } = await openRefusing();
    expect(states()).toEqual({ 'ns/web/TCP': 'programmed', 'ns/db/TCP': 'error' });
    expect(
      [...proxy.state.families[proxy.family].status.rows.values()].find(({ state }) => state === 'error')
        ?.error,
    ).toBe('add it: no such luck');
  });

  it('costs other changes nothing, and the kernel is never looked at for it', async () => {
    const { put, sync, takeLog, states } = await openRefusing();
    for (const pod of [4, 5, 6]) {
      put('web', pod);
      expect(await sync()).toMatchObject({ ok: true, complete: false, changedServicePorts: 1, refused: [] });
      expect(takeLog()).toEqual(['apply ns/web/TCP']);
    }
    expect(states()).toEqual({ 'ns/web/TCP': 'programmed', 'ns/db/TCP': 'error' });
  });

  it('is tried again with growing distance, for itself, until the kernel takes it', async () => {
    const { backend, sync, takeLog, states, kernel } = await openRefusing();
    const waits: (number | undefined)[] = [];
    for (let attempt = 0; attempt < 7; attempt++) {
      const { retryInMs } = await sync();
      expect(takeLog()).toEqual([]);
      waits.push(retryInMs);
      vi.advanceTimersByTime((retryInMs ?? 0) - 1);
      await sync();
      expect(takeLog()).toEqual([]);
      vi.advanceTimersByTime(1);
      expect(await sync()).toMatchObject({
        ok: true,
        complete: false,
        refused: [{ servicePort: 'ns/db/TCP' }],
      });
      expect(takeLog()).toEqual(['apply ns/db/TCP']);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    backend.refused.clear();
    vi.advanceTimersByTime(30_000);
    expect(await sync()).toMatchObject({ refused: [], retryInMs: undefined });
    expect(states()).toEqual(BOTH_PROGRAMMED);
    expect(kernel()).toMatchObject({ 'ns/db/TCP': '10.0.0.3:8080' });
  });

  it('is tried at once when it changes, from what the kernel really holds', async () => {
    const { backend, put, sync, takeLog, kernel, states } = await openRefusing();
    backend.refused.clear();
    put('db', 4);
    expect(await sync()).toMatchObject({ ok: true, complete: false, retryInMs: undefined });
    expect(takeLog()).toEqual(['apply ns/db/TCP']);
    expect(kernel()).toMatchObject({ 'ns/db/TCP': '10.0.0.4:8080' });
    expect(states()).toEqual(BOTH_PROGRAMMED);
  });

  it('whose removal is refused is tried again too, and told as gone when it is', async () => {
    const { backend, put, sync, remove, takeLog, kernel, proxy } = await openRefusing();
    backend.refused.clear();
    put('db', 4);
    await sync();
    backend.refused.set('ns/db/TCP', TROUBLE);
    remove('db');
    await sync();
    takeLog();
    expect(
      [...proxy.state.families[proxy.family].status.rows.values()].map(({ servicePort }) => servicePort),
    ).toEqual(['ns/web/TCP']);
    backend.refused.clear();
    vi.advanceTimersByTime(1_000);
    await sync();
    expect(takeLog()).toEqual(['apply ns/db/TCP']);
    expect(Object.keys(kernel())).toEqual(['ns/web/TCP']);
  });

  it('takes part whenever everything is compared', async () => {
    const { backend, proxy, sync, states } = await openRefusing();
    backend.refused.clear();
    proxy.forgetKernel();
    expect(await sync()).toMatchObject({ complete: true, retryInMs: undefined });
    expect(states()).toEqual(BOTH_PROGRAMMED);
  });
});

describe('while syncs fail', () => {
  it('what came and went is forgotten, and trigger times are limited', async () => {
    const { backend, objects, put, remove, sync, applied, triggerTimesMs } = await openSynced();
    const apply = vi.spyOn(backend, 'apply').mockRejectedValue(TROUBLE);
    for (let round = 0; round < 30; round++) {
      put(`job-${round}`, 9);
      for (let write = 0; write < 500; write++) {
        const endpoints = [`10.0.${round}.${write % 250}`];
        objects.put(
          aSlice({
            name: 'web-1',
            serviceName: 'web',
            endpoints,
            lastChangeTriggerTimeMs: round * 500 + write + 1,
          }),
        );
      }
      expect(await sync()).toMatchObject({ ok: false });
      remove(`job-${round}`);
    }
    apply.mockRestore();
    const reader = applied.reader();
    reader.take();
    await sync();
    const times = triggerTimesMs() ?? [];
    expect([times.length, times[0]]).toEqual([10_000, 1]);
    expect(reader.take().map(({ key }) => key)).toEqual(['ns/web/TCP']);
  });
});

function thrower(): never {
  throw BUG;
}

function lastPlan({ plans }: ToyBackend): ToyPlan {
  const plan = plans.at(-1);
  if (plan === undefined) throw new Error('BUG: no plan');
  return plan;
}

function spyOnPlan(backend: ToyBackend, method: 'update' | 'settle' | 'complete') {
  return vi.spyOn(lastPlan(backend), method);
}

describe('an address of the node that comes or goes', () => {
  it('costs the compilation of the service ports that it concerns', async () => {
    const { backend, objects, put, sync, setLocalAddresses } = await openSynced();
    put('db', 2);
    objects.put(
      aService({ name: 'open', clusterIPs: { IPv4: '172.30.0.9' }, ports: [{ nodePort: 30_080 }] }),
    );
    await sync();
    const compile = vi.spyOn(backend, 'compile');
    setLocalAddresses('192.0.2.1');
    expect(await sync()).toMatchObject({ ok: true, changedServicePorts: 1 });
    expect(compile.mock.calls.map(([{ key }]) => key)).toEqual(['ns/open/TCP']);
    compile.mockClear();
    expect(await sync()).toMatchObject({ ok: true, changedServicePorts: 0 });
    expect(compile).not.toHaveBeenCalled();
  });

  it('is not forgotten when the sync fails', async () => {
    const { backend, objects, sync, setLocalAddresses } = await openSynced();
    objects.put(
      aService({ name: 'open', clusterIPs: { IPv4: '172.30.0.9' }, ports: [{ nodePort: 30_080 }] }),
    );
    await sync();
    const compile = vi.spyOn(backend, 'compile');
    vi.spyOn(backend, 'isEmpty').mockImplementationOnce(thrower);
    setLocalAddresses('192.0.2.1');
    expect(await sync()).toMatchObject({ ok: false });
    compile.mockClear();
    expect(await sync()).toMatchObject({ ok: true });
    expect(compile.mock.calls.map(([{ key }]) => key)).toEqual(['ns/open/TCP']);
  });
});
