/** Tests that may be skipped, each for a reason that must hold on the machine at hand. */
import { hasSctp } from '../src/kernel/features.ts';
import { observeIpvsSupport } from '../src/kernel/netlink/ipvs/support.ts';
import { observeAccountingSupport } from '../src/kernel/netlink/nfacct.ts';

export interface AllowedSkip {
  /** Matches the full name of the test. */
  readonly name: RegExp;
  readonly reason: string;
  /** Whether the reason holds here; where it does not, the skip is a failure. */
  holds(): boolean;
}

export const ALLOWED_SKIPS: readonly AllowedSkip[] = [
  { name: /\bSCTP\b/i, reason: 'this kernel has no SCTP', holds: () => !hasSctp() },
  {
    name: /\baccounting\b/,
    reason: 'this kernel has no accounting objects',
    holds: () => !observeAccountingSupport(),
  },
  {
    name: /\bon a kernel without IPVS\b/,
    reason: 'this kernel has IPVS',
    holds: () => observeIpvsSupport() === undefined,
  },
];
