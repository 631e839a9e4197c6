/** What one service port needs of iptables, as data (the Unit of this backend). */
import type { Rule } from '@menwei/netfilter/iptables/rule.ts';
import type { SharedRule } from '../xtables/shared-chains.ts';

/** A chain in nat that belongs to one service port alone. There may be hundreds of thousands of them. */
export interface OwnChain {
  readonly chain: string;
  readonly rules: readonly Rule[];
}

export interface IptablesUnit {
  readonly ownChains: readonly OwnChain[];
  readonly sharedRules: readonly SharedRule[];
  /** See answeredVIPs. */
  readonly answeredVIPs: readonly string[];
}
