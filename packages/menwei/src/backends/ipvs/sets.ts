/**
 * The sets of the ipvs mode: those of kube-proxy (spec § 6.3), whose names and comments are API, and four of our own. How
 * many Services there are shows in them alone; the rules that ask them stay the same.
 */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { withoutHostPrefix } from '@menwei/netfilter/iptables/rule.ts';
import type { TransportProtocol } from '@menwei/netlink';
import type { SetEntry, SetShape, SetType } from '@menwei/netlink/ipset';
import type { Frontend } from '@menwei/netlink/ipvs';

interface Definition {
  /** As it is called for IPv4. */
  readonly id: string;
  readonly type: SetType;
  /** Comment of the rules that ask the set. */
  readonly comment: string;
}

const DEFINITIONS = [
  {
    id: 'KUBE-LOOP-BACK',
    type: 'hash:ip,port,ip',
    comment: 'Kubernetes endpoints dst ip:port, source ip for solving hairpin purpose',
  },
  {
    id: 'KUBE-CLUSTER-IP',
    type: 'hash:ip,port',
    comment: 'Kubernetes service cluster ip + port for masquerade purpose',
  },
  {
    id: 'KUBE-EXTERNAL-IP',
    type: 'hash:ip,port',
    comment: 'Kubernetes service external ip + port for masquerade and filter purpose',
  },
  {
    id: 'KUBE-EXTERNAL-IP-LOCAL',
    type: 'hash:ip,port',
    comment: 'Kubernetes service external ip + port with externalTrafficPolicy=local',
  },
  { id: 'KUBE-LOAD-BALANCER', type: 'hash:ip,port', comment: 'Kubernetes service lb portal' },
  {
    id: 'KUBE-LOAD-BALANCER-FW',
    type: 'hash:ip,port',
    comment: 'Kubernetes service load balancer ip + port for load balancer with sourceRange',
  },
  {
    id: 'KUBE-LOAD-BALANCER-LOCAL',
    type: 'hash:ip,port',
    comment: 'Kubernetes service load balancer ip + port with externalTrafficPolicy=local',
  },
  {
    id: 'KUBE-LOAD-BALANCER-SOURCE-IP',
    type: 'hash:ip,port,ip',
    comment: 'Kubernetes service load balancer ip + port + source IP for packet filter purpose',
  },
  {
    id: 'KUBE-LOAD-BALANCER-SOURCE-CIDR',
    type: 'hash:ip,port,net',
    comment: 'Kubernetes service load balancer ip + port + source cidr for packet filter purpose',
  },
  {
    id: 'KUBE-NODE-PORT-TCP',
    type: 'bitmap:port',
    comment: 'Kubernetes nodeport TCP port for masquerade purpose',
  },
  {
    id: 'KUBE-NODE-PORT-LOCAL-TCP',
    type: 'bitmap:port',
    comment: 'Kubernetes nodeport TCP port with externalTrafficPolicy=local',
  },
  {
    id: 'KUBE-NODE-PORT-UDP',
    type: 'bitmap:port',
    comment: 'Kubernetes nodeport UDP port for masquerade purpose',
  },
  {
    id: 'KUBE-NODE-PORT-LOCAL-UDP',
    type: 'bitmap:port',
    comment: 'Kubernetes nodeport UDP port with externalTrafficPolicy=local',
  },
  {
    id: 'KUBE-NODE-PORT-SCTP-HASH',
    type: 'hash:ip,port',
    comment: "Kubernetes nodeport SCTP port for masquerade purpose with type 'hash ip:port'",
  },
  {
    id: 'KUBE-NODE-PORT-LOCAL-SCTP-HASH',
    type: 'hash:ip,port',
    comment: "Kubernetes nodeport SCTP port with externalTrafficPolicy=local with type 'hash ip:port'",
  },
  { id: 'KUBE-HEALTH-CHECK-NODE-PORT', type: 'bitmap:port', comment: 'Kubernetes health check node port' },
  { id: 'KUBE-IPVS-IPS', type: 'hash:ip', comment: 'Addresses on the ipvs interface' },
  /** Every virtual server we made, since IPVS itself does not say whose one is. No rule asks it. */
  { id: 'MENWEI-VIRTUAL-SERVERS', type: 'hash:ip,port', comment: 'virtual servers of menwei' },
  {
    id: 'MENWEI-INTERNAL-NO-LOCAL',
    type: 'hash:ip,port',
    comment: 'internalTrafficPolicy Local without an endpoint on this node',
  },
  {
    id: 'MENWEI-EXTERNAL-NO-LOCAL',
    type: 'hash:ip,port',
    comment: 'externalTrafficPolicy Local without an endpoint on this node',
  },
  {
    id: 'MENWEI-LOAD-BALANCER-IPS',
    type: 'hash:ip',
    comment: 'load-balancer addresses that the node answers for',
  },
  {
    id: 'MENWEI-DIRECT',
    type: 'hash:ip,port',
    comment: 'forwarded directly or by tunnel, without masquerade',
  },
] as const satisfies readonly Definition[];

