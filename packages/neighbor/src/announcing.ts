/** What is said for an address: load-balancer § 5.5. */
import { familyOf } from '@menwei/addresses/ip.ts';
import { BROADCAST, isGroupMac, NO_MAC } from './ethernet.ts';
import type {
  ArpMessage,
  MacAddress,
  NeighborAdvertisement,
  NeighborMessage,
  NeighborSolicitation,
} from './message.ts';
import { ALL_NODES, multicastMac, solicitedNodeGroup } from './multicast.ts';

/** Who speaks. */
export interface Station {
  readonly mac: MacAddress;
  /** The address of IPv6 that it speaks from; undefined: it has none, so there is nothing to be said for IPv6. */
  readonly linkLocal: string | undefined;
}

/**
 * What tells all neighbours that the station has the address: of IPv4 both forms, since there are hosts that heed only one. Linux
 * replaces an entry that it has, and makes none.
 */
export function gratuitous(ip: string, { mac, linkLocal }: Station): readonly NeighborMessage[] {
  if (familyOf(ip) === 'IPv6') {
    return linkLocal === undefined ? [] : [advertisement(ip, { mac, linkLocal }, undefined)];
  }
  const said = { destination: BROADCAST, source: mac, senderMac: mac, senderIp: ip, targetIp: ip };
  return [
    { kind: 'arp-request', ...said, targetMac: NO_MAC },
    { kind: 'arp-reply', ...said, targetMac: BROADCAST },
  ];
}

/** Asks who has the address, as one that wants it (RFC 5227 § 2.1.1, RFC 4862 § 5.4.2). */
export function probe(ip: string, mac: MacAddress): NeighborMessage {
  if (familyOf(ip) === 'IPv4') {
    const asked = { senderMac: mac, senderIp: '0.0.0.0', targetMac: NO_MAC, targetIp: ip };
    return { kind: 'arp-request', destination: BROADCAST, source: mac, ...asked };
  }
  const group = solicitedNodeGroup(ip);
  return {
    kind: 'solicitation',
    destination: multicastMac(group),
    source: mac,
    sourceIp: '::',
    destinationIp: group,
    targetIp: ip,
    linkLayerAddress: undefined,
  };
}

/** The address that is asked for; undefined: the message asks for none. Who says that an address is their own asks for nothing. */
export function askedFor(message: NeighborMessage): string | undefined {
  if (message.kind === 'solicitation') return message.targetIp;
  if (message.kind !== 'arp-request' || message.senderIp === message.targetIp) return undefined;
  return message.targetIp;
}

/** Who says that they have which address; undefined: nothing of that kind is said. */
export function claimedIn(
  message: NeighborMessage,
): { readonly ip: string; readonly mac: MacAddress } | undefined {
  if (message.kind === 'solicitation') return undefined;
  if (message.kind === 'advertisement') {
    return { ip: message.targetIp, mac: message.linkLayerAddress ?? message.source };
  }
  return message.senderIp === '0.0.0.0' ? undefined : { ip: message.senderIp, mac: message.senderMac };
}

/**
 * What the station answers to one who asks for its address; undefined: to this nothing can be answered. Requests by unicast are
 * answered as well: caches ask so whether an entry still holds; and so are probes: the address is defended.
 */
export function answer(message: NeighborMessage, { mac, linkLocal }: Station): NeighborMessage | undefined {
  if (message.kind === 'arp-request') return answerArp(message, mac);
  if (message.kind !== 'solicitation' || linkLocal === undefined) return undefined;
  return advertisement(message.targetIp, { mac, linkLocal }, message);
}

function answerArp({ senderMac, senderIp, targetIp }: ArpMessage, mac: MacAddress): ArpMessage | undefined {
  if (isGroupMac(senderMac)) return undefined;
  return {
    kind: 'arp-reply',
    destination: senderMac,
    source: mac,
    senderMac: mac,
    senderIp: targetIp,
    targetMac: senderMac,
    targetIp: senderIp,
  };
}

/** To all nodes where there is nobody to answer to: nobody asked, or who asks has no address yet. */
function advertisement(
  ip: string,
  { mac, linkLocal }: { readonly mac: MacAddress; readonly linkLocal: string },
  question: NeighborSolicitation | undefined,
): NeighborAdvertisement {
  const to = question === undefined || question.sourceIp === '::' ? undefined : question;
  // Neighbours that make sure an entry still holds leave the option out, and their frame has the address.
  const asker = to && (to.linkLayerAddress ?? to.source);
  return {
    kind: 'advertisement',
    destination: asker ?? multicastMac(ALL_NODES),
    source: mac,
    sourceIp: linkLocal,
    destinationIp: to?.sourceIp ?? ALL_NODES,
    targetIp: ip,
    isSolicited: to !== undefined,
    isOverride: true,
    linkLayerAddress: mac,
  };
}
