/** The laws of the ipvs mode on the real kernel, with every variant of the iptables tools that it has tables for. */
import { spawnSync } from 'node:child_process';
import { openIpSetClient } from '@menwei/netlink/ipset';
import { openIpvsClient } from '@menwei/netlink/ipvs';
import { openLinkClient } from '@menwei/netlink/route';
import { describeIpvsLaws, type IpvsKernel } from '@menwei/testing/backends/ipvs/laws.ts';
import { describeOwnership } from '@menwei/testing/backends/ipvs/ownership-laws.ts';
import { describeLoopLaws } from '@menwei/testing/proxy/laws.ts';
import { DEVICE } from 'menwei/backends/ipvs/names.ts';
import { afterAll } from 'vitest';
import { openIpvsBench } from '../loop/ipvs-bench.ts';
import { describeVariants } from './iptables-variants.ts';

// Always the same few cases: the fake has gone through many others.
const WATCH_PERIOD_MS = 30;
const runs = { numRuns: 2, seed: 1 };

const links = openLinkClient();
const sets = openIpSetClient();
const ipvs = openIpvsClient();

describeVariants((_variant, openTools) => {
  async function openKernel(family: 'IPv4' | 'IPv6'): Promise<IpvsKernel> {
    // A set can't go while a rule of either family asks for it.
    const [tools] = [await openTools(family), await openTools(family === 'IPv4' ? 'IPv6' : 'IPv4')];
    for (const [file, ...args] of [
      ['ipvsadm', '-C'],
      ['ipset', 'destroy'],
    ] as const) {
      const { status, stderr } = spawnSync(file, args, { encoding: 'utf8' });
      if (status !== 0) throw new Error(`${file}: ${stderr}`);
    }
    links.removeLink(DEVICE);
    return { tools, ipvs, sets, links };
  }
  describeIpvsLaws('the kernel', { openKernel, runs });
  describeLoopLaws('ipvs mode on the kernel', {
    open: async (family, seed) => openIpvsBench(await openKernel(family), family, seed, WATCH_PERIOD_MS),
    runs: { numRuns: 3, seed: 3 },
    pauseMs: 3 * WATCH_PERIOD_MS,
  });
  // On the fake a process ends before each single change.
  describeOwnership('the kernel', { openKernel, stride: 9 });
  // The other variant's tools would not see these rules.
  afterAll(() => openKernel('IPv4'));
});
