import { NetlinkConnection } from '../../connection.ts';
import { NETLINK_NETFILTER } from '../../netlink-protocols.ts';
import { openNetlinkTransport } from '../../transport.ts';
import { NfTables } from './client.ts';

/** In the network namespace the calling thread is in. Throws KernelError. */
export function openNfTables(): NfTables {
  return new NfTables(new NetlinkConnection(openNetlinkTransport(NETLINK_NETFILTER)));
}
