/** What the iptables mode is told once, at start (spec § 10: `iptables` section, § 4.4 probes). */
import type { IpFamily } from '../../addresses/ip.ts';

export interface IptablesOptions {
  readonly family: IpFamily;
  /** The bit that says "masquerade me", as a number: bit 14 is 0x4000. */
  readonly masqueradeMark: number;
  readonly masqueradeAll: boolean;
  /** NodePorts answer on 127.0.0.1; only ever true for IPv4 (spec § 4.4). */
  readonly localhostNodePorts: boolean;
  /** nf_conntrack_tcp_be_liberal is set, so packets out of window are not INVALID and need no drop rule. */
  readonly conntrackLiberal: boolean;
  /** The kernel has the accounting objects that upstream counts with (xt_nfacct). */
  readonly accounting: boolean;
}
