import { setImmediate as nextTurn } from 'node:timers/promises';
import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { KernelError } from '@menwei/netlink';
import { openBackend } from '@menwei/testing/backends/iptables/laws.ts';
import type { FaultOptions } from '@menwei/testing/kernel/faults.ts';
import { FakeIptables } from '@menwei/testing/kernel/iptables.ts';
import { objectEvents, objectsAfter } from '@menwei/testing/services/object-arbitraries.ts';
import { aNodeView, aService, aSlice, aSliceEndpoint } from '@menwei/testing/services/testing.ts';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { endpointChain, serviceChains } from '../backends/iptables/names.ts';
import { IptablesPlan } from '../backends/iptables/plan.ts';
import type { EndpointSlice, Service } from '../kubernetes/objects.ts';
import { type Logger, silentLogger } from '../log/logger.ts';
import { untilAborted } from '../scheduling/pause.ts';
import type { NodeView } from '../services/node-view.ts';
import { State } from '../state/state.ts';
import { FamilyProxy } from './family-proxy.ts';

const signal = new AbortController().signal;
const REFUSED = new KernelError({ operation: 'iptables restore', object: 'line 7', detail: 'no such luck' });

interface OpenOptions {
  readonly family?: IpFamily;
  readonly faults?: FaultOptions;
  readonly node?: NodeView;
  readonly logger?: Logger;
  readonly compareEveryMs?: number;
}

/** A proxy of one family over a fake kernel, and what one does with it. */
function open({
  family = 'IPv4',
  faults,
  node = aNodeView({ family }),
  logger = silentLogger,
  compareEveryMs,
}: OpenOptions = {}) {
  const fake = new FakeIptables({ family, ...(faults === undefined ? {} : { faults }) });
  const backend = openBackend(fake, family);
  const state = new State(node.name);
  const { objects } = state;
  let view = node;
  const proxy = new FamilyProxy({
    backend,
    state,
    startedAtMs: 0,
    nodeView: () => view,
    logger,
    compareEveryMs,
  });
  return {
    fake,
    backend,
    proxy,
    sync: () => proxy.sync(signal),
    put(...some: readonly (Service | EndpointSlice)[]) {
      for (const object of some) objects.put(object);
    },
    remove: (object: Service | EndpointSlice) => objects.delete(object),
    triggerTimesMs: () => state.families[family].syncs.get(family)?.triggerTimesMs,
    setNode(next: NodeView) {
      view = next;
    },
    states: () =>
      Object.fromEntries(
        [...proxy.state.families[proxy.family].status.rows.values()].map(({ servicePort, state }) => [
          servicePort,
          state,
        ]),
      ),
    /** The tools that were used since the last call, and for restore what they were told, line by line. */
    takeOperations: () =>
      fake.operations.splice(0).map(({ verb, text }) => ({ verb, lines: text.split('\n') })),
  };
}

/** What the kernel holds after the first sync of these objects. */
async function freshDump(objects: readonly (Service | EndpointSlice)[], node: NodeView): Promise<string> {
  const { put, sync, fake } = open({ family: node.family, node });
  put(...objects);
  expect(await sync()).toMatchObject({ ok: true });
  return fake.dump();
}

const web = aService({ name: 'web' });
const webPods = aSlice({ name: 'web-1', serviceName: 'web', endpoints: ['10.0.0.1', '10.0.0.2'] });
const db = aService({ name: 'db', clusterIPs: { IPv4: '172.30.0.2' } });
const dbPods = aSlice({ name: 'db-1', serviceName: 'db', endpoints: ['10.0.0.3'] });

