/** What one service port needs of iptables, as data (the Unit of this backend). */
import type { ChainId } from '../xtables/chain-id.ts';

/**
 * A chain in nat that belongs to one service port alone. Its rules are one text, as iptables-restore reads it: there
 * may be hundreds of thousands of such chains, and they are only ever written or compared as a whole.
 */
export interface OwnChain {
  readonly chain: string;
  /** `-A <chain> <rule>` lines, each with its newline. */
  readonly lines: string;
}

/** A rule the service port contributes to a chain that all service ports share. */
export interface SharedRule {
  readonly chain: ChainId;
  /** Without `-A <chain>`. */
  readonly rule: string;
}

export interface IptablesUnit {
  readonly ownChains: readonly OwnChain[];
  readonly sharedRules: readonly SharedRule[];
}
