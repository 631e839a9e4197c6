/**
 * What the ipvs mode keeps beside the laws of every mode (../laws.ts), on whatever kernel it is given: the fake and the
 * real one pass the same suite. Only tests import this file.
 */

import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import type { IptablesTools } from '@menwei/kernel/iptables-tools.ts';
import type { IpSetClient } from '@menwei/netlink/ipset';
import type { Frontend, IpvsClient, VirtualServer } from '@menwei/netlink/ipvs';
import type { LinkClient } from '@menwei/netlink/route';
import fc from 'fast-check';
import { IpvsBackend, type IpvsBackendOptions } from 'menwei/backends/ipvs/backend.ts';
import { LAYOUT } from 'menwei/backends/ipvs/base.ts';
import { DEVICE } from 'menwei/backends/ipvs/names.ts';
import { KernelRules } from 'menwei/backends/xtables/kernel.ts';
import { silentLogger } from 'menwei/log/logger.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { saved } from '../../kernel/iptables-laws.ts';
import { ADDRESSES, type World, worlds } from '../../services/arbitraries.ts';
import { aNodeView, anEndpoint, aServicePort } from '../../services/testing.ts';
import { describeLaws, fillPlan, install, remainder, updatePlan } from '../laws.ts';

const signal = new AbortController().signal;

/** All that the mode has to do with. */
export interface IpvsKernel {
  readonly ipvs: IpvsClient;
  readonly sets: IpSetClient;
  readonly links: LinkClient;
  readonly tools: IptablesTools;
}

export function openBackend(
  { ipvs, sets, links, tools }: IpvsKernel,
  family: IpFamily,
  options: Partial<IpvsBackendOptions> = {},
): IpvsBackend {
  const watchPeriodMs = 1_000;
  return new IpvsBackend({
    family,
    masqueradeMark: 1 << 14,
    masqueradeAll: false,
    answeredVIPs: 'pools',
    scheduler: 'rr',
    ipvs,
    sets,
    links,
    rules: new KernelRules({ tools, layout: LAYOUT, family, logger: silentLogger, watchPeriodMs }),
    logger: silentLogger,
    watchPeriodMs,
    drainTimeoutMs: 60_000,
    answerMs: 0,
    excludeCIDRs: [],
    localAddresses: () => [],
    ...options,
  });
}

export interface LawsOptions {
  /** One that holds nothing of ours. */
  readonly openKernel: (family: IpFamily) => Promise<IpvsKernel>;
  /** How many random cases each law is tried on, and which. */
  readonly runs: { readonly numRuns: number; readonly seed?: number };
}

