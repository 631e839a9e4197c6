/** What one service port needs of iptables, as data (the Unit of this backend). */
import type { SharedRule } from '../xtables/shared-chains.ts';

/**
 * A chain in nat that belongs to one service port alone. Its rules are one text, as iptables-restore reads it: there
 * may be hundreds of thousands of such chains, and they are only ever written or compared as a whole.
 */
export interface OwnChain {
  readonly chain: string;
  /** `-A <chain> <rule>` lines, each with its newline. */
  readonly lines: string;
}

export interface IptablesUnit {
  readonly ownChains: readonly OwnChain[];
  readonly sharedRules: readonly SharedRule[];
}