describe.each(IP_FAMILIES)('FamilyProxy of %s', (family) => {
  it('ends with the rules of the final objects, whatever happened and failed on the way', async () => {
    const steps = fc.array(
      fc.tuple(fc.array(objectEvents(family), { maxLength: 3 }), fc.constantFrom('', '', 'wiped')),
      {
        minLength: 1,
        maxLength: 12,
      },
    );
    await fc.assert(
      fc.asyncProperty(steps, fc.nat(), async (history, seed) => {
        const node = aNodeView({ family, zone: 'a' });
        const { fake, proxy, put, remove, sync, states } = open({ family, node, faults: { seed } });
        for (const [events, meddled] of history) {
          for (const { verb, object } of events) verb === 'upsert' ? put(object) : remove(object);
          if (meddled === 'wiped') {
            fake.wipe();
            proxy.forgetKernel();
          }
          const { ok } = await sync();
          for (const state of Object.values(states())) expect(state).toBeOneOf(['programmed', 'error']);
          const { unmet, status } = proxy.state.families[family];
          for (const { servicePort, state } of ok ? status.rows.values() : [])
            expect(state).toBe(unmet.rows.has(servicePort) ? 'error' : 'programmed');
        }
        fake.faults.stop();
        expect(await sync()).toMatchObject({ ok: true });
        const events = history.flatMap(([each]) => each);
        expect(fake.dump()).toBe(await freshDump(objectsAfter(events), node));
        expect(states()).toEqual(
          Object.fromEntries(
            Array.from(proxy.state.families[proxy.family].servicePorts.rows.keys(), (key) => [
              key,
              proxy.state.families[proxy.family].unmet.rows.has(key) ? 'error' : 'programmed',
            ]),
          ),
        );
      }),
      { numRuns: 100 },
    );
  });
});

describe('a kernel that is no longer as it was observed', () => {
  it('is looked at again, within the same sync', async () => {
    const { backend, proxy, put, fake } = open();
    const apply = vi.spyOn(backend, 'apply').mockResolvedValueOnce('outdated');
    const observe = vi.spyOn(backend, 'observe');
    put(web, webPods);
    expect(await proxy.sync(signal)).toMatchObject({ ok: true });
    expect([observe.mock.calls.length, apply.mock.calls.length]).toEqual([2, 2]);
    expect(fake.dump()).toBe(await freshDump([web, webPods], aNodeView()));
  });
});

describe('status', () => {
  it('is pending during the sync and programmed after it', async () => {
    const { fake, put, sync, states } = open();
    put(web, webPods);
    const during: unknown[] = [];
    const restore = fake.restore.bind(fake);
    vi.spyOn(fake, 'restore').mockImplementation((...args) => {
      during.push(states());
      return restore(...args);
    });
    await sync();
    expect(during).toEqual([{ 'ns/web/TCP': 'pending' }]);
    expect(states()).toEqual({ 'ns/web/TCP': 'programmed' });
  });

  it('is error with the tool’s words for what changed, until a sync succeeds', async () => {
    const { fake, proxy, put, sync, states } = open();
    put(web, webPods);
    await sync();
    put(db, dbPods);
    vi.spyOn(fake, 'restore').mockRejectedValueOnce(REFUSED);
    expect(await sync()).toMatchObject({ ok: false, error: REFUSED });
    expect(states()).toEqual({ 'ns/web/TCP': 'programmed', 'ns/db/TCP': 'error' });
    expect(
      [...proxy.state.families[proxy.family].status.rows.values()].find(({ state }) => state === 'error'),
    ).toMatchObject({
      servicePort: 'ns/db/TCP',
      family: 'IPv4',
      error: 'iptables restore line 7: no such luck',
    });
    await sync();
    expect(states()).toEqual({ 'ns/web/TCP': 'programmed', 'ns/db/TCP': 'programmed' });
    expect(
      [...proxy.state.families[proxy.family].status.rows.values()].some((status) => 'error' in status),
    ).toBe(false);
  });

  it('goes with its Service', async () => {
    const { put, remove, sync, states } = open();
    put(web, webPods, db, dbPods);
    await sync();
    remove(web);
    await sync();
    expect(states()).toEqual({ 'ns/db/TCP': 'programmed' });
  });

  it('is told of addresses that others own, with an end', async () => {
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (_fields: object, message: string) => warnings.push(message) };
    const { put, sync } = open({ logger });
    put(
      ...Array.from({ length: 1_000 }, (_, number) =>
        aService({ name: `web-${number}`, createdAtMs: number }),
      ),
    );
    await sync();
    expect(warnings).toHaveLength(51);
    expect(warnings[0]).toMatch(/^Service ns\/web-\d+: spec\.clusterIP: /);
    expect(warnings[50]).toMatch(/^and 9\d\d more messages about objects$/);
  });

  it('is error for a service port that can’t be compiled, and the others don’t suffer', async () => {
    const errors: string[] = [];
    const logger = { ...silentLogger, error: (_fields: object, message: string) => errors.push(message) };
    const { fake, backend, proxy, put, sync, setNode, states } = open({ logger });
    put(web, webPods);
    await sync();
    const before = fake.dump();

    const compile = backend.compile.bind(backend);
    const broken = vi.spyOn(backend, 'compile').mockImplementation((port, node) => {
      if (port.name === 'web') throw new Error('BUG: no way');
      return compile(port, node);
    });
    put({ ...web, sessionAffinitySeconds: 60 }, db, dbPods);
    expect(await sync()).toMatchObject({ ok: true });
    expect(states()).toEqual({ 'ns/web/TCP': 'error', 'ns/db/TCP': 'programmed' });
    expect([...proxy.state.families[proxy.family].status.rows.values()][0]?.error).toBe('BUG: no way');
    expect(errors).toEqual(['service port could not be compiled']);
    expect(fake.dump()).toBe(await freshDump([web, webPods, db, dbPods], aNodeView()));
    expect(fake.dump()).not.toBe(before);

    broken.mockRestore();
    setNode(aNodeView({ zone: 'b' }));
    await sync();
    expect(states()).toEqual({ 'ns/web/TCP': 'programmed', 'ns/db/TCP': 'programmed' });
    expect(fake.dump()).toContain('--rcheck --seconds 60');
  });
});

