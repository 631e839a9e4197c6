/** What the ipvs mode has in the kernel: the State of this backend. */

import { formatHostPort } from '@menwei/addresses/ip.ts';
import type { ChainId } from '@menwei/netfilter/iptables/chain-id.ts';
import type { HeldRule } from '@menwei/netfilter/iptables/rule.ts';
import type { Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import type { SetEntry, SetShape } from '@menwei/netlink/ipset';
import type { Destination, FrontendKey, VirtualServer } from '@menwei/netlink/ipvs';
import type { ServicePortKey } from '../../state/service-port.ts';

/** A virtual server with those of its destinations that take new connections. */
export interface ServerContent {
  readonly server: VirtualServer;
  /** By `10.0.0.1:80`. Their weights are above 0. */
  readonly destinations: ReadonlyMap<string, Destination>;
  /**
   * Texts of the endpoints that keep the connections they have and get no new ones. A UDP client has no way to notice
   * that its endpoint is gone, so only these may keep theirs; TCP and SCTP connections end by themselves.
   */
  readonly lingering: ReadonlySet<string>;
  /** Texts of the endpoints that lose their connections at once; undefined: there are none. */
  readonly severed?: ReadonlySet<string>;
  /** Whose it is; empty when it was observed. Plays no part in a comparison. */
  readonly servicePort: ServicePortKey;
}

/** A set, or the part of one that is at hand. */
export interface SetContent {
  readonly shape: SetShape;
  readonly entries: ReadonlySet<SetEntry>;
}

export interface IpvsState {
  /** The dummy interface is there. */
  readonly device: boolean;
  /** Canonical addresses on it. */
  readonly addresses: ReadonlySet<string>;
  /** Only ours: see README on whose a virtual server is. */
  readonly servers: ReadonlyMap<FrontendKey, ServerContent>;
  /** By name. */
  readonly sets: ReadonlyMap<string, SetContent>;
  readonly rules: Ruleset;
  /** Plays no part in a comparison; nothing where it was observed. */
  readonly ruleOrder: RuleOrder;
}

/** In which order rules stand whose sets come to have members, or no longer have them. */
export type RuleOrder = ReadonlyMap<ChainId, readonly HeldRule[]>;

/** `10.0.0.1:80`, `[fd00::1]:80`: the identity of a destination within its virtual server. */
export function formatDestination({ ip, port }: Pick<Destination, 'ip' | 'port'>): string {
  return formatHostPort(ip, port);
}

/** Whether two virtual servers of one frontend are the same, but for their destinations. */
export function isSameServer(a: VirtualServer, b: VirtualServer): boolean {
  return a.scheduler === b.scheduler && a.flags === b.flags && a.timeoutSeconds === b.timeoutSeconds;
}
