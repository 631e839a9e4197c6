import { Faults } from '../../kernel/fake/faults.ts';
import { faulty } from '../../kernel/fake/faulty.ts';
import { FakeIptables } from '../../kernel/fake/iptables.ts';
import { describeLoopLaws } from '../../proxy/laws.ts';
import { openBackend } from './laws.ts';

describeLoopLaws('the iptables mode on the fake', {
  open: async (family, seed) => {
    const tools = new FakeIptables({ family });
    const faults = new Faults({ seed, rate: 0.1 });
    const unsafe = faulty(tools, faults, ['save', 'restore', 'list', 'createChain']);
    return {
      backend: openBackend(unsafe, family, { watchPeriodMs: 1 }),
      observer: openBackend(tools, family),
      faults,
      mistakes: new Faults({ seed, rate: 0.02 }),
      hasWatch: true,
      meddle: async (random) => (random < 0.5 ? tools.wipe('nat') : tools.wipe()),
    };
  },
  runs: { numRuns: 40 },
  pauseMs: 5,
});
