import { FakeNfTables } from '../../kernel/fake/nf-tables.ts';
import { describeFaultLaws, describePureLaws } from '../laws.ts';
import { describeNftablesLaws, openBackend } from './laws.ts';

describeNftablesLaws('the fake', { openKernel: async () => new FakeNfTables(), runs: { numRuns: 60 } });

describePureLaws('the nftables mode', (family) => openBackend(new FakeNfTables(), family));

describeFaultLaws('the nftables mode', (family, seed) => {
  const fake = new FakeNfTables({ faults: { seed, rate: 0.4 } });
  return { backend: openBackend(fake, family), stopFaults: () => fake.faults.stop() };
});
