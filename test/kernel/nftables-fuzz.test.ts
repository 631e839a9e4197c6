/** Random events through the proxy on the real kernel. */

import { openBackend } from '@menwei/testing/backends/nftables/laws.ts';
import { isTidying } from '@menwei/testing/backends/nftables/tidying.ts';
import { frameTable } from 'menwei/backends/nftables/base-sets.ts';
import { describeFuzz } from '../fuzz.ts';
import { openEmptyNfTables } from './nf-tables-kernel.ts';

describeFuzz('nftables mode', {
  openKernel: async () => openEmptyNfTables(),
  openBackend,
  wipe: async (kernel, family) => {
    await kernel.apply(frameTable(family), [{ do: 'delete table' }]);
  },
  isTidying: ({ transaction }) => transaction.every(isTidying),
  // The fake has gone through many more.
  runs: { numRuns: 40 },
});