export function describeIpvsLaws(title: string, { openKernel, runs }: LawsOptions): void {
  describeLaws(`ipvs mode on ${title}`, { openKernel, openBackend, runs });

  describe.each(IP_FAMILIES)(`ipvs mode on ${title}, %s`, (family) => {
    const { pod, service } = ADDRESSES[family];
    const elsewhere = family === 'IPv4' ? '203.0.113.' : 'fd00:203::';
    let kernel: IpvsKernel;
    let backend: IpvsBackend;

    async function openEmpty(): Promise<void> {
      kernel = await openKernel(family);
      backend = openBackend(kernel, family);
    }
    beforeEach(openEmpty);

    function frontend(ip: string, port = 80): Frontend {
      return { family, protocol: 'TCP', ip, port };
    }

    async function addForeign(at: Frontend): Promise<VirtualServer> {
      const server: VirtualServer = { frontend: at, scheduler: 'wlc', flags: 0, timeoutSeconds: 0 };
      expect(await kernel.ipvs.apply([{ change: 'add-server', server }], signal)).toEqual([]);
      const destination = { ip: `${pod}99`, port: 99, weight: 9, forwarding: 'masquerade' } as const;
      await kernel.ipvs.apply([{ change: 'add-destination', frontend: at, destination }], signal);
      return server;
    }

    async function servers(): Promise<readonly Frontend[]> {
      return (await kernel.ipvs.observeServers(family, signal)).map((server) => server.frontend);
    }

    const web = aServicePort({
      clusterIP: `${service}1`,
      externalIPs: [`${elsewhere}1`],
      endpoints: [anEndpoint({ ip: `${pod}10` })],
    });
    const world: World = { node: aNodeView({ family }), ports: new Map([[web.key, web]]) };

    it('leaves virtual servers of others alone, through changes and clean-up', async () => {
      const foreign = await addForeign(frontend(`${elsewhere}77`, 8080));
      await install(backend, fillPlan(backend, world));
      expect((await servers()).length).toBe(3);
      await install(backend, fillPlan(backend, { ...world, ports: new Map() }));
      expect(await servers()).toEqual([foreign.frontend]);
      await backend.cleanup(signal);
      expect(await kernel.ipvs.observeServers(family, signal)).toEqual([foreign]);
      expect(await kernel.ipvs.observeDestinations(foreign.frontend, signal)).toMatchObject([{ weight: 9 }]);
    });

    it('is refused what somebody else has, says whose it was, and does all the rest', async () => {
      const foreign = await addForeign(frontend(`${elsewhere}1`));
      const plan = fillPlan(backend, world);
      const changes = backend.diff(await backend.observe(signal), plan.complete());
      expect(await backend.apply(changes, signal)).toMatchObject({
        refused: [
          { servicePort: web.key, error: { message: expect.stringContaining('belongs to another program') } },
        ],
      });
      expect(await servers()).toEqual(expect.arrayContaining([frontend(`${service}1`), foreign.frontend]));
      expect(await kernel.ipvs.observeDestinations(foreign.frontend, signal)).toMatchObject([{ weight: 9 }]);
    });

    it('takes back what a proxy before it has left, and nothing else', async () => {
      await install(backend, fillPlan(backend, world));
      const next = openBackend(kernel, family);
      await install(next, fillPlan(next, { ...world, ports: new Map() }));
      expect(await servers()).toEqual([]);
    });

    it('takes kube-proxy’s NodePorts for its own where no ledger is, and drops what nobody wants', async () => {
      const local = [`${elsewhere}200`];
      const shape = { name: family === 'IPv4' ? 'KUBE-NODE-PORT-TCP' : 'KUBE-6-NODE-PORT-TCP' };
      await kernel.sets.apply(
        [
          { change: 'create', shape: { ...shape, type: 'bitmap:port', family, maxEntries: 65_536 } },
          {
            change: 'add',
            shape: { ...shape, type: 'bitmap:port', family, maxEntries: 65_536 },
            entries: ['30080'],
          },
        ],
        signal,
      );
      await addForeign(frontend(`${elsewhere}200`, 30_080));
      const theirs = await addForeign(frontend(`${elsewhere}200`, 9_090));
      const successor = openBackend(kernel, family, { localAddresses: () => local });
      await install(successor, fillPlan(successor, { ...world, ports: new Map() }));
      expect(await servers()).toEqual([theirs.frontend]);
    });

    it('leaves nothing behind after cleanup', async () => {
      await fc.assert(
        fc.asyncProperty(worlds(family), async (some) => {
          await openEmpty();
          await install(backend, fillPlan(backend, some));
          await backend.cleanup(signal);
          expect(await servers()).toEqual([]);
          expect(kernel.links.hasLink(DEVICE)).toBe(false);
          const sets = [...(await kernel.sets.observeSizes(signal)).keys()];
          expect(sets.filter((name) => /^(KUBE|MENWEI)-/.test(name))).toEqual([]);
          const rules = [...(await saved(kernel.tools, 'filter')), ...(await saved(kernel.tools, 'nat'))];
          expect(rules.filter((line) => line.includes('KUBE-'))).toEqual([]);
        }),
        runs,
      );
    });

    it('repairs what somebody else did to any part', async () => {
      const plan = fillPlan(backend, world);
      await install(backend, plan);
      const [vip = ''] = [`${service}1`];
      const text = family === 'IPv4' ? 'KUBE-CLUSTER-IP' : 'KUBE-6-CLUSTER-IP';
      const shape = { name: text, type: 'hash:ip,port', family, maxEntries: 1 << 20 } as const;
      const destination = { ip: `${pod}10`, port: 8080, weight: 7, forwarding: 'direct' } as const;
      const deeds: readonly (() => Promise<unknown>)[] = [
        () => kernel.ipvs.apply([{ change: 'remove-server', frontend: frontend(vip) }], signal),
        () =>
          kernel.ipvs.apply([{ change: 'set-destination', frontend: frontend(vip), destination }], signal),
        () =>
          kernel.ipvs.apply([{ change: 'remove-destination', frontend: frontend(vip), destination }], signal),
        () => kernel.sets.apply([{ change: 'remove', shape, entries: [`${vip},tcp:80`] }], signal),
        () => kernel.sets.apply([{ change: 'add', shape, entries: [`${elsewhere}3,udp:1`] }], signal),
        () => kernel.links.applyAddresses(DEVICE, [{ change: 'remove', ip: vip }], signal),
        async () => kernel.links.removeLink(DEVICE),
      ];
      for (const deed of deeds) {
        await deed();
        expect(await remainder(backend, plan)).not.toBe('');
        await install(backend, plan);
        expect(await remainder(backend, plan)).toBe('');
      }
    });

    it('drains: what is not wanted any more and has no connection goes at once', async () => {
      const plan = fillPlan(backend, world);
      await install(backend, plan);
      const other = { ...web, endpoints: [anEndpoint({ ip: `${pod}11` })] };
      const { before, after } = updatePlan(backend, plan, world, {
        ...world,
        ports: new Map([[web.key, other]]),
      });
      await backend.apply(backend.diff(before, after), signal);
      expect(await kernel.ipvs.observeDestinations(frontend(`${service}1`), signal)).toMatchObject([
        { ip: `${pod}11`, weight: 1 },
      ]);
      expect(await remainder(backend, plan)).toBe('');
    });
  });
}
