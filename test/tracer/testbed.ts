/**
 * Service ports on one node, and packets sent to them: a scene for tables of test cases. Hosts go by name, so that a
 * case reads the same in both IP families.
 */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { Machine, Packet } from '@menwei/netfilter/trace/packet.ts';
import { describeWays, trace, type Way } from '@menwei/netfilter/trace/trace.ts';
import {
  aNodeView,
  anEndpoint,
  aServicePort,
  type ServicePortFields,
} from '@menwei/testing/services/testing.ts';
import type { NodeView } from 'menwei/services/node-view.ts';
import type { Endpoint, ServicePort } from 'menwei/state/service-port.ts';
import { hooksOf, type Mode, type ModeOptions, optionsOf, type Program } from './modes.ts';

export type Host =
  | 'pod'
  | 'podElsewhere'
  | 'node'
  | 'node2'
  | 'localhost'
  | 'otherNode'
  | 'client'
  | 'client2'
  | 'clusterIP'
  | 'externalIP'
  | 'vip'
  | 'vip2';

/** `node` and `node2` are addresses of the node, `pod` runs there; the services lead to none of these. */
export const HOSTS: Readonly<Record<IpFamily, Readonly<Record<Host, string>>>> = {
  IPv4: {
    pod: '10.180.0.99',
    podElsewhere: '10.180.1.99',
    node: '192.168.0.2',
    node2: '192.168.99.2',
    localhost: '127.0.0.1',
    otherNode: '192.168.0.3',
    client: '203.0.113.5',
    client2: '203.0.113.205',
    clusterIP: '172.30.0.1',
    externalIP: '192.168.99.22',
    vip: '198.51.100.4',
    vip2: '198.51.100.5',
  },
  IPv6: {
    pod: 'fd00:10:180::99',
    podElsewhere: 'fd00:10:181::99',
    node: 'fd00:192::2',
    node2: 'fd00:192:1::2',
    localhost: '::1',
    otherNode: 'fd00:192::3',
    client: '2001:db8::5',
    client2: '2001:db8:0:1::5',
    clusterIP: 'fd00:30::1',
    externalIP: 'fd00:192:1::22',
    vip: '2001:db8:a::4',
    vip2: '2001:db8:a::5',
  },
};

/** The pods of the node: how it tells them apart from everybody else unless a test says otherwise. */
const NODE_PODS: Readonly<Record<IpFamily, string>> = {
  IPv4: '10.180.0.0/24',
  IPv6: 'fd00:10:180::/64',
};
const ENDPOINTS_HERE: Readonly<Record<IpFamily, string>> = { IPv4: '10.180.0.', IPv6: 'fd00:10:180::' };
const ENDPOINTS_ELSEWHERE: Readonly<Record<IpFamily, string>> = { IPv4: '10.180.1.', IPv6: 'fd00:10:181::' };

/** What state an endpoint is in, and whether it is on the node. `gone` ones terminate and don't serve any more. */
const CONDITIONS = {
  here: { isLocal: true },
  elsewhere: {},
  unready: { ready: false, serving: false },
  unreadyHere: { ready: false, serving: false, isLocal: true },
  terminating: { ready: false, terminating: true },
  terminatingHere: { ready: false, terminating: true, isLocal: true },
  gone: { ready: false, serving: false, terminating: true },
  goneHere: { ready: false, serving: false, terminating: true, isLocal: true },
  /** So it looks where the Service publishes addresses that are not ready. */
  readyButTerminating: { terminating: true },
} satisfies Record<string, Partial<Omit<Endpoint, 'ip' | 'text'>>>;

export type Condition = keyof typeof CONDITIONS;

/** Endpoints with the numbers 1, 2, 3…, which are the last part of their addresses. */
export function endpointsOf(family: IpFamily, conditions: readonly Condition[]): readonly Endpoint[] {
  return conditions
    .map((name, index) => {
      const condition: Partial<Endpoint> = CONDITIONS[name];
      return anEndpoint({ ...condition, ip: endpointIp(family, condition.isLocal === true, index + 1) });
    })
    .sort((a, b) => (a.text < b.text ? -1 : 1));
}

function endpointIp(family: IpFamily, isLocal: boolean, number: number): string {
  return `${(isLocal ? ENDPOINTS_HERE : ENDPOINTS_ELSEWHERE)[family]}${number}`;
}

