/** The laws of the iptables mode on the real kernel, with both variants of the tools. */
import { describeIptablesLaws } from '../../src/backends/iptables/laws.ts';
import { describeVariants } from './iptables-variants.ts';

// Always the same few cases: each keeps the tools busy for a second, and the fake has gone through many others.
const runs = { numRuns: 4, seed: 1 };

describeVariants((_variant, openKernel) => {
  describeIptablesLaws('the kernel', { openKernel, runs });
});
