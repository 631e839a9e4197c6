/** Every mode on its fake, with and without faults. */

import { openBackend as openIptables } from '@menwei/testing/backends/iptables/laws.ts';
import { openBackend as openNftables } from '@menwei/testing/backends/nftables/laws.ts';
import { isTidying } from '@menwei/testing/backends/nftables/tidying.ts';
import { FakeIptables } from '@menwei/testing/kernel/iptables.ts';
import { FakeNfTables } from '@menwei/testing/kernel/nf-tables.ts';
import { frameTable } from 'menwei/backends/nftables/base-sets.ts';
import { describe } from 'vitest';
import { describeFuzz } from './fuzz.ts';

const runs = { numRuns: 100 };

describe.each([0, 0.1])('with a fault in %d of the operations', (rate) => {
  describeFuzz('iptables mode', {
    openKernel: async (family, seed) => new FakeIptables({ family, faults: { seed, rate } }),
    openBackend: openIptables,
    wipe: async (kernel) => kernel.wipe(),
    isTidying: () => false,
    runs,
  });

  describeFuzz('nftables mode', {
    openKernel: async (_family, seed) => new FakeNfTables({ faults: { seed, rate } }),
    openBackend: openNftables,
    wipe: async (kernel, family) => kernel.meddle(frameTable(family), [{ do: 'delete table' }]),
    isTidying: ({ transaction }) => transaction.every(isTidying),
    runs,
  });
});
