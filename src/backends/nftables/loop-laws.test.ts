import { Faults } from '../../kernel/fake/faults.ts';
import { faulty } from '../../kernel/fake/faulty.ts';
import { FakeNfTables } from '../../kernel/fake/nf-tables.ts';
import { describeLoopLaws } from '../../proxy/laws.ts';
import { openBackend } from './laws.ts';

describeLoopLaws('the nftables mode on the fake', {
  open: async (family, seed) => {
    const client = new FakeNfTables();
    const faults = new Faults({ seed, rate: 0.1 });
    const unsafe = faulty(client, faults, ['apply', 'observe', 'observeDynamicElements']);
    return {
      backend: openBackend(unsafe, family),
      observer: openBackend(client, family),
      faults,
      mistakes: new Faults({ seed, rate: 0.02 }),
      // It hears the real kernel.
      hasWatch: false,
    };
  },
  runs: { numRuns: 60 },
  pauseMs: 0,
});
