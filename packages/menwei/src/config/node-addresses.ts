/** The node's own addresses: which it is known by, and which accept NodePort traffic (spec § 10.4, § 10.6). */
import {
  type Cidr,
  cidrContains,
  familyOf,
  type IpFamily,
  isLoopback,
  isWildcard,
  parseCidr,
} from '@menwei/addresses/ip.ts';
import type { Settings } from './settings.ts';

export interface NodeIPs {
  readonly primaryFamily: IpFamily;
  /** The loopback address where the node has none that is known. */
  readonly byFamily: Readonly<Record<IpFamily, string>>;
  /** Who says so; none where nobody does. */
  readonly sources: Readonly<Partial<Record<IpFamily, string>>>;
}

/** An address of the node, and who says so: `Node object`. */
interface StatedAddress {
  readonly ip: string;
  readonly source: string;
}

type AddressSettings = Pick<Settings, 'nodeIPs' | 'bindAddress'>;

/**
 * The addresses that the node is known by. Those of `--node-ip` come first, then a bind address that isn't the wildcard.
 * @param nodeAddresses the Node object's; empty while it is unknown.
 */
export function statedAddresses(
  { nodeIPs, bindAddress }: AddressSettings,
  nodeAddresses: readonly string[],
): readonly StatedAddress[] {
  return [
    ...nodeIPs.map((ip) => ({ ip, source: '--node-ip' })),
    ...(isWildcard(bindAddress) ? [] : [{ ip: bindAddress, source: 'bindAddress' }]),
    ...nodeAddresses.map((ip) => ({ ip, source: 'Node object' })),
  ];
}

/**
 * The first address decides the primary family, the first of the other family fills the other. Without any, the family of the
 * wildcard that stands for them all is the primary one.
 *
 * @param machineAddresses what was found on the machine: it counts where neither `--node-ip` nor a Node object says anything
 */
export function nodeIPs(
  settings: AddressSettings,
  nodeAddresses: readonly string[],
  machineAddresses: readonly StatedAddress[] = [],
): NodeIPs {
  const isTold = settings.nodeIPs.length > 0 || nodeAddresses.length > 0;
  const candidates = [
    ...statedAddresses(settings, nodeAddresses),
    ...(isTold ? [] : byPreference(machineAddresses, familyOf(settings.bindAddress))),
  ];
  const first = (family: IpFamily) => candidates.find(({ ip }) => familyOf(ip) === family);
  const [v4, v6] = [first('IPv4'), first('IPv6')];
  return {
    primaryFamily: familyOf(candidates[0]?.ip ?? settings.bindAddress),
    byFamily: { IPv4: v4?.ip ?? '127.0.0.1', IPv6: v6?.ip ?? '::1' },
    sources: { ...(v4 && { IPv4: v4.source }), ...(v6 && { IPv6: v6.source }) },
  };
}

/** The machine itself prefers none of its families; the bind address does. */
function byPreference(addresses: readonly StatedAddress[], preferred: IpFamily): readonly StatedAddress[] {
  const isPreferred = ({ ip }: StatedAddress) => familyOf(ip) === preferred;
  return [...addresses.filter(isPreferred), ...addresses.filter((address) => !isPreferred(address))];
}

/**
 * The addresses of one family that accept NodePort traffic, sorted. A family that the setting doesn't mention accepts
 * on all addresses, and so does, with "primary", a family in which the node has no known address (KQ-13, as kube-proxy).
 * @param interfaceAddresses all addresses of the machine, of both families.
 */
export function nodePortAddresses(
  settings: Pick<Settings, 'nodePortAddresses'>,
  family: IpFamily,
  { byFamily }: Pick<NodeIPs, 'byFamily'>,
  interfaceAddresses: readonly string[],
): 'all' | readonly string[] {
  const cidrs = settings.nodePortAddresses === 'primary' ? hostCidrs(byFamily) : settings.nodePortAddresses;
  const ofFamily = cidrs.filter((cidr) => cidr.family === family);
  if (ofFamily.length === 0 || ofFamily.some((cidr) => cidr.prefixLength === 0)) return 'all';
  const accepted = interfaceAddresses.filter((ip) => ofFamily.some((cidr) => cidrContains(cidr, ip)));
  return [...new Set(accepted)].sort();
}

/** The known addresses as networks of one address. */
function hostCidrs(byFamily: NodeIPs['byFamily']): readonly Cidr[] {
  const known = Object.values(byFamily).filter((ip) => !isLoopback(ip));
  return known.flatMap((ip) => parseCidr(`${ip}/${familyOf(ip) === 'IPv4' ? 32 : 128}`) ?? []);
}
