/** Which frames of an interface the kernel lets into a packet socket: all others cost nothing more. */
import { INTERFACE_INDEX, type Instruction, KEEP_OUT, LET_IN, PACKET_TYPE } from '@menwei/netlink/native';

/** Frames to somebody else (also of a VLAN that nobody has set up here), and those that this machine sends (linux/if_packet.h). */
const PACKET_OTHERHOST = 3;

/** Offsets in an Ethernet frame with an IPv6 packet. */
const NEXT_HEADER = 20;
const HOP_LIMIT = 21;
const ICMP_TYPE = 54;
const ICMPV6 = 58;
const SOLICITATION = 135;
const AFTER_ADVERTISEMENT = 137;

export function arpFilter(interfaceIndex: number): readonly Instruction[] {
  return [...receivedOn(interfaceIndex), LET_IN, KEEP_OUT];
}

/** Neighbour solicitations and advertisements that no router has passed on. */
export function neighborDiscoveryFilter(interfaceIndex: number): readonly Instruction[] {
  return [
    ...receivedOn(interfaceIndex, 7),
    { do: 'loadByte', operand: NEXT_HEADER },
    { do: 'ifEqual', operand: ICMPV6, skipElse: 6 },
    { do: 'loadByte', operand: HOP_LIMIT },
    { do: 'ifEqual', operand: 255, skipElse: 4 },
    { do: 'loadByte', operand: ICMP_TYPE },
    { do: 'ifAtLeast', operand: SOLICITATION, skipElse: 2 },
    { do: 'ifAtLeast', operand: AFTER_ADVERTISEMENT, skipIf: 1 },
    LET_IN,
    KEEP_OUT,
  ];
}

/**
 * A socket on an interface hears what comes for the VLANs on it, too, without tags: the kernel has set those packets' interface to
 * that of the VLAN by then. `between`: how many instructions stand between these and the last two.
 */
function receivedOn(interfaceIndex: number, between = 0): readonly Instruction[] {
  return [
    { do: 'loadWord', operand: INTERFACE_INDEX },
    { do: 'ifEqual', operand: interfaceIndex, skipElse: 3 + between },
    { do: 'loadWord', operand: PACKET_TYPE },
    { do: 'ifAtLeast', operand: PACKET_OTHERHOST, skipIf: 1 + between },
  ];
}
