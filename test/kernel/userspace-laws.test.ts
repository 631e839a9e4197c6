/** The laws of the userspace mode on the real kernel, with both variants of the tools. Relays are in the books only. */
import { describeUserspaceLaws } from '../../src/backends/userspace/laws.ts';
import { describeVariants } from './iptables-variants.ts';

// Always the same few cases: each keeps the tools busy for a second, and the fake has gone through many others.
const runs = { numRuns: 4, seed: 1 };

describeVariants((_variant, openTools) => {
  describeUserspaceLaws('the kernel', { openTools, runs });
});
