/** A request that this package has no function for: the routing table, which shows what the layers below the families do. */
import { decodeAttributes, NETLINK_ROUTE, NetlinkConnection, openNetlinkTransport } from '@menwei/netlink';

const RTM_GETROUTE = 26;
const AF_INET = 2;
/** struct rtmsg, 12 bytes, of which all that is asked for is the family. */
const HEADER_SIZE = 12;
const RTA_DST = 1;

using connection = new NetlinkConnection(openNetlinkTransport(NETLINK_ROUTE));
const routes = await connection.dump(
  {
    // For the message of an error: `list routes: operation not permitted (EPERM)`.
    operation: 'list',
    object: 'routes',
    type: RTM_GETROUTE,
    write: (writer) => writer.raw(Uint8Array.of(AF_INET, ...Array(HEADER_SIZE - 1).fill(0))),
  },
  // Called for every attempt: a list that was changed while it was read is read again.
  () => {
    const destinations: string[] = [];
    return {
      read({ payload }) {
        const destination = decodeAttributes(payload.subarray(HEADER_SIZE)).get(RTA_DST);
        destinations.push(`${destination?.join('.') ?? 'default'}/${payload[1]}`);
      },
      result: () => destinations,
    };
  },
);
for (const route of routes) console.log(route);
