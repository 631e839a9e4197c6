/** Prints addresses as they come and go, until Ctrl-C. Needs no privilege. */
import { listen, NETLINK_ROUTE } from '@menwei/netlink';
import { AddressReader, RTM, RTNLGRP } from '@menwei/netlink/route';

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());

const reader = new AddressReader();
const groups = [RTNLGRP.IPV4_IFADDR, RTNLGRP.IPV6_IFADDR];
await listen(
  NETLINK_ROUTE,
  groups,
  {
    // Who lists the addresses in here misses none: all later changes are told.
    ready: () => console.log('watching'),
    onDatagram(messages) {
      for (const { type, payload } of messages) {
        const address = reader.read(payload);
        if (address === undefined) continue;
        const { ip, prefixLength, index } = address;
        const what = type === RTM.NEWADDR ? 'new or changed' : 'gone';
        console.log(`${ip}/${prefixLength} on interface ${index}: ${what}`);
      }
    },
    // The kernel drops what a slow reader has no room for, and says so.
    onLost: () => console.log('some news was lost: list the addresses again'),
  },
  stop.signal,
);
