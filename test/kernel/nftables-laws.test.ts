/** The laws of the nftables mode on the real kernel. */
import { describeNftablesLaws } from '../../src/backends/nftables/laws.ts';
import { openEmptyNfTables } from './nf-tables-kernel.ts';

// Always the same cases: the fake has gone through many others.
const runs = { numRuns: 20, seed: 1 };

describeNftablesLaws('the kernel', { openKernel: async () => openEmptyNfTables(), runs });