describe('what a sync does', () => {
  it('looks at the kernel once, and then at what changed', async () => {
    const { put, sync, takeOperations } = open();
    put(web, webPods);
    expect(await sync()).toMatchObject({ complete: true, changedServicePorts: 1 });
    expect(takeOperations().map(({ verb }) => verb)).toEqual(['save', 'save', 'restore']);
    put(db, dbPods);
    expect(await sync()).toMatchObject({ complete: false, changedServicePorts: 1 });
    expect(takeOperations().map(({ verb }) => verb)).toEqual(['restore']);
  });

  it('is nothing when nothing changed', async () => {
    const { put, sync, takeOperations } = open();
    put(web, webPods);
    await sync();
    takeOperations();
    put(structuredClone(web), structuredClone(webPods), { ...webPods, lastChangeTriggerTimeMs: 5 });
    expect(await sync()).toMatchObject({
      ok: true,
      complete: false,
      changedServicePorts: 0,
    });
    expect(takeOperations()).toEqual([]);
  });

  it('is nothing after a restart', async () => {
    const { fake, put, sync } = open();
    put(web, webPods, db, dbPods);
    await sync();
    const restarted = open();
    restarted.put(web, webPods, db, dbPods);
    vi.spyOn(restarted.fake, 'save').mockImplementation(fake.save.bind(fake));
    expect(await restarted.sync()).toMatchObject({ ok: true, complete: true });
    expect(restarted.takeOperations()).toEqual([]);
  });

  it('looks at the whole kernel after a failure, and takes up what that left', async () => {
    const { fake, put, remove, sync, takeOperations } = open();
    put(web, webPods, db, dbPods);
    await sync();
    remove(web);
    vi.spyOn(fake, 'restore').mockRejectedValueOnce(REFUSED);
    await sync();
    takeOperations();
    expect(await sync()).toMatchObject({ ok: true, complete: true, changedServicePorts: 0 });
    expect(takeOperations().map(({ verb }) => verb)).toEqual(['save', 'save', 'restore']);
    expect(fake.dump()).toBe(await freshDump([db, dbPods], aNodeView()));
  });

  it('tells the trigger times of what it programmed, failed syncs included', async () => {
    const { fake, put, sync, triggerTimesMs } = open();
    put(web, { ...webPods, lastChangeTriggerTimeMs: 5 });
    vi.spyOn(fake, 'restore').mockRejectedValueOnce(REFUSED);
    for (const expected of [[], [5, 7], []]) {
      await sync();
      expect(triggerTimesMs()).toEqual(expected);
      put(db, { ...dbPods, lastChangeTriggerTimeMs: 7 });
    }
  });

  it('ends with the signal, and the next sync looks at the whole kernel', async () => {
    const { fake, proxy, put, sync } = open();
    put(web, webPods);
    await sync();
    put(db, dbPods);
    expect(await proxy.sync(AbortSignal.abort())).toMatchObject({ ok: false });
    expect(await sync()).toMatchObject({ ok: true, complete: true });
    expect(fake.dump()).toBe(await freshDump([web, webPods, db, dbPods], aNodeView()));
  });
});