export type SetId = (typeof DEFINITIONS)[number]['id'];

/**
 * What a member does to who comes by: it closes an address to all that is no Service, it lets a Service in and has it
 * masqueraded, it keeps some out of a Service, or it makes an exception of those whom a member of another set would keep
 * out or have masqueraded. The ledger does nothing.
 */
export type SetRole = 'closes' | 'admits' | 'denies' | 'exempts' | 'none';

const DENYING: ReadonlySet<SetId> = new Set([
  'KUBE-LOAD-BALANCER-FW',
  'MENWEI-INTERNAL-NO-LOCAL',
  'MENWEI-EXTERNAL-NO-LOCAL',
]);

/** Sets of exceptions, with the set whose members they are exceptions from. */
const GUARDS: ReadonlyMap<SetId, SetId> = new Map([
  ['KUBE-LOAD-BALANCER-SOURCE-CIDR', 'KUBE-LOAD-BALANCER-FW'],
  ['KUBE-LOAD-BALANCER-SOURCE-IP', 'KUBE-LOAD-BALANCER-FW'],
  ['KUBE-LOAD-BALANCER-LOCAL', 'KUBE-LOAD-BALANCER'],
  ['KUBE-NODE-PORT-LOCAL-TCP', 'KUBE-NODE-PORT-TCP'],
  ['KUBE-NODE-PORT-LOCAL-UDP', 'KUBE-NODE-PORT-UDP'],
  ['KUBE-NODE-PORT-LOCAL-SCTP-HASH', 'KUBE-NODE-PORT-SCTP-HASH'],
]);

const COMMENTS: ReadonlyMap<SetId, string> = new Map(DEFINITIONS.map(({ id, comment }) => [id, comment]));

/** hash sets take no more entries than this; kube-proxy's 65536 would be the end at some ten thousand Services. */
const MAX_ENTRIES = 1 << 20;
/** As many ports as there are. */
const PORTS = 1 << 16;

/** ipset takes no longer names. */
const MAX_NAME_LENGTH = 31;

const SHAPES: Readonly<Record<IpFamily, ReadonlyMap<SetId, SetShape>>> = {
  IPv4: makeShapes('IPv4'),
  IPv6: makeShapes('IPv6'),
};

const ROLES: ReadonlyMap<string, SetRole> = new Map(
  Object.values(SHAPES).flatMap((shapes) => Array.from(shapes, ([id, { name }]) => [name, roleOfId(id)])),
);

const GUARD_NAMES: ReadonlyMap<string, string> = new Map(
  Object.values(SHAPES).flatMap((shapes) =>
    Array.from(GUARDS, ([id, guard]) => [shapes.get(id)?.name ?? id, shapes.get(guard)?.name ?? guard]),
  ),
);

