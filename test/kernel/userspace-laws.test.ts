/** The laws of the userspace mode on the real kernel, with both variants of the tools. Relays are in the books only. */
import { describeUserspaceLaws } from '@menwei/testing/backends/userspace/laws.ts';
import { describeLoopLaws } from '@menwei/testing/proxy/laws.ts';
import { openUserspaceBench } from '../loop/tools-benches.ts';
import { describeVariants } from './iptables-variants.ts';

// Always the same few cases: each keeps the tools busy for a second, and the fake has gone through many others.
const WATCH_PERIOD_MS = 30;
const runs = { numRuns: 4, seed: 1 };

describeVariants((_variant, openTools) => {
  describeUserspaceLaws('the kernel', { openTools, runs });
  describeLoopLaws('userspace mode on the kernel', {
    open: async (family, seed) => openUserspaceBench(await openTools(family), family, seed, WATCH_PERIOD_MS),
    runs: { numRuns: 4, seed: 7 },
    pauseMs: 3 * WATCH_PERIOD_MS,
  });
});
