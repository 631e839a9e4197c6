/** The laws of a proxy that runs, in every mode, on kernels in memory. */
import type { IpFamily } from '../../src/addresses/ip.ts';
import { FakeIpSets } from '../../src/kernel/fake/ip-set.ts';
import { FakeIptables } from '../../src/kernel/fake/iptables.ts';
import { FakeIpvs } from '../../src/kernel/fake/ipvs.ts';
import { FakeLinks } from '../../src/kernel/fake/links.ts';
import { FakeNfTables } from '../../src/kernel/fake/nf-tables.ts';
import { describeLoopLaws } from '../../src/proxy/laws.ts';
import { openIpvsBench } from './ipvs-bench.ts';
import { openIptablesBench, openNftablesBench, openUserspaceBench } from './tools-benches.ts';

const WATCH_PERIOD_MS = 1;
const options = { runs: { numRuns: 40 }, pauseMs: 5 };

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
  open: (family, seed) => openIpvsBench(fakeKernel(family), family, seed, WATCH_PERIOD_MS),
});

function fakeKernel(family: IpFamily) {
  const tools = new FakeIptables({ family, hasSet: (name) => sets.dump().has(name) });
  const sets: FakeIpSets = new FakeIpSets({ isInUse: (name) => tools.dump().includes(` ${name} `) });
  return { tools, sets, ipvs: new FakeIpvs(), links: new FakeLinks() };
}
