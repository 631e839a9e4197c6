/** The laws of the iptables mode on the real kernel, with both variants of the tools. */
import { describeIptablesLaws } from '@menwei/testing/backends/iptables/laws.ts';
import { describeLoopLaws } from '@menwei/testing/proxy/laws.ts';
import { openIptablesBench } from '../loop/tools-benches.ts';
import { describeVariants } from './iptables-variants.ts';

// Always the same few cases: each keeps the tools busy for a second, and the fake has gone through many others.
const WATCH_PERIOD_MS = 30;
const runs = { numRuns: 4, seed: 1 };

describeVariants((_variant, openKernel) => {
  describeIptablesLaws('the kernel', { openKernel, runs });
  describeLoopLaws('iptables mode on the kernel', {
    open: async (family, seed) => openIptablesBench(await openKernel(family), family, seed, WATCH_PERIOD_MS),
    runs: { numRuns: 4, seed: 7 },
    pauseMs: 3 * WATCH_PERIOD_MS,
  });
});
