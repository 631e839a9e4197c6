/** What rules can learn of a packet, in bytes. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { familyOf } from '@menwei/addresses/ip.ts';
import type { Datatype, Expression, Hex } from '@menwei/netlink/nftables';
import { word } from '../../nft/statement.ts';
import { destinationOf, type Flight, isLocalAddress, type Packet } from '../packet.ts';
import { parseField } from './registers.ts';

type Named<Name> = Extract<Expression, { readonly name: Name }>;
type Question = Named<'payload' | 'meta' | 'ct' | 'fib type'>;

/** Of ICMP and ICMPv6: the protocol, and the first byte of such a message. */
const ECHO_REQUEST: Readonly<Record<IpFamily, { readonly protocol: string; readonly type: Hex }>> = {
  IPv4: { protocol: '1', type: '08' },
  IPv6: { protocol: '58', type: '80' },
};

/** What stands in front of the addresses in an IP header, in bytes; no rule of ours reads it. */
const BEFORE_ADDRESSES: Readonly<Record<IpFamily, number>> = { IPv4: 12, IPv6: 8 };
const ADDRESS_TYPE: Readonly<Record<IpFamily, Datatype>> = { IPv4: 'ipv4_addr', IPv6: 'ipv6_addr' };
const UNKNOWN_BYTE = '??';
const INTERFACE_NAME_SIZE = 16;

/** linux/netfilter/nf_conntrack_common.h: the bits of `ct state` and `ct status`. */
const CT_STATE = { INVALID: 1, NEW: 8 } as const;
const CT_STATUS_DNAT = 32;
/** linux/rtnetlink.h */
const RTN = { UNICAST: 1, LOCAL: 2 } as const;

/** The answer, or undefined where there is none and the rule ends. */
export function answer(question: Question, flight: Flight): Hex | undefined {
  switch (question.name) {
    case 'payload':
      return answerPayload(question, flight);
    case 'meta':
      return answerMeta(question, flight);
    case 'ct':
      return answerCt(question, flight);
    case 'fib type': {
      const ip = question.of === 'saddr' ? sourceOf(flight) : destinationOf(flight).ip;
      return word(isLocalAddress(ip, flight.machine) ? RTN.LOCAL : RTN.UNICAST);
    }
  }
}

function answerPayload({ base, offset, length }: Named<'payload'>, flight: Flight): Hex {
  const { ip, port } = destinationOf(flight);
  const isEcho = flight.packet.protocol === 'ICMP';
  const { type } = ECHO_REQUEST[familyOf(ip)];
  const headers = {
    network: UNKNOWN_BYTE.repeat(BEFORE_ADDRESSES[familyOf(ip)]) + address(sourceOf(flight)) + address(ip),
    transport:
      (isEcho ? type + UNKNOWN_BYTE : UNKNOWN_BYTE.repeat(2)) + parseField('inet_service', String(port)),
  };
  const bytes = headers[base].slice(2 * offset, 2 * (offset + length));
  if (bytes.length < 2 * length || bytes.includes(UNKNOWN_BYTE)) {
    throw new Error(`nothing is known of bytes ${offset}+${length} of the ${base} header`);
  }
  return bytes;
}

function protocolOf({ protocol, source }: Packet): string {
  return protocol === 'ICMP' ? ECHO_REQUEST[familyOf(source)].protocol : protocol.toLowerCase();
}

function answerMeta({ key }: Named<'meta'>, { packet, mark, priority }: Flight): Hex {
  switch (key) {
    case 'l4proto':
      return parseField('inet_proto', protocolOf(packet));
    case 'mark':
      return word(mark);
    case 'priority':
      return word(priority);
    case 'iifname':
      // The node's own packets come in by none.
      return Buffer.from(packet.inInterface ?? '')
        .toString('hex')
        .padEnd(2 * INTERFACE_NAME_SIZE, '0');
  }
}

/** A packet that belongs to no connection has a state, but nothing else. */
function answerCt({ key, direction }: Named<'ct'>, flight: Flight): Hex | undefined {
  const { packet, endpoint } = flight;
  const { connectionState = 'NEW' } = packet;
  if (key === 'state') return word(CT_STATE[connectionState]);
  if (connectionState === 'INVALID') return undefined;
  if (key === 'status') return word(endpoint === undefined ? 0 : CT_STATUS_DNAT);
  const asked = `${direction} ${key}`;
  switch (asked) {
    case 'original src':
      return address(packet.source);
    case 'original dst':
      return address(packet.destination);
    case 'original proto-dst':
      return parseField('inet_service', String(packet.destinationPort));
    case 'reply src':
      return address(destinationOf(flight).ip);
    case 'reply proto-src':
      return parseField('inet_service', String(destinationOf(flight).port));
    default:
      throw new Error(`nothing is known of ct ${asked}`);
  }
}

/** Masquerading puts an address of the node in its place. */
function sourceOf({ packet, machine, masqueraded }: Flight): string {
  return masqueraded ? (machine.addresses[0] ?? packet.source) : packet.source;
}

function address(ip: string): Hex {
  return parseField(ADDRESS_TYPE[familyOf(ip)], ip);
}
