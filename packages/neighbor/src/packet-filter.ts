/** Which frames of an interface the kernel lets into a packet socket: all others cost nothing more. */
import { INTERFACE_INDEX, type Instruction, KEEP_OUT, LET_IN, PACKET_TYPE } from '@menwei/netlink/native';
import type { NumberRange } from './address-ranges.ts';
import { ADVERTISEMENT, ICMPV6, SOLICITATION } from './neighbor-discovery.ts';

/** Frames to somebody else (also of a VLAN that nobody has set up here), and those that this machine sends (linux/if_packet.h). */
const PACKET_OTHERHOST = 3;

/** Offsets in an Ethernet frame with an ARP packet. */
const SENDER_IP = 28;
const TARGET_IP = 38;

/** Offsets in an Ethernet frame with an IPv6 packet. */
const NEXT_HEADER = 20;
const HOP_LIMIT = 21;
const ICMP_TYPE = 54;
/** The last 32 bits of the address that is asked for, or told of. */
const END_OF_TARGET = 74;

/** @param ranges of the addresses that have to do with it; undefined: all */
export function arpFilter(
  interfaceIndex: number,
  ranges: readonly NumberRange[] | undefined,
): readonly Instruction[] {
  if (ranges === undefined) return [...receivedOn(interfaceIndex), LET_IN];
  const isOneOf = ranges.flatMap(letInIfWithin);
  return [
    ...receivedOn(interfaceIndex),
    { do: 'loadWord', operand: TARGET_IP },
    ...isOneOf,
    { do: 'loadWord', operand: SENDER_IP },
    ...isOneOf,
    KEEP_OUT,
  ];
}

/**
 * Neighbour solicitations and advertisements that no router has passed on.
 *
 * @param ranges of the ends of the addresses that they are about; undefined: all
 */
export function neighborDiscoveryFilter(
  interfaceIndex: number,
  ranges: readonly NumberRange[] | undefined,
): readonly Instruction[] {
  return [
    ...receivedOn(interfaceIndex),
    { do: 'loadByte', operand: NEXT_HEADER },
    { do: 'ifEqual', operand: ICMPV6, skipIf: 1 },
    KEEP_OUT,
    { do: 'loadByte', operand: HOP_LIMIT },
    { do: 'ifEqual', operand: 255, skipIf: 1 },
    KEEP_OUT,
    { do: 'loadByte', operand: ICMP_TYPE },
    { do: 'ifEqual', operand: SOLICITATION, skipIf: 2 },
    { do: 'ifEqual', operand: ADVERTISEMENT, skipIf: 1 },
    KEEP_OUT,
    ...(ranges === undefined
      ? [LET_IN]
      : [{ do: 'loadWord', operand: END_OF_TARGET } as const, ...ranges.flatMap(letInIfWithin), KEEP_OUT]),
  ];
}

/**
 * A socket on an interface hears what comes for the VLANs on it, too, without tags: the kernel has set those packets' interface to
 * that of the VLAN by then.
 */
function receivedOn(interfaceIndex: number): readonly Instruction[] {
  return [
    { do: 'loadWord', operand: INTERFACE_INDEX },
    { do: 'ifEqual', operand: interfaceIndex, skipIf: 1 },
    KEEP_OUT,
    { do: 'loadWord', operand: PACKET_TYPE },
    { do: 'ifAtLeast', operand: PACKET_OTHERHOST, skipElse: 1 },
    KEEP_OUT,
  ];
}

function letInIfWithin({ first, last }: NumberRange): readonly Instruction[] {
  return [
    { do: 'ifAtLeast', operand: first, skipElse: 2 },
    { do: 'ifGreaterThan', operand: last, skipIf: 1 },
    LET_IN,
  ];
}
