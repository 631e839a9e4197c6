/** For tests of programs that speak netlink: a scripted kernel, and conntrack entries that nobody sent a packet of. */
export { createConntrackEntries } from './conntrack-entries.ts';
export {
  type Arrival,
  acknowledgement,
  datagrams,
  done,
  lost,
  NetlinkPeer,
  part,
  type Reply,
} from './netlink-peer.ts';