describe('somebody else', () => {
  it.each([undefined, 'nat', 'filter'])(
    'wipes the tables (%s): the next sync brings everything back',
    async (table) => {
      const { fake, proxy, put, sync } = open();
      put(web, webPods, db, dbPods);
      await sync();
      const before = fake.dump();
      fake.wipe(table);
      await sync();
      expect(fake.dump()).not.toBe(before);
      proxy.forgetKernel();
      expect(await sync()).toMatchObject({ ok: true, complete: true });
      expect(fake.dump()).toBe(before);
    },
  );

  it('meddles while a sync is on: the one after it looks at everything', async () => {
    const { fake, proxy, put, sync } = open();
    put(web, webPods);
    await sync();
    put(db, dbPods);
    const restore = fake.restore.bind(fake);
    vi.spyOn(fake, 'restore').mockImplementationOnce(async (...args) => {
      await restore(...args);
      fake.wipe();
      proxy.forgetKernel();
    });
    await sync();
    expect(await sync()).toMatchObject({ ok: true, complete: true });
    expect(fake.dump()).toBe(await freshDump([web, webPods, db, dbPods], aNodeView()));
  });
});

describe('the node', () => {
  const objects = [
    {
      ...web,
      type: 'NodePort',
      externalTrafficPolicy: 'Local',
      ports: [{ ...web.ports[0], nodePort: 30_080 }],
    },
    aSlice({
      name: 'web-1',
      serviceName: 'web',
      endpoints: [
        { ip: '10.0.0.1', nodeName: 'node-a', zoneHints: ['a'] },
        { ip: '10.0.0.2', zoneHints: ['b'] },
      ],
    }),
  ].map((object) => (object.kind === 'Service' ? aService(object as Service) : (object as EndpointSlice)));
  const node = aNodeView({ zone: 'a', detectLocal: { by: 'cidr', cidr: '10.0.0.0/24' } });

  it.each<[string, Partial<NodeView>]>([
    ['zone', { zone: 'b' }],
    ['pod CIDR', { detectLocal: { by: 'cidr', cidr: '10.0.1.0/24' } }],
    ['own address', { ip: '203.0.113.9' }],
    ['addresses for NodePorts', { nodePortAddresses: ['203.0.113.9'] }],
  ])('changes its %s: all rules follow', async (_what, changed) => {
    const { fake, put, sync, setNode, takeOperations } = open({ node });
    put(...objects);
    await sync();
    takeOperations();
    setNode({ ...node, ...changed });
    expect(await sync()).toMatchObject({ ok: true, complete: false });
    expect(takeOperations().every(({ verb }) => verb === 'restore')).toBe(true);
    expect(fake.dump()).toBe(await freshDump(objects, { ...node, ...changed }));
  });

  it('changes in a sync that fails: the next one makes up for it', async () => {
    const { fake, put, sync, setNode } = open({ node });
    put(...objects);
    await sync();
    setNode({ ...node, zone: 'b' });
    vi.spyOn(fake, 'restore').mockRejectedValueOnce(REFUSED);
    await sync();
    await sync();
    expect(fake.dump()).toBe(await freshDump(objects, { ...node, zone: 'b' }));
  });

  it('knows other ServiceCIDRs: the plan is told, nothing is compiled, and iptables does nothing', async () => {
    const { backend, put, sync, setNode, takeOperations } = open({ node });
    put(...objects);
    await sync();
    takeOperations();
    const compile = vi.spyOn(backend, 'compile');
    const update = vi.spyOn(IptablesPlan.prototype, 'update');
    const changed = { ...node, serviceCIDRs: ['172.30.0.0/16'] };
    setNode(changed);
    expect(await sync()).toMatchObject({ ok: true, complete: false, changedServicePorts: 0 });
    expect(update.mock.calls).toEqual([[changed, new Map()]]);
    expect(compile).not.toHaveBeenCalled();
    expect(takeOperations()).toEqual([]);
    update.mockRestore();
  });

  it('looks the same: nothing is done', async () => {
    const { put, sync, setNode, takeOperations } = open({ node });
    put(...objects);
    await sync();
    takeOperations();
    setNode(structuredClone(node));
    expect(await sync()).toMatchObject({ ok: true, changedServicePorts: 0 });
    expect(takeOperations()).toEqual([]);
  });
});

