/** The node's own addresses: which it is known by, and which accept NodePort traffic (spec § 10.4, § 10.6). */
import {
  type Cidr,
  cidrContains,
  familyOf,
  type IpFamily,
  isLoopback,
  parseCidr,
} from '@menwei/addresses/ip.ts';
import type { Settings } from './settings.ts';

export interface NodeIPs {
  readonly primaryFamily: IpFamily;
  /** The loopback address where the node has none that is known. */
  readonly byFamily: Readonly<Record<IpFamily, string>>;
}

/**
 * The addresses that the node is known by. A bind address that isn't the wildcard comes first.
 * @param nodeAddresses the Node object's; empty while it is unknown.
 */
export function statedAddresses(
  { bindAddress }: Pick<Settings, 'bindAddress'>,
  nodeAddresses: readonly string[],
): readonly string[] {
  const isWildcard = bindAddress === '0.0.0.0' || bindAddress === '::';
  return isWildcard ? nodeAddresses : [bindAddress, ...nodeAddresses];
}

/**
 * The first address decides the primary family, the first of the other family fills the other. Without any, the family of the
 * wildcard that stands for them all is the primary one.
 */
export function nodeIPs(settings: Pick<Settings, 'bindAddress'>, nodeAddresses: readonly string[]): NodeIPs {
  const candidates = statedAddresses(settings, nodeAddresses);
  const first = (family: IpFamily) => candidates.find((ip) => familyOf(ip) === family);
  return {
    primaryFamily: familyOf(candidates[0] ?? settings.bindAddress),
    byFamily: { IPv4: first('IPv4') ?? '127.0.0.1', IPv6: first('IPv6') ?? '::1' },
  };
}

/**
 * The addresses of one family that accept NodePort traffic, sorted. A family that the setting doesn't mention accepts
 * on all addresses, and so does, with "primary", a family in which the node has no known address (KQ-13, as kube-proxy).
 * @param interfaceAddresses all addresses of the machine, of both families.
 */
export function nodePortAddresses(
  settings: Pick<Settings, 'nodePortAddresses'>,
  family: IpFamily,
  { byFamily }: NodeIPs,
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
