import type { IpFamily } from '../../addresses/ip.ts';
import type { FaultOptions } from '../../kernel/fake/faults.ts';
import { FakeIpSets } from '../../kernel/fake/ip-set.ts';
import { FakeIptables } from '../../kernel/fake/iptables.ts';
import { FakeIpvs } from '../../kernel/fake/ipvs.ts';
import { FakeLinks } from '../../kernel/fake/links.ts';
import { describeFaultLaws } from '../laws.ts';
import { describeIpvsLaws, openBackend } from './laws.ts';
import { describeOwnership } from './ownership-laws.ts';

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
