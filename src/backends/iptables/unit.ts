/** What one service port needs of iptables, as data (the Unit of this backend). */
import type { ChainId } from './names.ts';

/** A chain of its own (always in nat) with all its rules. */
export interface OwnChain {
  readonly chain: ChainId;
  readonly rules: readonly string[];
}

/** A rule the service port contributes to a chain that all service ports share. */
export interface SharedRule {
  readonly chain: ChainId;
  readonly rule: string;
}

export interface IptablesUnit {
  readonly ownChains: readonly OwnChain[];
  readonly sharedRules: readonly SharedRule[];
}