/** Service number n with three pods of its own. */
function numbered(n: number): readonly [Service, EndpointSlice] {
  const [high, low] = [Math.floor(n / 250), (n % 250) + 1];
  return [
    aService({ name: `web-${n}`, clusterIPs: { IPv4: `172.30.${high}.${low}` } }),
    aSlice({
      name: `web-${n}-1`,
      serviceName: `web-${n}`,
      endpoints: [1, 2, 3].map((pod) => `10.${pod}.${high}.${low}`),
    }),
  ];
}

describe('among 300 Services', () => {
  async function openMany() {
    const opened = open();
    for (let n = 0; n < 300; n++) opened.put(...numbered(n));
    await opened.sync();
    opened.takeOperations();
    return opened;
  }

  /** Chains of one Service, to which pods belonged at some time. */
  function chainsOf(name: string, pods: readonly string[]): readonly string[] {
    const chains = Object.values(serviceChains(`ns/${name}`, 'tcp'));
    return [...chains, ...pods.map((pod) => endpointChain(`ns/${name}`, 'tcp', `${pod}:8080`))];
  }

  function namedChains(lines: readonly string[]): readonly string[] {
    return lines.flatMap((line) => line.match(/KUBE-[A-Z]+-[A-Z2-7]{16}/g) ?? []);
  }

  it('a changed endpoint costs one script that names chains of its Service alone', async () => {
    const { put, sync, takeOperations } = await openMany();
    const [, slice] = numbered(17);
    put({
      ...slice,
      endpoints: slice.endpoints.map((each, index) => (index === 0 ? { ...each, ip: '10.9.9.9' } : each)),
    });
    await sync();
    const operations = takeOperations();
    expect(operations.map(({ verb }) => verb)).toEqual(['restore']);
    const lines = operations.flatMap((operation) => operation.lines);
    const chains = chainsOf('web-17', ['10.1.0.18', '10.2.0.18', '10.3.0.18', '10.9.9.9']);
    expect(chains).toEqual(expect.arrayContaining([...namedChains(lines)]));
    expect(lines.length).toBeLessThan(20);
    expect(lines.join('\n')).not.toContain('KUBE-SERVICES');
  });

  it.each<[string, (n: Awaited<ReturnType<typeof openMany>>) => void, string, number]>([
    ['new', ({ put }) => put(...numbered(300)), 'web-300', 25],
    ['removed', ({ remove }) => remove(numbered(17)[0]), 'web-17', 15],
    ['without a pod', ({ remove }) => remove(numbered(18)[1]), 'web-18', 20],
  ])('a Service that is %s costs a few commands', async (_what, change, name, most) => {
    const opened = await openMany();
    change(opened);
    await opened.sync();
    const operations = opened.takeOperations();
    expect(operations.map(({ verb }) => verb)).toEqual(['restore']);
    const lines = operations.flatMap((operation) => operation.lines);
    expect(lines.length).toBeLessThan(most);
    const number = Number(name.slice('web-'.length));
    const pods = numbered(number)[1].endpoints.map(({ ip }) => ip);
    expect(chainsOf(name, pods)).toEqual(expect.arrayContaining([...namedChains(lines)]));
  });

  it('more than 1000 endpoints make a large cluster, and nothing is rewritten for that', async () => {
    const { fake, put, sync, takeOperations } = await openMany();
    const crowd = Array.from({ length: 200 }, (_, index) => `10.8.0.${index + 1}`);
    put(
      { ...db, clusterIPs: { IPv4: '172.30.9.1' } },
      { ...dbPods, endpoints: crowd.map((ip) => aSliceEndpoint({ ip })) },
    );
    await sync();
    const lines = takeOperations().flatMap((operation) => operation.lines);
    expect(chainsOf('db', crowd)).toEqual(expect.arrayContaining([...namedChains(lines)]));
    expect(lines.some((line) => line.includes('ns/db -> '))).toBe(false);
    expect(fake.dump()).toContain('"ns/web-17 -> 10.1.0.18:8080"');
  });
});

