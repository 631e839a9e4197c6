/** What one service port needs in the kernel in ipvs mode. */
import type { Rule } from '@menwei/netfilter/iptables/rule.ts';
import type { SetEntry } from '@menwei/netlink/ipset';
import type { ServerContent } from './state.ts';

export interface IpvsUnit {
  readonly servers: readonly ServerContent[];
  /** Addresses it wants on the dummy interface. */
  readonly addresses: readonly string[];
  /** Members it wants in sets; another service port may want the same one. */
  readonly members: readonly Member[];
  /** The rules it puts into chain KUBE-IPVS-OUT-FILTER. */
  readonly outFilterRules: readonly Rule[];
}

export interface Member {
  /** Name of the set. */
  readonly set: string;
  readonly entry: SetEntry;
}
