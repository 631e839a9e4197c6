import { Faults } from '../../kernel/fake/faults.ts';
import { faulty } from '../../kernel/fake/faulty.ts';
import { FakeIptables } from '../../kernel/fake/iptables.ts';
import { describeLoopLaws } from '../../proxy/laws.ts';
import { FakeRelays } from './fake-relays.ts';
import { openBackend } from './laws.ts';

describeLoopLaws('the userspace mode on the fake', {
  open: async (family, seed) => {
    const tools = new FakeIptables({ family });
    const relays = new FakeRelays({
      faults: { seed, rate: 0.1 },
      taken: new Set(['TCP 40001', 'UDP 40003']),
    });
    const faults = new Faults({ seed, rate: 0.1 });
    const unsafe = faulty(tools, faults, ['save', 'restore', 'list', 'createChain']);
    const options = { watchPeriodMs: 1, portRange: { first: 40_000, last: 40_019 } };
    return {
      backend: openBackend({ tools: unsafe, relays }, family, options),
      observer: openBackend({ tools, relays }, family, options),
      faults: {
        next: () => faults.next(),
        suspend: (work) => faults.suspend(work),
        stop: () => {
          faults.stop();
          relays.faults.stop();
        },
      },
      mistakes: new Faults({ seed, rate: 0.02 }),
      hasWatch: true,
      meddle: async (random) => (random < 0.5 ? tools.wipe('nat') : tools.wipe()),
    };
  },
  runs: { numRuns: 40 },
  pauseMs: 5,
});