describe('a kernel that takes some changes and refuses others', () => {
  it('leaves the refused service port in error and tries it again, and the others are programmed', async () => {
    const { backend, proxy, put, sync, states, remove } = open();
    const apply = vi.spyOn(backend, 'apply');
    apply.mockImplementationOnce(async () => ({ refused: [{ servicePort: 'ns/db/TCP', error: REFUSED }] }));
    put(web, webPods, db, dbPods);
    expect(await sync()).toMatchObject({ ok: true, refused: [{ servicePort: 'ns/db/TCP' }] });
    expect(states()).toEqual({ 'ns/web/TCP': 'programmed', 'ns/db/TCP': 'error' });

    // What the kernel holds is looked at anew, since nobody knows what became of a refused change.
    expect(await sync()).toMatchObject({ ok: true, refused: [], complete: true });
    expect(states()).toEqual({ 'ns/web/TCP': 'programmed', 'ns/db/TCP': 'programmed' });

    apply.mockImplementationOnce(async () => ({ refused: [{ servicePort: 'ns/db/TCP', error: REFUSED }] }));
    remove(db);
    await sync();
    expect(
      [...proxy.state.families[proxy.family].status.rows.values()].map(({ servicePort }) => servicePort),
    ).toEqual(['ns/web/TCP']);
  });
});

describe('a watch', () => {
  it('looks and edits between syncs, never while one is under way', async () => {
    const { fake, backend, proxy, put, sync } = open();
    const log: string[] = [];
    const restore = fake.restore.bind(fake);
    vi.spyOn(fake, 'restore').mockImplementation(async (...args) => {
      log.push('restore begins');
      await nextTurn();
      await restore(...args);
      log.push('restore ends');
    });
    vi.spyOn(backend, 'watch').mockImplementation(async ({ inTurn }) => {
      await inTurn(async () => {
        log.push('look begins');
        put(db, dbPods);
        await nextTurn();
        log.push('look ends');
      });
    });
    put(web, webPods);
    const first = sync();
    const watched = proxy.watch(() => undefined, signal);
    await Promise.all([first, watched, sync()]);
    const restored = ['restore begins', 'restore ends'];
    expect(log).toEqual([...restored, 'look begins', 'look ends', ...restored]);
  });

  /** A backend that notices nothing. */
  async function openUnwatched() {
    const opened = open({ compareEveryMs: 20 });
    const { backend, put, sync, proxy } = opened;
    vi.spyOn(backend, 'watch').mockImplementation(({ inTurn }, signal) =>
      inTurn(async () => undefined).then(() => untilAborted(signal)),
    );
    put(web, webPods);
    await sync();
    const stop = new AbortController();
    const drifts: (string | undefined)[] = [];
    const drifted = (what?: string) => {
      drifts.push(what);
      proxy.forgetKernel();
    };
    const watching = proxy.watch(drifted, stop.signal);
    const observed = vi.spyOn(backend, 'observe');
    const end = async () => {
      stop.abort();
      await watching;
    };
    return { ...opened, drifts, observed, [Symbol.asyncDispose]: end };
  }

  it('compares everything now and then, and says what it takes to repair it', async () => {
    await using proxy = await openUnwatched();
    const before = proxy.fake.dump();
    await vi.waitFor(() => expect(proxy.observed.mock.calls.length).toBeGreaterThan(2));
    expect(proxy.drifts).toEqual([]);
    proxy.fake.meddle('*nat\n-F KUBE-MARK-MASQ\nCOMMIT\n');
    const told =
      'unnoticed until the periodic comparison, to repair: ' +
      '*nat, :KUBE-MARK-MASQ - [0:0], -A KUBE-MARK-MASQ -j MARK --or-mark 0x00004000, COMMIT';
    await vi.waitFor(() => expect(proxy.drifts).toEqual([told]));
    expect(await proxy.sync()).toMatchObject({ ok: true, complete: true });
    expect(proxy.fake.dump()).toBe(before);
  });

  it('leaves it to a sync to say that the kernel can’t be read', async () => {
    await using proxy = await openUnwatched();
    proxy.observed.mockRejectedValueOnce(REFUSED);
    await vi.waitFor(() => expect(proxy.drifts).toEqual([undefined]));
    expect(await proxy.sync()).toMatchObject({ ok: true, complete: true });
  });
});
