/** Whole Ethernet frames and the messages in them. */
import { decodeArp, encodeArp } from './arp.ts';
import { decodeEthernet, ETHERTYPE } from './ethernet.ts';
import type { NeighborMessage } from './message.ts';
import { decodeNeighborDiscovery, encodeNeighborDiscovery } from './neighbor-discovery.ts';

/** Without the padding to 60 bytes, which the network interface adds. */
export function encode(message: NeighborMessage): Uint8Array {
  const isOfIpv6 = message.kind === 'solicitation' || message.kind === 'advertisement';
  return isOfIpv6 ? encodeNeighborDiscovery(message) : encodeArp(message);
}

/** Undefined: a frame of another kind, or one that no host would heed. Any bytes will do. */
export function decode(frame: Uint8Array): NeighborMessage | undefined {
  const decoded = decodeEthernet(frame);
  if (decoded === undefined) return undefined;
  const { header, payload } = decoded;
  if (header.type === ETHERTYPE.ARP) return decodeArp(header, payload);
  if (header.type === ETHERTYPE.IPV6) return decodeNeighborDiscovery(header, payload);
  return undefined;
}
