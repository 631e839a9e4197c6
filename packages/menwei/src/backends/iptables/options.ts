/** What the iptables mode is told once, at start (spec § 10: `iptables` section, § 4.4 probes). */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { AnsweredVIPs } from '../../services/answered-vips.ts';

/** Counts packets dropped because conntrack calls them INVALID. */
export const INVALID_DROPPED_ACCOUNTING = 'ct_state_invalid_dropped_pkts';
/** Counts connections to NodePorts on 127.0.0.1. */
export const LOCALHOST_NODE_PORTS_ACCOUNTING = 'localhost_nps_accepted_pkts';

/** The names of the accounting objects (xt_nfacct) that rules count into. */
export const ACCOUNTING_OBJECTS = [INVALID_DROPPED_ACCOUNTING, LOCALHOST_NODE_PORTS_ACCOUNTING] as const;
type AccountingObject = (typeof ACCOUNTING_OBJECTS)[number];

export interface IptablesOptions {
  readonly family: IpFamily;
  /** The bit that says "masquerade me", as a number: bit 14 is 0x4000. */
  readonly masqueradeMark: number;
  readonly masqueradeAll: boolean;
  /** See answeredVIPs. */
  readonly answeredVIPs: AnsweredVIPs;
  /** NodePorts answer on 127.0.0.1; only ever true for IPv4 (spec § 4.4). */
  readonly localhostNodePorts: boolean;
  /** nf_conntrack_tcp_be_liberal is set, so packets out of window are not INVALID and need no drop rule. */
  readonly conntrackLiberal: boolean;
  /** The accounting objects that the kernel has. A rule whose object is missing does not count. */
  readonly accounting: readonly AccountingObject[];
}
