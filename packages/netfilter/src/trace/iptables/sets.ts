/** Which packets are in a set. */
import type { Rule } from '../../iptables/rule.ts';
import { destinationOf, type Flight, isWithin } from '../packet.ts';

/** Throws if there is no such set, which no kernel would take the rule with. */
export function isInSet({ name, directions }: NonNullable<Rule['set']>, flight: Flight): boolean {
  const entries = flight.machine.sets?.get(name);
  if (entries === undefined) throw new Error(`there is no set ${name}`);
  return [...entries].some((entry) => isEntryOf(flight, entry, directions));
}

/** Each part of an entry is compared with that end of the packet which its direction names. */
function isEntryOf(flight: Flight, entry: string, directions: string): boolean {
  const ends = directions.split(',');
  return entry.split(',').every((part, index) => isPartOf(flight, part, ends[index]));
}

function isPartOf(flight: Flight, part: string, end: string | undefined): boolean {
  const { packet } = flight;
  const destination = destinationOf(flight);
  const protocol = packet.protocol.toLowerCase();
  const [, wantedProtocol, port] = /^(?:(tcp|udp|sctp):)?(\d+)$/.exec(part) ?? [];
  if (port === undefined) return isWithin(part, end === 'src' ? packet.source : destination.ip);
  if (end !== 'dst') throw new Error(`packets are traced without their source ports: ${part}`);
  // A bitmap of ports knows those of TCP and UDP alone (net/netfilter/ipset/ip_set_getport.c).
  const isOfProtocol =
    wantedProtocol === undefined ? ['tcp', 'udp'].includes(protocol) : wantedProtocol === protocol;
  return isOfProtocol && Number(port) === destination.port;
}
