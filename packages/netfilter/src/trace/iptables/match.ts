/** Which packets a rule is for. */
import { familyOf, formatHostPort, type IpFamily } from '@menwei/addresses/ip.ts';
import type { Rule, VirtualAddress } from '../../iptables/rule.ts';
import { destinationOf, type Flight, isLocalAddress, isWithin, type Packet, recall } from '../packet.ts';
import { isInSet } from './sets.ts';

/** Whether all conditions of a rule hold. Chance (`oneOf`) is for the caller to settle. */
export function matches(rule: Rule, flight: Flight): boolean {
  const { packet, machine } = flight;
  const { ip, port } = destinationOf(flight);
  return (
    holds(rule.protocol, (protocol) => protocol === protocolOf(packet)) &&
    holds(rule.icmpType, (type) => type === ECHO_REQUEST[familyOf(packet.source)]) &&
    holdsText(rule.destination, (range) => isWithin(range, ip)) &&
    holds(rule.destinationPort, (wanted) => wanted === port) &&
    holdsText(rule.source, (range) => isWithin(range, packet.source)) &&
    holdsText(rule.inInterface, (name) => isInterface(name, packet.inInterface)) &&
    holds(rule.set, (set) => isInSet(set, flight)) &&
    holds(rule.physdevNotIn, () => !packet.isBridged) &&
    holds(rule.virtual, (virtual) => formatVirtual(virtual) === packet.virtualServer) &&
    holdsText(rule.sourceType, () => isLocalAddress(packet.source, machine)) &&
    holdsText(rule.destinationType, () => isLocalAddress(ip, machine)) &&
    holdsText(rule.connectionState, (states) => isInState(states, flight)) &&
    holdsText(rule.mark, (mark) => hasMark(mark, flight.mark)) &&
    holds(rule.recent, (recent) => isRecent(recent, flight))
  );
}

const ECHO_REQUEST: Readonly<Record<IpFamily, number>> = { IPv4: 8, IPv6: 128 };

function protocolOf({ protocol, source }: Packet): string {
  if (protocol !== 'ICMP') return protocol.toLowerCase();
  return familyOf(source) === 'IPv4' ? 'icmp' : 'ipv6-icmp';
}

/** How the memory names a client in a list of xt_recent. */
export function recentName(list: string, client: string): string {
  return `${list} ${client}`;
}

/** A condition that is not there holds. */
function holds<Value>(condition: Value | undefined, test: (value: Value) => boolean): boolean {
  return condition === undefined || test(condition);
}

/** The same for a condition that a leading `! ` turns round. */
function holdsText(condition: string | undefined, test: (value: string) => boolean): boolean {
  return holds(condition, (text) => (text.startsWith('! ') ? !test(text.slice(2)) : test(text)));
}

/** The node's own packets come in by none, which is why they match `! -i`. */
function isInterface(wanted: string, actual = ''): boolean {
  return wanted.endsWith('+') ? actual.startsWith(wanted.slice(0, -1)) : actual === wanted;
}

function isInState(states: string, { packet, endpoint }: Flight): boolean {
  const actual = [packet.connectionState ?? 'NEW', ...(endpoint === undefined ? [] : ['DNAT'])];
  return states.split(',').some((state) => actual.includes(state));
}

function formatVirtual({ ip, port, protocol }: VirtualAddress): string {
  return `${formatHostPort(ip, port)}/${protocol.toUpperCase()}`;
}

function hasMark(wanted: string, actual: number): boolean {
  const [value = 0, mask = 0xffffffff] = wanted.split('/').map(Number);
  return (actual & mask) >>> 0 === value;
}

/** Lists know since when; how long that counts is for the rule to say. One without a time only adds to the list. */
function isRecent({ name, seconds }: NonNullable<Rule['recent']>, flight: Flight): boolean {
  if (seconds === undefined) return true;
  const memo = recall(flight, recentName(name, flight.packet.source));
  return memo !== undefined && (flight.machine.atSeconds ?? 0) - memo.sinceSeconds <= seconds;
}
