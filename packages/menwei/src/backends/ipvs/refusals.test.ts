/** What a Service costs that the kernel refuses for good: itself alone. */

import { KernelError } from '@menwei/netlink';
import { type Frontend, formatFrontend, type IpvsEdit } from '@menwei/netlink/ipvs';
import { openBackend } from '@menwei/testing/backends/ipvs/laws.ts';
import { FakeIpSets } from '@menwei/testing/kernel/ip-set.ts';
import { FakeIptables } from '@menwei/testing/kernel/iptables.ts';
import { FakeIpvs } from '@menwei/testing/kernel/ipvs.ts';
import { FakeLinks } from '@menwei/testing/kernel/links.ts';
import { aNodeView, aService, aSlice } from '@menwei/testing/services/testing.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Logger, silentLogger } from '../../log/logger.ts';
import { FamilyProxy } from '../../proxy/family-proxy.ts';
import { State } from '../../state/state.ts';

const signal = new AbortController().signal;
const TAKEN = { family: 'IPv4', protocol: 'TCP', ip: '203.0.113.7', port: 80 } as const satisfies Frontend;
const NODE = aNodeView();

/** Everything that is asked of the kernel is counted. */
function open() {
  const tools = new FakeIptables({ hasSet: () => true });
  const kernel = { tools, sets: new FakeIpSets(), ipvs: new FakeIpvs(), links: new FakeLinks() };
  const looks = [
    vi.spyOn(kernel.ipvs, 'observeServers'),
    vi.spyOn(kernel.sets, 'observe'),
    vi.spyOn(kernel.links, 'observeAddresses'),
    vi.spyOn(tools, 'save'),
  ];
  const warnings: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (_fields, message) => void warnings.push(message) };
  const backend = openBackend(kernel, 'IPv4', { logger });
  const state = new State(NODE.name);
  const proxy = new FamilyProxy({
    backend,
    state,
    startedAtMs: 0,
    nodeView: () => NODE,
    logger: silentLogger,
  });
  return {
    ...kernel,
    put(name: string, number: number, externalIPs: readonly string[], ...pods: readonly string[]) {
      state.objects.put(aService({ name, clusterIPs: { IPv4: `172.30.0.${number}` }, externalIPs }));
      state.objects.put(aSlice({ name: `${name}-1`, serviceName: name, endpoints: pods }));
    },
    remove: (name: string) => state.objects.delete({ kind: 'Service', namespace: 'ns', name: name }),
    sync: () => proxy.sync(signal),
    status: () =>
      Object.fromEntries(
        [...state.families.IPv4.status.rows.values()].map(({ servicePort, state, error = '' }) => [
          servicePort,
          `${state} ${error}`.trim(),
        ]),
      ),
    /** Edits of virtual servers and destinations, and looks at everything, since the last call. */
    takeCosts: () => ({
      edits: kernel.ipvs.batches
        .splice(0)
        .flat()
        .map(({ change }) => change),
      looks: looks.map((look) => look.mock.calls.splice(0).length).reduce((a, b) => a + b),
    }),
    servers: () => [...kernel.ipvs.dump().keys()],
    warnings: () => warnings,
  };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a Service one of whose virtual servers somebody else has', () => {
  async function openRefusing() {
    const opened = open();
    opened.ipvs.meddle({
      change: 'add-server',
      server: { frontend: TAKEN, scheduler: 'wlc', flags: 0, timeoutSeconds: 0 },
    });
    opened.put('web', 1, [], '10.0.0.1');
    await opened.sync();
    opened.put('db', 2, [TAKEN.ip], '10.0.0.2');
    opened.takeCosts();
    expect(await opened.sync()).toMatchObject({ ok: true, refused: [{ servicePort: 'ns/db/TCP' }] });
    expect(opened.takeCosts()).toEqual({ edits: ['add-server', 'add-destination'], looks: 0 });
    return opened;
  }

  it('has all the rest, is in error, and what it lacks is tried by itself', async () => {
    const { ipvs, sync, takeCosts, status, servers } = await openRefusing();
    expect(servers()).toContain('TCP 172.30.0.2:80');
    expect(status()).toEqual({
      'ns/web/TCP': 'programmed',
      'ns/db/TCP': expect.stringMatching(/^error .*this virtual server belongs to another program/),
    });
    vi.advanceTimersByTime(1_000);
    expect(await sync()).toMatchObject({ ok: true, complete: false, retryInMs: 2_000 });
    expect(takeCosts()).toEqual({ edits: [], looks: 0 });
    ipvs.meddle({ change: 'remove-server', frontend: TAKEN });
    vi.advanceTimersByTime(2_000);
    expect(await sync()).toMatchObject({ ok: true, complete: false, retryInMs: undefined });
    expect(takeCosts()).toEqual({ edits: ['add-server', 'add-destination'], looks: 0 });
    expect(status()).toEqual({ 'ns/web/TCP': 'programmed', 'ns/db/TCP': 'programmed' });
  });

  it('costs other changes nothing', async () => {
    const { put, sync, takeCosts } = await openRefusing();
    for (const pod of ['10.0.0.3', '10.0.0.4', '10.0.0.5']) {
      put('web', 1, [], '10.0.0.1', pod);
      expect(await sync()).toMatchObject({ ok: true, complete: false, refused: [] });
      expect(takeCosts().looks).toBe(0);
    }
  });

  it('goes without a trace, and leaves alone what is not its own', async () => {
    const { remove, sync, takeCosts, servers } = await openRefusing();
    remove('db');
    expect(await sync()).toMatchObject({ ok: true, complete: false, refused: [], retryInMs: undefined });
    expect(takeCosts().looks).toBe(0);
    expect(servers().sort()).toEqual(['TCP 172.30.0.1:80', formatFrontend(TAKEN)]);
  });
});

