/** The kernel's nf_tables for tests that want it empty, again and again. */

import { NETLINK_NETFILTER, NetlinkConnection, openNetlinkTransport } from '@menwei/netlink';
import { CLONE_NEWNET, unshare } from '@menwei/netlink/native';
import { NfTables } from '@menwei/netlink/nftables';
import { afterEach } from 'vitest';

const open: NfTables[] = [];
afterEach(() => {
  for (const client of open.splice(0)) client[Symbol.dispose]();
});

/** A client of the namespace the thread is in, until the end of the test. */
export function openNfTables(): NfTables {
  const client = new NfTables(new NetlinkConnection(openNetlinkTransport(NETLINK_NETFILTER)));
  open.push(client);
  return client;
}

/** Moves the thread to a new namespace first: that is faster than to take away what is in the old one. */
export function openEmptyNfTables(): NfTables {
  unshare(CLONE_NEWNET);
  return openNfTables();
}
