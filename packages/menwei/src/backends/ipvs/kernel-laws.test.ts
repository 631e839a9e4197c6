import type { IpFamily } from '@menwei/addresses/ip.ts';
import { describeIpvsLaws, openBackend } from '@menwei/testing/backends/ipvs/laws.ts';
import { describeOwnership } from '@menwei/testing/backends/ipvs/ownership-laws.ts';
import { describeFaultLaws } from '@menwei/testing/backends/laws.ts';
import type { FaultOptions } from '@menwei/testing/kernel/faults.ts';
import { FakeIpSets } from '@menwei/testing/kernel/ip-set.ts';
import { FakeIptables } from '@menwei/testing/kernel/iptables.ts';
import { FakeIpvs } from '@menwei/testing/kernel/ipvs.ts';
import { FakeLinks } from '@menwei/testing/kernel/links.ts';

/** All parts of a kernel in memory, which know of each other what they must. */
function fakeKernel(family: IpFamily, faults?: FaultOptions) {
  const shared = faults === undefined ? {} : { faults };
  const tools = new FakeIptables({ family, hasSet: (name) => sets.dump().has(name), ...shared });
  const sets: FakeIpSets = new FakeIpSets({
    isInUse: (name) => tools.dump().includes(` ${name} `),
    ...shared,
  });
  return { tools, sets, ipvs: new FakeIpvs(shared), links: new FakeLinks(shared) };
}

describeIpvsLaws('the fake', {
  openKernel: async (family) => fakeKernel(family),
  runs: { numRuns: 60 },
});

describeOwnership('the fake', { openKernel: async (family) => fakeKernel(family), stride: 1 });

describeFaultLaws('the ipvs mode', (family, seed) => {
  const kernel = fakeKernel(family, { seed, rate: 0.1 });
  return {
    backend: openBackend(kernel, family),
    stopFaults: () => {
      for (const part of Object.values(kernel)) part.faults.stop();
    },
  };
});
