/** A packet and the machine it meets, as far as our rules can tell packets apart. */
import { cidrContains, formatHostPort, isLoopback, parseCidr, parseIp } from '../../src/addresses/ip.ts';
import type { Rule } from '../../src/backends/iptables/rule.ts';
import type { Protocol } from '../../src/kubernetes/objects.ts';

/** The first packet of a connection, or one that belongs to none. Addresses are canonical text. */
export interface Packet {
  readonly protocol: Protocol;
  readonly source: string;
  readonly destination: string;
  readonly destinationPort: number;
  /** The interface it comes in by; undefined when the node itself sends it. */
  readonly inInterface?: string | undefined;
  /** What conntrack makes of it; NEW unless told. An INVALID packet passes the nat table by. */
  readonly connectionState?: 'NEW' | 'INVALID';
}

/** What the kernel knows besides its rules. */
export interface Machine {
  /** Its own addresses; loopback ones go without saying. */
  readonly addresses: readonly string[];
  /** Names of the xt_recent lists that hold the packet's source. */
  readonly remembered?: ReadonlySet<string>;
}

/** A packet on its way through the hooks: what was done to it so far. */
export interface Flight {
  readonly packet: Packet;
  readonly machine: Machine;
  readonly mark: number;
  /** `10.0.0.1:80` once the destination was translated. */
  readonly endpoint: string | undefined;
  readonly masqueraded: boolean;
  /** How likely a packet is to get here: above 0, at most 1. */
  readonly chance: number;
  /** The rules it matched, in order: `nat KUBE-SERVICES: <rule>`. */
  readonly steps: readonly string[];
}

/** Whether the kernel takes the address for one of its own (`-m addrtype --dst-type LOCAL`). */
export function isLocalAddress(ip: string, machine: Machine): boolean {
  return isLoopback(ip) || machine.addresses.includes(ip);
}

/** Where the packet is going now: to its endpoint once it is translated. */
export function destinationOf({ packet, endpoint }: Flight): { readonly ip: string; readonly port: number } {
  if (endpoint === undefined) return { ip: packet.destination, port: packet.destinationPort };
  const colon = endpoint.lastIndexOf(':');
  const ip = parseIp(endpoint.slice(0, colon).replace(/^\[|\]$/g, ''));
  const port = Number(endpoint.slice(colon + 1));
  if (ip === undefined || formatHostPort(ip, port) !== endpoint) throw new Error(`no endpoint: ${endpoint}`);
  return { ip, port };
}

/** Whether all conditions of a rule hold. Chance (`oneOf`) is for the caller to settle. */
export function matches(rule: Rule, flight: Flight): boolean {
  const { packet, machine } = flight;
  const { ip, port } = destinationOf(flight);
  return (
    holds(rule.protocol, (protocol) => protocol === packet.protocol.toLowerCase()) &&
    holdsText(rule.destination, (range) => contains(range, ip)) &&
    holds(rule.destinationPort, (wanted) => wanted === port) &&
    holdsText(rule.source, (range) => contains(range, packet.source)) &&
    holdsText(rule.inInterface, (name) => isInterface(name, packet.inInterface)) &&
    holds(rule.addressType, (end) => isLocalAddress(end === 'dst' ? ip : packet.source, machine)) &&
    holdsText(rule.connectionState, (states) => isInState(states, flight)) &&
    holdsText(rule.mark, (mark) => hasMark(mark, flight.mark)) &&
    holds(rule.recent?.seconds, () => machine.remembered?.has(rule.recent?.name ?? '') === true)
  );
}

/** A condition that is not there holds. */
function holds<Value>(condition: Value | undefined, test: (value: Value) => boolean): boolean {
  return condition === undefined || test(condition);
}

/** The same for a condition that a leading `! ` turns round. */
function holdsText(condition: string | undefined, test: (value: string) => boolean): boolean {
  return holds(condition, (text) => (text.startsWith('! ') ? !test(text.slice(2)) : test(text)));
}

function contains(range: string, ip: string): boolean {
  const cidr = parseCidr(range);
  return cidr === undefined ? range === ip : cidrContains(cidr, ip);
}

/** The node's own packets come in by none, which is why they match `! -i`. */
function isInterface(wanted: string, actual = ''): boolean {
  return wanted.endsWith('+') ? actual.startsWith(wanted.slice(0, -1)) : actual === wanted;
}

function isInState(states: string, { packet, endpoint }: Flight): boolean {
  const actual = [packet.connectionState ?? 'NEW', ...(endpoint === undefined ? [] : ['DNAT'])];
  return states.split(',').some((state) => actual.includes(state));
}

function hasMark(wanted: string, actual: number): boolean {
  const [value = 0, mask = 0xffffffff] = wanted.split('/').map(Number);
  return (actual & mask) >>> 0 === value;
}
