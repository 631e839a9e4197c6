/** What neighbours on one segment tell each other about who has an address: ARP (RFC 826) and neighbour discovery (RFC 4861). */

/** Six bytes as text, in lower case: `02:00:00:00:00:01`. */
export type MacAddress = string;

interface EthernetAddresses {
  readonly destination: MacAddress;
  readonly source: MacAddress;
  /** Number of the VLAN in the frame's tag (IEEE 802.1Q), 0 of a tag with a priority only; without it there is no tag. */
  readonly vlan?: number;
}

/** An ARP packet, with the Ethernet addresses of its frame. All IP addresses are canonical. */
export interface ArpMessage extends EthernetAddresses {
  readonly kind: 'arp-request' | 'arp-reply';
  readonly senderMac: MacAddress;
  /** `0.0.0.0` of who only asks whether somebody has the address (RFC 5227). */
  readonly senderIp: string;
  readonly targetMac: MacAddress;
  readonly targetIp: string;
}

interface NeighborDiscovery extends EthernetAddresses {
  readonly sourceIp: string;
  readonly destinationIp: string;
  readonly targetIp: string;
  /** Of the option that carries one; undefined: the message has none. */
  readonly linkLayerAddress: MacAddress | undefined;
}

/** Who has the address? From `::` it is duplicate address detection (RFC 4862). */
export interface NeighborSolicitation extends NeighborDiscovery {
  readonly kind: 'solicitation';
}

export interface NeighborAdvertisement extends NeighborDiscovery {
  readonly kind: 'advertisement';
  readonly isSolicited: boolean;
  /** An entry that a neighbour has already is to be replaced. */
  readonly isOverride: boolean;
}

export type NeighborMessage = ArpMessage | NeighborSolicitation | NeighborAdvertisement;
