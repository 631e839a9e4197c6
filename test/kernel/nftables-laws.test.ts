/** The laws of the nftables mode on the real kernel. */
import { describeNftablesLaws } from '@menwei/testing/backends/nftables/laws.ts';
import { describeLoopLaws } from '@menwei/testing/proxy/laws.ts';
import { openNftablesBench } from '../loop/tools-benches.ts';
import { openEmptyNfTables } from './nf-tables-kernel.ts';

// Always the same cases: the fake has gone through many others.
const runs = { numRuns: 20, seed: 1 };

describeNftablesLaws('the kernel', { openKernel: async () => openEmptyNfTables(), runs });

describeLoopLaws('nftables mode on the kernel', {
  open: async (family, seed) => {
    const client = openEmptyNfTables();
    return openNftablesBench(client, client, family, seed, true);
  },
  runs: { numRuns: 20, seed: 3 },
  pauseMs: 10,
});
