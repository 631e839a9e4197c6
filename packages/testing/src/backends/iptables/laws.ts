/**
 * What the iptables mode keeps beside the laws of every mode (../laws.ts), on whatever kernel it is given: the fake and
 * the real one pass the same suite. Only tests import this file.
 */

import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import type { IptablesTools } from '@menwei/kernel/iptables-tools.ts';
import fc from 'fast-check';
import { IptablesBackend, type IptablesBackendOptions } from 'menwei/backends/iptables/backend.ts';
import { silentLogger } from 'menwei/log/logger.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { saved } from '../../kernel/iptables-laws.ts';
import { ADDRESSES, histories, type World, worlds } from '../../services/arbitraries.ts';
import { aNodeView, anEndpoint, aServicePort } from '../../services/testing.ts';
import { describeLaws, fillPlan, install, remainder, updatePlan } from '../laws.ts';

const signal = new AbortController().signal;

/** The backend of a family with all features but accounting, unless told otherwise. */
export function openBackend(
  tools: IptablesTools,
  family: IpFamily,
  options: Partial<IptablesBackendOptions> = {},
): IptablesBackend {
  return new IptablesBackend({
    family,
    tools,
    logger: silentLogger,
    watchPeriodMs: 1_000,
    masqueradeMark: 1 << 14,
    masqueradeAll: false,
    answeredVIPs: 'pools',
    localhostNodePorts: family === 'IPv4',
    conntrackLiberal: false,
    accounting: [],
    ...options,
  });
}

interface LawsOptions {
  /** The tools of a kernel without any rule. */
  readonly openKernel: (family: IpFamily) => Promise<IptablesTools>;
  /** How many random cases each law is tried on, and which. */
  readonly runs: { readonly numRuns: number; readonly seed?: number };
}

export function describeIptablesLaws(title: string, { openKernel, runs }: LawsOptions): void {
  describeLaws(`iptables mode on ${title}`, { openKernel, openBackend, runs });

  describe.each(IP_FAMILIES)(`iptables mode on ${title}, %s`, (family) => {
    let tools: IptablesTools;
    let backend: IptablesBackend;

    async function openEmpty(): Promise<void> {
      tools = await openKernel(family);
      backend = openBackend(tools, family);
    }
    beforeEach(openEmpty);

    async function rules(): Promise<readonly string[]> {
      return [...(await saved(tools, 'filter')), ...(await saved(tools, 'nat'))];
    }

    it('holds the same rules after single changes as after all at once', async () => {
      await fc.assert(
        fc.asyncProperty(histories(family), async (history) => {
          await openEmpty();
          const plan = backend.plan();
          await install(backend, plan);
          for (const [index, world] of history.entries()) {
            const { before, after } = updatePlan(backend, plan, history[index - 1], world);
            await backend.apply(backend.diff(before, after), signal);
          }
          expect(await remainder(backend, plan)).toBe('');
          const bySingleChanges = await rules();
          const last = history.at(-1);
          if (last === undefined) throw new Error('BUG: a history without a world');
          await openEmpty();
          await install(backend, fillPlan(backend, last));
          expect(bySingleChanges).toEqual(await rules());
        }),
        runs,
      );
    });

    it('chooses evenly among 120 endpoints, and knows it again', async () => {
      const { plan } = await installWide(false);
      expect(await remainder(backend, plan)).toBe('');
    });

    it('does not rewrite the rules of a cluster that became large, which go without comments', async () => {
      const { world } = await installWide(false);
      const large = fillPlan(backend, { ...world, node: { ...world.node, largeCluster: true } });
      expect(await remainder(backend, large)).toBe('');
    });

    async function installWide(largeCluster: boolean) {
      const { pod, service } = ADDRESSES[family];
      const endpoints = Array.from({ length: 120 }, (_, n) => anEndpoint({ ip: `${pod}${n + 10}` }));
      const port = aServicePort({
        clusterIP: `${service}1`,
        sessionAffinitySeconds: 60,
        endpoints: endpoints.sort((a, b) => (a.text < b.text ? -1 : 1)),
      });
      const world: World = { node: aNodeView({ family, largeCluster }), ports: new Map([[port.key, port]]) };
      const plan = fillPlan(backend, world);
      await install(backend, plan);
      return { world, plan };
    }

    it.each([
      ['filter', 'KUBE-SERVICES', '-p tcp -m tcp --dport 80 -m comment --comment blocked -j DROP'],
      ['filter', 'KUBE-SERVICES', '-m comment --comment "not ours" -p udp -j ACCEPT'],
      ['filter', 'KUBE-FORWARD', '-m conntrack ! --ctstate NEW -m mark ! --mark 0x1/0x1 -j DROP'],
      ['filter', 'KUBE-FORWARD', '-j REJECT --reject-with icmp-host-prohibited'],
      ['nat', 'KUBE-SERVICES', '-m comment --comment "x" -m addrtype ! --dst-type LOCAL -j RETURN'],
      ['nat', 'KUBE-NODEPORTS', '-p tcp -m tcp --dport 80:90 -j MARK --set-xmark 0x1/0x3'],
      ['nat', 'KUBE-POSTROUTING', '-m statistic --mode random --probability 0.4 -j RETURN'],
      ['nat', 'KUBE-MARK-MASQ', '-m recent --set --name other --rdest -j RETURN'],
    ])('takes a rule of somebody else out of %s %s: %s', async (table, chain, rule) => {
      const { plan } = await installWide(false);
      const before = await rules();
      const written = family === 'IPv6' ? rule.replace('icmp-host', 'icmp6-adm') : rule;
      await tools.restore([`*${table}\n-I ${chain} ${written}\nCOMMIT\n`], signal);
      expect(await rules()).not.toEqual(before);
      await install(backend, plan);
      expect(await rules()).toEqual(before);
    });

    it('leaves nothing behind after cleanup but what the kubelet shares', async () => {
      await fc.assert(
        fc.asyncProperty(worlds(family), async (world) => {
          await openEmpty();
          await install(backend, fillPlan(backend, world));
          await backend.cleanup(signal);
          expect(
            (await rules()).filter((line) => line.includes('KUBE-') && !line.includes('KUBE-FIREWALL')),
          ).toEqual([]);
        }),
        runs,
      );
    });

    it('leaves alone what others have', async () => {
      const foreign =
        '*filter\n:OTHER - [0:0]\n-A OTHER -j DROP\n-A INPUT -j OTHER\nCOMMIT\n*nat\n:KUBE-OTHER - [0:0]\nCOMMIT\n';
      await tools.restore([foreign], signal);
      const before = (await rules()).filter((line) => !line.includes('KUBE-FIREWALL'));
      await installWide(false);
      await backend.cleanup(signal);
      expect((await rules()).filter((line) => !line.includes('KUBE-FIREWALL'))).toEqual(before);
    });
  });
}