describe('a Service whose scheduler, destination or address is refused', () => {
  const refusal = { operation: 'add', object: 'it', detail: 'no such luck' };

  function refuseEdits(ipvs: FakeIpvs, isRefused: (edit: IpvsEdit) => boolean): void {
    const apply = ipvs.apply.bind(ipvs);
    vi.spyOn(ipvs, 'apply').mockImplementation(async (edits, until) => {
      const refused = edits.filter(isRefused).map((edit) => ({ edit, error: new KernelError(refusal) }));
      const others = edits.filter((edit) => !isRefused(edit));
      return [...refused, ...(await apply(others, until))];
    });
  }

  it.each<[string, (opened: ReturnType<typeof open>) => void]>([
    [
      'destination',
      ({ ipvs }) =>
        refuseEdits(ipvs, (edit) => edit.change === 'add-destination' && edit.destination.ip === '10.0.0.2'),
    ],
    [
      'virtual server',
      ({ ipvs }) =>
        refuseEdits(
          ipvs,
          (edit) =>
            edit.change === 'add-server' && formatFrontend(edit.server.frontend) === 'TCP 172.30.0.2:80',
        ),
    ],
    [
      'address',
      ({ links }) => {
        const apply = links.applyAddresses.bind(links);
        vi.spyOn(links, 'applyAddresses').mockImplementation(async (name, edits, until) => {
          const refused = edits.filter(({ ip }) => ip === '172.30.0.2');
          const rest = edits.filter(({ ip }) => ip !== '172.30.0.2');
          await apply(name, rest, until);
          return refused.map((edit) => ({ edit, error: new KernelError(refusal) }));
        });
      },
    ],
  ])('(%s) is in error and tried again by itself until it is taken', async (_what, refuse) => {
    const opened = open();
    const { put, sync, takeCosts, status } = opened;
    put('web', 1, [], '10.0.0.1');
    await sync();
    refuse(opened);
    put('db', 2, [], '10.0.0.2');
    takeCosts();
    await sync();
    expect(status()).toEqual({ 'ns/web/TCP': 'programmed', 'ns/db/TCP': 'error add it: no such luck' });
    vi.advanceTimersByTime(1_000);
    expect(await sync()).toMatchObject({ ok: true, complete: false, retryInMs: 2_000 });
    put('web', 1, [], '10.0.0.1', '10.0.0.3');
    expect(await sync()).toMatchObject({ ok: true, complete: false, refused: [] });
    expect(takeCosts().looks).toBe(0);
    vi.restoreAllMocks();
    vi.advanceTimersByTime(2_000);
    expect(await sync()).toMatchObject({ ok: true, complete: false, refused: [], retryInMs: undefined });
    expect(status()).toEqual({ 'ns/web/TCP': 'programmed', 'ns/db/TCP': 'programmed' });
  });
});

describe('a virtual server that somebody removed', () => {
  const WEB = { family: 'IPv4', protocol: 'TCP', ip: '172.30.0.1', port: 80 } as const satisfies Frontend;

  it.each<[string, (opened: ReturnType<typeof open>) => void]>([
    ['an endpoint comes', ({ put }) => put('web', 1, [], '10.0.0.1', '10.0.0.2')],
    ['a frontend and an endpoint come', ({ put }) => put('web', 1, [TAKEN.ip], '10.0.0.1', '10.0.0.2')],
  ])('is made again at once when %s', async (_what, change) => {
    const opened = open();
    const { ipvs, put, sync, status, takeCosts } = opened;
    put('web', 1, [], '10.0.0.1');
    await sync();
    ipvs.meddle({ change: 'remove-server', frontend: WEB });
    change(opened);
    takeCosts();
    expect(await sync()).toMatchObject({ ok: true, refused: [], retryInMs: undefined });
    expect(ipvs.dump().get(formatFrontend(WEB))?.destinations.size).toBe(2);
    expect(status()).toEqual({ 'ns/web/TCP': 'programmed' });
    expect(opened.warnings()).toEqual([
      'drift: changed by another program: virtual server TCP 172.30.0.1:80 was removed; resyncing',
    ]);
  });

  it('again and again is looked at once for each change', async () => {
    const { ipvs, put, sync, status } = open();
    put('web', 1, [], '10.0.0.1');
    await sync();
    const apply = ipvs.apply.bind(ipvs);
    vi.spyOn(ipvs, 'apply').mockImplementation(async (edits, until) => {
      const isThere = ipvs.dump().has(formatFrontend(WEB));
      if (isThere) ipvs.meddle({ change: 'remove-server', frontend: WEB });
      return apply(edits, until);
    });
    put('web', 1, [], '10.0.0.1', '10.0.0.2');
    const refusal = { servicePort: 'ns/web/TCP' };
    expect(await sync()).toMatchObject({ ok: true, refused: [refusal, refusal] });
    expect(status()).toEqual({ 'ns/web/TCP': expect.stringContaining('error') });
    vi.restoreAllMocks();
    vi.advanceTimersByTime(1_000);
    expect(await sync()).toMatchObject({ ok: true, complete: true, refused: [], retryInMs: undefined });
    expect(ipvs.dump().get(formatFrontend(WEB))?.destinations.size).toBe(2);
    expect(status()).toEqual({ 'ns/web/TCP': 'programmed' });
  });
});
