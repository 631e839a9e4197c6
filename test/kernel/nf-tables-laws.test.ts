/** nf_tables as the proxy relies on it, on the real kernel. */
import { afterEach } from 'vitest';
import { describeNfTables } from '../../src/kernel/fake/nf-tables-laws.ts';
import { CLONE_NEWNET, unshare } from '../../src/kernel/ffi.ts';
import { NetlinkConnection } from '../../src/kernel/netlink/connection.ts';
import { NfTables } from '../../src/kernel/netlink/nf-tables/client.ts';
import { NETLINK_NETFILTER, openNetlinkTransport } from '../../src/kernel/netlink/transport.ts';

const connections: NetlinkConnection[] = [];
afterEach(() => {
  for (const connection of connections.splice(0)) connection[Symbol.dispose]();
});

describeNfTables('the kernel', () => {
  // A namespace for each test: that is faster than to take away what the one before left.
  unshare(CLONE_NEWNET);
  const connection = new NetlinkConnection(openNetlinkTransport(NETLINK_NETFILTER));
  connections.push(connection);
  return new NfTables(connection);
});