/** A service port on `clusterIP`, and with `everywhere` on all other ways in: `externalIP`, `vip`, NodePort 30080. */
export function portOf(
  family: IpFamily,
  { everywhere = false, endpoints = [], ...fields }: PortOfFields,
): ServicePort {
  const { clusterIP, externalIP, vip } = HOSTS[family];
  return aServicePort({
    clusterIP,
    ...(everywhere ? { externalIPs: [externalIP], loadBalancerVIPs: [vip], nodePort: 30080 } : {}),
    ...fields,
    endpoints: endpointsOf(family, endpoints),
  });
}

export interface PortOfFields extends Omit<ServicePortFields, 'endpoints'> {
  readonly everywhere?: boolean;
  readonly endpoints?: readonly Condition[];
}

/** What stands in a table of cases: the same for all modes, or said for each. */
export type Expected = string | Readonly<Record<Mode, string>>;

export function expectedIn(mode: Mode, expected: Expected): string {
  return typeof expected === 'string' ? expected : expected[mode];
}

export interface Scene {
  readonly ports: readonly ServicePort[];
  readonly node?: Partial<NodeView>;
  readonly options?: Partial<ModeOptions>;
  /** Addresses of the machine; `node` and `node2` unless told. */
  readonly addresses?: readonly string[];
}

/** A host, by another interface than its own if named (`client@br0`), or an endpoint on the node by its number. */
export type Sender = Host | `${Host}@${string}` | number;

export interface Testbed {
  /**
   * What becomes of a packet to `vip:80` or `clusterIP:53/UDP`: see {@link describeWays}, but endpoints go by their
   * numbers, and by their port only if it is not 8080.
   */
  send(from: Sender, to: string, then?: Then): string;
  ways(from: Sender, to: string, then?: Then): readonly Way[];
  deliver(packet: Packet, then?: Then): readonly Way[];
}

/** What the machine knows by the time of the packet. */
type Then = Pick<Machine, 'memory' | 'atSeconds'>;

export function aTestbed(mode: Mode, family: IpFamily, scene: Scene): Testbed {
  const { node, node2 } = HOSTS[family];
  const { addresses = [node, node2] } = scene;
  const hooks = hooksOf(mode, programOf(family, scene));
  const deliver = (packet: Packet, then?: Then) => trace(hooks, packet, { addresses, ...then });
  const ways = (from: Sender, to: string, then?: Then) => deliver(packetOf(family, from, to), then);
  return { deliver, ways, send: (from, to, then) => shorten(describeWays(ways(from, to, then))) };
}

export function programOf(family: IpFamily, { ports, node, options }: Scene): Program {
  const ip = HOSTS[family].node;
  const detectLocal: NodeView['detectLocal'] = { by: 'cidr', cidr: NODE_PODS[family] };
  return {
    ports,
    node: aNodeView({ family, ip, detectLocal, ...node }),
    options: optionsOf(family, options),
  };
}

export function packetOf(family: IpFamily, from: Sender, to: string): Packet {
  const [, host = '', port, protocol = 'TCP'] = /^(\w+):(\d+)(?:\/(\w+))?$/.exec(to) ?? [];
  if (!isHost(host) || !isProtocol(protocol)) throw new Error(`send to what: ${to}`);
  const destination = HOSTS[family][host];
  return { ...senderOf(family, from), protocol, destination, destinationPort: Number(port) };
}

function senderOf(family: IpFamily, from: Sender): Pick<Packet, 'source' | 'inInterface'> {
  if (typeof from === 'number') return { source: endpointIp(family, true, from), inInterface: 'veth2' };
  const [host = '', inInterface] = from.split('@');
  if (!isHost(host)) throw new Error(`send from what: ${from}`);
  return { source: HOSTS[family][host], inInterface: inInterface ?? interfaceOf(host) };
}

/** What the node sends comes in by none; so does what it sends from a VIP, which must then be its own. */
function interfaceOf(host: Host): string | undefined {
  switch (host) {
    case 'node':
    case 'node2':
    case 'localhost':
    case 'vip':
    case 'vip2':
      return undefined;
    case 'pod':
      return 'veth1';
    default:
      return 'eth0';
  }
}

function isHost(text: string): text is Host {
  return text in HOSTS.IPv4;
}

function isProtocol(text: string): text is Packet['protocol'] {
  return text === 'TCP' || text === 'UDP' || text === 'SCTP' || text === 'ICMP';
}

/** `10.180.0.1:8080` → `1`, `10.180.1.2:81` → `2:81`. */
export function shorten(ways: string): string {
  return ways
    .split(' ')
    .map((way) => way.replace(/^(?:10\.180\.[01]\.|\[fd00:10:18[01]::)(\d+)]?/, '$1').replace(':8080', ''))
    .sort()
    .join(' ');
}