export function roleOf({ name }: Pick<SetShape, 'name'>): SetRole {
  return ROLES.get(name) ?? 'none';
}

/** The name of the set whose members those of a set of exceptions are exceptions from. */
export function guardOf({ name }: Pick<SetShape, 'name'>): string | undefined {
  return GUARD_NAMES.get(name);
}

function roleOfId(id: SetId): SetRole {
  if (id === 'MENWEI-VIRTUAL-SERVERS') return 'none';
  if (id === 'KUBE-IPVS-IPS') return 'closes';
  if (GUARDS.has(id)) return 'exempts';
  return DENYING.has(id) ? 'denies' : 'admits';
}

/** Shapes of all sets of a family. */
export function setShapes(family: IpFamily): ReadonlyMap<SetId, SetShape> {
  return SHAPES[family];
}

export function setShape(id: SetId, family: IpFamily): SetShape {
  const shape = SHAPES[family].get(id);
  if (shape === undefined) throw new Error(`BUG: no set ${id}`);
  return shape;
}

export function setComment(id: SetId): string {
  return COMMENTS.get(id) ?? '';
}

/** `KUBE-LOOP-BACK` of IPv6 is `KUBE-6-LOOP-BACK`. */
export function setName(id: SetId, family: IpFamily): string {
  return setShape(id, family).name;
}

/** The set that lists our virtual servers. */
export function ledgerShape(family: IpFamily): SetShape {
  return setShape('MENWEI-VIRTUAL-SERVERS', family);
}

export function isLedger({ name, family }: Pick<SetShape, 'name' | 'family'>): boolean {
  return name === ledgerShape(family).name;
}

/**
 * The member of the ledger that is no virtual server: while it is there, every virtual server of ours is there too. It is
 * the last to be written, and goes with whoever empties the set.
 */
export const LEDGER_SEAL: Readonly<Record<IpFamily, SetEntry>> = {
  IPv4: '255.255.255.255,tcp:0',
  IPv6: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,tcp:0',
};

/** NodePorts of a protocol; those of SCTP come with each address of the node. */
export function nodePortSet(protocol: TransportProtocol): SetId {
  return protocol === 'SCTP' ? 'KUBE-NODE-PORT-SCTP-HASH' : `KUBE-NODE-PORT-${protocol}`;
}

/** Those of them that have externalTrafficPolicy Local. */
export function localNodePortSet(protocol: TransportProtocol): SetId {
  return protocol === 'SCTP' ? 'KUBE-NODE-PORT-LOCAL-SCTP-HASH' : `KUBE-NODE-PORT-LOCAL-${protocol}`;
}

export function nodePortSetShape(family: IpFamily, protocol: TransportProtocol): SetShape {
  return setShape(nodePortSet(protocol), family);
}

/** `10.0.0.1,tcp:80` */
export function formatFrontendEntry({
  protocol,
  ip,
  port,
}: Pick<Extract<Frontend, { protocol: unknown }>, 'protocol' | 'ip' | 'port'>): SetEntry {
  return `${ip},${protocol.toLowerCase()}:${port}`;
}

/** `10.0.0.1,tcp:80,192.168.0.0/24`; a network of one address goes without its length. */
export function formatSourceEntry(frontendEntry: SetEntry, source: string): SetEntry {
  return `${frontendEntry},${withoutHostPrefix(source)}`;
}

function makeShapes(family: IpFamily): ReadonlyMap<SetId, SetShape> {
  return new Map(
    DEFINITIONS.map(({ id, type }) => {
      const maxEntries = type === 'bitmap:port' ? PORTS : MAX_ENTRIES;
      const name = family === 'IPv4' ? id : id.replace('-', '-6-').slice(0, MAX_NAME_LENGTH);
      return [id, { name, type, family, maxEntries }];
    }),
  );
}
