/** What one service port needs in userspace mode, as data (the Unit of this backend). Ports are the plan's affair. */

import type { ChainId } from '@menwei/netfilter/iptables/chain-id.ts';
import type { Rule } from '@menwei/netfilter/iptables/rule.ts';
import type { RelayEndpoint, RelayProtocol } from '../../relay/contract.ts';
import type { SharedRule } from '../xtables/shared-chains.ts';

/** Whose policy it follows: that for the endpoints of the whole cluster, or that for those of this node. */
export type ListenerName = 'cluster' | 'local';

interface WantedListener {
  readonly name: ListenerName;
  readonly ip: string;
  readonly endpoints: readonly RelayEndpoint[];
  /** It was refused: rules lead there, and nobody listens yet. */
  readonly isClosed?: boolean;
}

/** How a packet is led to a listener: to the wildcard, or to an address. */
export type Lead = 'redirect' | { readonly dnat: string };

/** A rule that names the port of a listener. */
export interface PortalRule {
  readonly chain: ChainId;
  /** Without what the port stands in: the target, or the port that is accepted. */
  readonly rule: Rule;
  readonly listener: ListenerName;
  readonly does: Lead | 'accept';
}

export interface UserspaceUnit {
  /** `default/web:http` */
  readonly name: string;
  readonly protocol: RelayProtocol;
  /** None: there is nothing to relay. */
  readonly listeners: readonly WantedListener[];
  /** See Relay. */
  readonly usable: readonly string[];
  readonly reset?: readonly string[];
  readonly affinityMs: number;
  readonly portalRules: readonly PortalRule[];
  /** Those that name none, and come first: what refuses, drops and opens is the same as in iptables mode. */
  readonly plainRules: readonly SharedRule[];
  /** See answeredVIPs. */
  readonly answeredVIPs: readonly string[];
}
