/** The laws of every mode for the nftables mode, and what it keeps beside them. Only tests import this file. */

import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import type { NfTablesClient, Transaction } from '@menwei/netlink/nftables';
import fc from 'fast-check';
import { NftablesBackend, type NftablesBackendOptions } from 'menwei/backends/nftables/backend.ts';
import { atOnce } from 'menwei/scheduling/steps.ts';
import { describe, expect, it } from 'vitest';
import { ADDRESSES, histories, type World, worlds } from '../../services/arbitraries.ts';
import { aNodeView, anEndpoint, aServicePort } from '../../services/testing.ts';
import { describeLaws, fillPlan, install, type LawfulMode, remainder, updatePlan } from '../laws.ts';
import { isTidying } from './tidying.ts';

const signal = new AbortController().signal;

export function openBackend(
  client: NfTablesClient,
  family: IpFamily,
  options: Partial<NftablesBackendOptions> = {},
): NftablesBackend {
  return new NftablesBackend({
    family,
    client,
    masqueradeMark: 1 << 14,
    masqueradeAll: false,
    answeredVIPs: 'pools',
    ...options,
  });
}

interface LawsOptions {
  /** One without our tables. */
  readonly openKernel: (family: IpFamily) => Promise<NfTablesClient>;
  readonly runs: LawfulMode<unknown, unknown, unknown, unknown>['runs'];
}

export function describeNftablesLaws(title: string, { openKernel, runs }: LawsOptions): void {
  describeLaws(`nftables mode on ${title}`, { openKernel, openBackend, runs });

  describe.each(IP_FAMILIES)(`nftables mode on ${title}, %s`, (family) => {
    it('does nothing at a restart but take away chains that nothing leads to', async () => {
      await fc.assert(
        fc.asyncProperty(histories(family), async (history) => {
          const backend = openBackend(await openKernel(family), family);
          const plan = backend.plan();
          await install(backend, plan);
          const end = history.at(-1);
          if (end === undefined) throw new Error('BUG: a history without a world');
          // A restart ends every slow start (docs/annotations.md), so here they have come to their end before.
          const last = withoutSlowStarts(end);
          const worlds = [...history, last];
          for (const [index, world] of worlds.entries()) {
            const { before, after } = updatePlan(backend, plan, worlds[index - 1], world);
            await backend.apply(backend.diff(before, after), signal);
          }
          const changes = await restart(backend, { ...last, ports: new Map([...last.ports].reverse()) });
          expect(changes.filter((operation) => !isTidying(operation))).toEqual([]);
          expect(await restart(backend, last)).toEqual([]);
        }),
        runs,
      );
    });

    it('takes the longest names that there are', async () => {
      const longest = 'a'.repeat(63);
      const names = { namespace: longest, name: longest, portName: longest };
      const { service, pod } = ADDRESSES[family];
      const endpoints = [anEndpoint({ ip: `${pod}1` })];
      const fields = { ...names, clusterIP: `${service}1`, sessionAffinitySeconds: 60, endpoints };
      const port = aServicePort({ ...fields, nodePort: 30_000, externalPolicyLocal: true });
      const backend = openBackend(await openKernel(family), family);
      const plan = fillPlan(backend, { node: aNodeView({ family }), ports: new Map([[port.key, port]]) });
      await install(backend, plan);
      expect(await remainder(backend, plan)).toBe('');
    });

    it('leaves nothing behind after cleanup', async () => {
      await fc.assert(
        fc.asyncProperty(worlds(family), async (world) => {
          const backend = openBackend(await openKernel(family), family);
          await install(backend, fillPlan(backend, world));
          await backend.cleanup();
          expect(await backend.observe(signal)).toBeUndefined();
          await backend.cleanup();
        }),
        runs,
      );
    });
  });
}

function withoutSlowStarts({ node, ports }: World): World {
  const settled = Array.from(ports, ([key, port]) => {
    const endpoints = port.endpoints.map(({ slowStartStep: _, ...endpoint }) => endpoint);
    return [key, { ...port, endpoints }] as const;
  });
  return { node, ports: new Map(settled) };
}

/** What a proxy that knows nothing but the world sends to the kernel. */
async function restart(
  backend: NftablesBackend,
  world: Parameters<typeof fillPlan>[1],
): Promise<Transaction> {
  const plan = fillPlan(backend, world);
  const observed = await backend.observe(signal);
  atOnce(plan.settle(observed));
  const changes = backend.diff(observed, plan.complete());
  await backend.apply(changes, signal);
  return changes.transaction;
}
