/** A packet and the machine it meets, as far as rules can tell packets apart. */
import { cidrContains, formatHostPort, isLoopback, parseCidr, parseHostPort } from '@menwei/addresses/ip.ts';

/** `ICMP`: an echo request of either family, which has no ports: its `destinationPort` means nothing. */
type Protocol = 'TCP' | 'UDP' | 'SCTP' | 'ICMP';

/** The first packet of a connection, or one that belongs to none. Addresses are canonical text. */
export interface Packet {
  readonly protocol: Protocol;
  readonly source: string;
  readonly destination: string;
  readonly destinationPort: number;
  /** The interface it comes in by; undefined when the node itself sends it. */
  readonly inInterface?: string | undefined;
  /** That interface is a bridge, and a port of it let the packet in. */
  readonly isBridged?: boolean;
  /** The virtual server of IPVS that took its connection, `1.2.3.5:80/UDP`; none unless told. */
  readonly virtualServer?: string;
  /** What conntrack makes of it; NEW unless told. An INVALID packet passes the nat table by. */
  readonly connectionState?: 'NEW' | 'INVALID';
  /** What others have marked it with; 0 unless told. */
  readonly mark?: number;
}

/** What the kernel knows besides its rules. */
export interface Machine {
  /** Its own addresses, the primary one first; loopback ones go without saying. */
  readonly addresses: readonly string[];
  /** The IP sets by name, with their entries as `ipset list` prints them: `10.0.0.1,tcp:80`. */
  readonly sets?: ReadonlyMap<string, ReadonlySet<string>>;
  /** Nothing unless told. */
  readonly memory?: Memory;
  /** What the clock says; 0 unless told. */
  readonly atSeconds?: number;
}

/** What rules remember from one connection to the next: clients, in words of each mode's own. */
export type Memory = ReadonlyMap<string, Memo>;

interface Memo {
  readonly data: string;
  /** When it was last renewed. */
  readonly sinceSeconds: number;
  /** How long it lives from then on. */
  readonly forSeconds: number;
}

/** A packet on its way through the hooks: what was done to it so far. */
export interface Flight {
  readonly packet: Packet;
  readonly machine: Machine;
  readonly memory: Memory;
  readonly mark: number;
  /** Of the packet in the node's queues; 0 unless a rule sets it. */
  readonly priority: number;
  /** `10.0.0.1:80` once the destination was translated. */
  readonly endpoint: string | undefined;
  readonly masqueraded: boolean;
  /** How likely a packet is to get here: above 0, at most 1. */
  readonly chance: number;
  /** The rules it matched, in order: `nat KUBE-SERVICES: <rule>`. */
  readonly steps: readonly string[];
}

/** Whether the kernel takes the address for one of its own. */
export function isLocalAddress(ip: string, machine: Machine): boolean {
  return isLoopback(ip) || machine.addresses.includes(ip);
}

/** Where the packet is going now: to its endpoint once it is translated. */
export function destinationOf({ packet, endpoint }: Flight): { readonly ip: string; readonly port: number } {
  if (endpoint === undefined) return { ip: packet.destination, port: packet.destinationPort };
  const place = parseHostPort(endpoint);
  if (place === undefined || formatHostPort(place.ip, place.port) !== endpoint) {
    throw new Error(`no endpoint: ${endpoint}`);
  }
  return place;
}

/** Whether the address is this one, or lies in this CIDR. */
export function isWithin(range: string, ip: string): boolean {
  const cidr = parseCidr(range);
  return cidr === undefined ? range === ip : cidrContains(cidr, ip);
}

/** What is remembered under the name, unless its time is over. */
export function recall({ memory, machine }: Flight, name: string): Memo | undefined {
  const memo = memory.get(name);
  if (memo === undefined) return undefined;
  return (machine.atSeconds ?? 0) - memo.sinceSeconds < memo.forSeconds ? memo : undefined;
}

export function remember(flight: Flight, name: string, data: string, forSeconds: number): Flight {
  const memo = { data, sinceSeconds: flight.machine.atSeconds ?? 0, forSeconds };
  return { ...flight, memory: new Map([...flight.memory, [name, memo]]) };
}
