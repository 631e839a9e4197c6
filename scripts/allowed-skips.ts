/** Tests that may be skipped, each for a reason that must hold on the machine at hand. */
import { spawnSync } from 'node:child_process';
import { observeIpvsSupport } from '@menwei/netlink/ipvs';
import { observeAccountingSupport } from '@menwei/netlink/nfacct';
import { ALL_MODES } from '../test/kernel/behaviour/modes.ts';
import { findKubectl, KUBECTLS } from './kubectl.ts';

interface AllowedSkip {
  /** Matches the full name of the test. */
  readonly name: RegExp;
  readonly reason: string;
  /** Whether the reason holds here; where it does not, the skip is a failure. */
  holds(): boolean;
}

export const ALLOWED_SKIPS: readonly AllowedSkip[] = [
  {
    name: /\baccounting\b/,
    reason: 'this kernel has no accounting objects',
    holds: () => !observeAccountingSupport(),
  },
  {
    name: /^on a kernel without IPVS\b/,
    reason: 'this kernel has IPVS',
    holds: () => observeIpvsSupport() === undefined,
  },
  ...['legacy', 'nf_tables'].map((variant) => ({
    name: new RegExp(`\\biptables ${variant} > is not in this kernel$`),
    reason: `this kernel has no tables for iptables ${variant}`,
    holds: () => !hasTables(variant === 'legacy' ? 'legacy' : 'nft'),
  })),
  ...KUBECTLS.filter(({ isRequired }) => !isRequired).map(({ version, suite }) => ({
    name: new RegExp(`^kubectl ${RegExp.escape(version)}\\b`),
    reason: `kubectl ${version} of Debian ${suite} could not be had`,
    holds: () => findKubectl(version) === undefined,
  })),
  ...ALL_MODES.flatMap(({ name: mode, exceptions }) =>
    Object.entries(exceptions).map(([test, reason]) => ({
      name: new RegExp(`^${mode}: .* > ${RegExp.escape(test)}$`),
      reason: `in ${mode} mode: ${reason}`,
      holds: () => true,
    })),
  ),
];

/** The tools read tables that the kernel has not as empty ones, so only writing tells: in a namespace that is lost. */
function hasTables(variant: 'legacy' | 'nft'): boolean {
  const tool = `/usr/sbin/xtables-${variant}-multi`;
  return spawnSync('unshare', ['--net', tool, 'iptables', '-t', 'mangle', '-N', 'PROBE']).status === 0;
}
