/** The laws of a proxy that runs, in every mode, on kernels in memory. */

import type { IpFamily } from '@menwei/addresses/ip.ts';
import { FakeIpSets } from '@menwei/testing/kernel/ip-set.ts';
import { FakeIptables } from '@menwei/testing/kernel/iptables.ts';
import { FakeIpvs } from '@menwei/testing/kernel/ipvs.ts';
import { FakeLinks } from '@menwei/testing/kernel/links.ts';
import { FakeNfTables } from '@menwei/testing/kernel/nf-tables.ts';
import { describeLoopLaws } from '@menwei/testing/proxy/laws.ts';
import { vi } from 'vitest';
import { openIpvsBench } from './ipvs-bench.ts';
import { openIptablesBench, openNftablesBench, openUserspaceBench } from './tools-benches.ts';

const WATCH_PERIOD_MS = 1;
/** What drains is not looked at sooner. */
const DRAIN_LOOK_MS = 500;

const now = performance.now.bind(performance);
let passedMs = 0;
vi.spyOn(performance, 'now').mockImplementation(() => now() + passedMs);

const options = { runs: { numRuns: 25 }, pauseMs: 5 };

describeLoopLaws('iptables mode on the fake', {
  ...options,
  open: async (family, seed) =>
    openIptablesBench(new FakeIptables({ family }), family, seed, WATCH_PERIOD_MS),
});

describeLoopLaws('userspace mode on the fake', {
  ...options,
  open: async (family, seed) =>
    openUserspaceBench(new FakeIptables({ family }), family, seed, WATCH_PERIOD_MS),
});

describeLoopLaws('nftables mode on the fake', {
  ...options,
  open: async (family, seed) => {
    const fake = new FakeNfTables();
    return openNftablesBench(fake, fake, family, seed, false);
  },
});

describeLoopLaws('ipvs mode on the fake', {
  ...options,
  open: (family, seed) => {
    const kernel = fakeKernel(family);
    return openIpvsBench(kernel, family, seed, WATCH_PERIOD_MS, async (random) => {
      setConnections(kernel.ipvs, random);
      passedMs += DRAIN_LOOK_MS;
    });
  },
});

function fakeKernel(family: IpFamily) {
  const tools = new FakeIptables({ family, hasSet: (name) => sets.dump().has(name) });
  const sets: FakeIpSets = new FakeIpSets({ isInUse: (name) => tools.dump().includes(` ${name} `) });
  return { tools, sets, ipvs: new FakeIpvs(), links: new FakeLinks() };
}

/** Some destinations have connections, and drain; others have none any more. */
function setConnections(ipvs: FakeIpvs, random: number): void {
  let index = 0;
  for (const { server, destinations } of ipvs.dump().values()) {
    for (const destination of destinations.values()) {
      const activeConnections = (index++ + Math.floor(random * 97)) % 2;
      ipvs.setConnections(server.frontend, destination, { activeConnections });
    }
  }
}
