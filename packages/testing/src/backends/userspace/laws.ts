/**
 * What the userspace mode keeps beside the laws of every mode (../laws.ts), on whatever kernel it is given: the fake and
 * the real one pass the same suite. Only tests import this file.
 */

import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import type { IptablesTools } from '@menwei/kernel/iptables-tools.ts';
import fc from 'fast-check';
import { UserspaceBackend, type UserspaceBackendOptions } from 'menwei/backends/userspace/backend.ts';
import type { UserspaceUnit } from 'menwei/backends/userspace/unit.ts';
import { silentLogger } from 'menwei/log/logger.ts';
import type { Relays } from 'menwei/relay/contract.ts';
import type { NodeView } from 'menwei/services/node-view.ts';
import type { ServicePort } from 'menwei/state/service-port.ts';
import { describe, expect, it } from 'vitest';
import { saved } from '../../kernel/iptables-laws.ts';
import { worlds } from '../../services/arbitraries.ts';
import { describeLaws, fillPlan, install } from '../laws.ts';
import { FakeRelays } from './fake-relays.ts';

const signal = new AbortController().signal;

/** The SCTP ports of the worlds are UDP ones here. */
class LawfulBackend extends UserspaceBackend {
  override unsupported(): undefined {
    return undefined;
  }

  override compile(port: ServicePort, node: NodeView): UserspaceUnit {
    return super.compile(port.protocol === 'SCTP' ? { ...port, protocol: 'UDP' } : port, node);
  }
}

interface UserspaceKernel {
  readonly tools: IptablesTools;
  readonly relays: Relays;
}

export function openBackend(
  kernel: UserspaceKernel,
  family: IpFamily,
  options: Partial<UserspaceBackendOptions> = {},
): LawfulBackend {
  return new LawfulBackend({
    family,
    ...kernel,
    logger: silentLogger,
    watchPeriodMs: 1_000,
    localhostNodePorts: family === 'IPv4',
    answeredVIPs: 'pools',
    portRange: { first: 32_768, last: 60_999 },
    listenIP: undefined,
    ...options,
  });
}

interface LawsOptions {
  /** The tools of a kernel without any rule. */
  readonly openTools: (family: IpFamily) => Promise<IptablesTools>;
  /** How many random cases each law is tried on, and which. */
  readonly runs: { readonly numRuns: number; readonly seed?: number };
}

export function describeUserspaceLaws(title: string, { openTools, runs }: LawsOptions): void {
  const openKernel = async (family: IpFamily): Promise<UserspaceKernel> => ({
    tools: await openTools(family),
    relays: new FakeRelays(),
  });
  describeLaws(`userspace mode on ${title}`, { openKernel, openBackend, runs });

  describe.each(IP_FAMILIES)(`userspace mode on ${title}, %s`, (family) => {
    it('leaves nothing behind after cleanup', async () => {
      await fc.assert(
        fc.asyncProperty(worlds(family), async (world) => {
          const kernel = await openKernel(family);
          const backend = openBackend(kernel, family);
          await install(backend, fillPlan(backend, world));
          await backend.cleanup(signal);
          const rules = [...(await saved(kernel.tools, 'filter')), ...(await saved(kernel.tools, 'nat'))];
          expect(rules.filter((line) => line.includes('KUBE-'))).toEqual([]);
          expect([...kernel.relays.observe()]).toEqual([]);
        }),
        runs,
      );
    });
  });
}
