import { describeFaultLaws, describePureLaws } from '@menwei/testing/backends/laws.ts';
import { describeNftablesLaws, openBackend } from '@menwei/testing/backends/nftables/laws.ts';
import { FakeNfTables } from '@menwei/testing/kernel/nf-tables.ts';

describeNftablesLaws('the fake', { openKernel: async () => new FakeNfTables(), runs: { numRuns: 60 } });

describePureLaws('the nftables mode', (family) => openBackend(new FakeNfTables(), family));

describeFaultLaws('the nftables mode', (family, seed) => {
  const fake = new FakeNfTables({ faults: { seed, rate: 0.4 } });
  return { backend: openBackend(fake, family), stopFaults: () => fake.faults.stop() };
});
