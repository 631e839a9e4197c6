import type { Destination, Frontend } from '@menwei/netlink/ipvs';
import { openBackend } from '@menwei/testing/backends/ipvs/laws.ts';
import { fillPlan, install, updatePlan } from '@menwei/testing/backends/laws.ts';
import { FakeIpSets } from '@menwei/testing/kernel/ip-set.ts';
import { FakeIptables } from '@menwei/testing/kernel/iptables.ts';
import { FakeIpvs } from '@menwei/testing/kernel/ipvs.ts';
import { FakeLinks } from '@menwei/testing/kernel/links.ts';
import type { World } from '@menwei/testing/services/arbitraries.ts';
import { aNodeView, anEndpoint, aServicePort } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import { DEVICE } from './names.ts';
import { setShape } from './sets.ts';

const signal = new AbortController().signal;
const WEB: Frontend = { family: 'IPv4', protocol: 'TCP', ip: '172.30.0.1', port: 80 };
const POD: Destination = { ip: '10.0.0.1', port: 8080, weight: 1, forwarding: 'masquerade' };

/** A Service with two endpoints in a kernel that is being watched. */
async function openWatched() {
  const tools = new FakeIptables({ family: 'IPv4', hasSet: () => true });
  const kernel = { tools, sets: new FakeIpSets(), ipvs: new FakeIpvs(), links: new FakeLinks() };
  const backend = openBackend(kernel, 'IPv4', { watchPeriodMs: 20 });
  const web = aServicePort({
    endpoints: [anEndpoint(), anEndpoint({ ip: '10.0.0.2' })],
  });
  const world: World = { node: aNodeView(), ports: new Map([[web.key, web]]) };
  const plan = fillPlan(backend, world);
  await install(backend, plan);
  const stop = new AbortController();
  const drifts: string[] = [];
  const ended = backend.watch(
    {
      drifted: (what = '') => drifts.push(what),
      inTurn: (work) => work(),
      left: () => plan,
    },
    stop.signal,
  );
  return {
    ...kernel,
    drifts,
    async change(endpoints: readonly string[]) {
      const next = { ...web, endpoints: endpoints.map((ip) => anEndpoint({ ip })) };
      const { before, after } = updatePlan(backend, plan, world, {
        ...world,
        ports: new Map([[web.key, next]]),
      });
      expect(await backend.apply(backend.diff(before, after), signal)).toBe('applied');
    },
    destinations: () => kernel.ipvs.observeDestinations(WEB, signal),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
    },
  };
}

type Kernel = Awaited<ReturnType<typeof openWatched>>;

describe('what somebody else does is noticed', () => {
  it.each<[string, (kernel: Kernel) => unknown, RegExp]>([
    [
      'a virtual server removed',
      ({ ipvs }) => ipvs.meddle({ change: 'remove-server', frontend: WEB }),
      /1 virtual servers were removed/,
    ],
    [
      'a virtual server changed',
      ({ ipvs }) =>
        ipvs.meddle({
          change: 'set-server',
          server: { frontend: WEB, scheduler: 'wlc', flags: 0, timeoutSeconds: 0 },
        }),
      /TCP 172.30.0.1:80 was changed/,
    ],
    [
      'a destination removed',
      ({ ipvs }) => ipvs.meddle({ change: 'remove-destination', frontend: WEB, destination: POD }),
      /destinations of TCP 172.30.0.1:80 were removed/,
    ],
    [
      'a destination added',
      ({ ipvs }) =>
        ipvs.meddle({ change: 'add-destination', frontend: WEB, destination: { ...POD, port: 9 } }),
      /10.0.0.1:9 of TCP 172.30.0.1:80 was added/,
    ],
    [
      'a weight changed',
      ({ ipvs }) =>
        ipvs.meddle({ change: 'set-destination', frontend: WEB, destination: { ...POD, weight: 5 } }),
      /10.0.0.1:8080 of TCP 172.30.0.1:80 was changed/,
    ],
    [
      'a destination taken out of service',
      ({ ipvs }) =>
        ipvs.meddle({ change: 'set-destination', frontend: WEB, destination: { ...POD, weight: 0 } }),
      /10.0.0.1:8080 of TCP 172.30.0.1:80 was changed/,
    ],
    [
      'a member of a set removed',
      ({ sets }) =>
        sets.meddle([
          {
            change: 'remove',
            shape: setShape('KUBE-CLUSTER-IP', 'IPv4'),
            entries: ['172.30.0.1,tcp:80'],
          },
        ]),
      /set KUBE-CLUSTER-IP was changed/,
    ],
    [
      'a set destroyed',
      ({ sets }) => sets.meddle([{ change: 'destroy', name: 'KUBE-CLUSTER-IP' }]),
      /set KUBE-CLUSTER-IP was destroyed/,
    ],
    [
      'an address removed',
      ({ links }) => links.applyAddresses(DEVICE, [{ change: 'remove', ip: '172.30.0.1' }], signal),
      /address 172.30.0.1 was removed/,
    ],
    ['the interface deleted', ({ links }) => links.removeLink(DEVICE), /interface kube-ipvs0 was deleted/],
    ['the rules flushed', ({ tools }) => tools.wipe('nat'), /another program changed iptables rules in /],
  ])('%s', async (_what, deed, expected) => {
    await using kernel = await openWatched();
    await deed(kernel);
    await expect.poll(() => kernel.drifts[0]).toMatch(expected);
  });

  it('but not what somebody else has of their own, nor what changes by itself', async () => {
    await using kernel = await openWatched();
    const theirs: Frontend = { ...WEB, ip: '203.0.113.5' };
    kernel.ipvs.meddle({
      change: 'add-server',
      server: { frontend: theirs, scheduler: 'rr', flags: 0, timeoutSeconds: 0 },
    });
    kernel.ipvs.setConnections(WEB, POD, { activeConnections: 1 });
    await kernel.change(['10.0.0.2']);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(kernel.drifts).toEqual([]);
    expect(await kernel.destinations()).toMatchObject([{ weight: 0 }, { ip: '10.0.0.2', weight: 1 }]);
    kernel.ipvs.setConnections(WEB, POD, { activeConnections: 0 });
    await expect.poll(kernel.destinations).toMatchObject([{ ip: '10.0.0.2' }]);
    expect(kernel.drifts).toEqual([]);
  });
});
