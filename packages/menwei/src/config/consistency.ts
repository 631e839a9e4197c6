/** Settings that don't fit the IP families of the node and of what is served (spec § 10.5, § 10.6). */
import {
  familyOf,
  IP_FAMILIES,
  type IpFamily,
  isLoopback,
  isWildcard,
  parseCidr,
} from '@menwei/addresses/ip.ts';
import type { Settings } from './settings.ts';

interface FamilyFacts {
  readonly primaryFamily: IpFamily;
  /** The IP families that are proxied. */
  readonly served: readonly IpFamily[];
  /** Of the Node object; empty while nothing is known of them. */
  readonly podCIDRs: readonly string[];
}

interface Inconsistency {
  readonly message: string;
  /** What it means for the process: no traffic could be treated as the settings ask. */
  readonly isFatal: boolean;
}

/** In the order of the specification. */
export function findInconsistencies(settings: Settings, facts: FamilyFacts): readonly Inconsistency[] {
  return [
    ...checkNodePortAddresses(settings, facts).map((message) => ({ message, isFatal: false })),
    ...checkClusterCIDRs(settings, facts),
    ...checkPodCIDRs(settings, facts),
    ...checkSingleStack(settings, facts).map((message) => ({ message, isFatal: false })),
  ];
}

function checkNodePortAddresses(
  { nodePortAddresses, clusterCIDRs }: Settings,
  { primaryFamily, served, podCIDRs }: FamilyFacts,
): readonly string[] {
  if (nodePortAddresses === 'primary' || nodePortAddresses.length === 0) return [];
  const isDualStack =
    new Set(clusterCIDRs.map(({ family }) => family)).size > 1 || familiesOf(podCIDRs).size > 1;
  return served
    .filter((family) => family === primaryFamily || isDualStack)
    .filter((family) => !nodePortAddresses.some((cidr) => cidr.family === family))
    .map((family) => `nodePortAddresses has no ${family} CIDR: NodePorts answer on all ${family} addresses`);
}

function checkClusterCIDRs(
  { clusterCIDRs, detectLocalMode }: Settings,
  { primaryFamily, served }: FamilyFacts,
): readonly Inconsistency[] {
  const { family, who } = leadingFamily(primaryFamily, served);
  if (clusterCIDRs.length === 0 || clusterCIDRs.some((cidr) => cidr.family === family)) return [];
  const isNeeded = detectLocalMode === 'ClusterCIDR' && served.length === 1 && family === primaryFamily;
  return [{ message: `${who}, but clusterCIDR has only ${other(family)}`, isFatal: isNeeded }];
}

function checkPodCIDRs(
  { detectLocalMode }: Settings,
  { primaryFamily, served, podCIDRs }: FamilyFacts,
): readonly Inconsistency[] {
  const isNodeCIDR = detectLocalMode === 'NodeCIDR';
  if (podCIDRs.length === 0) {
    const message = "detectLocalMode is NodeCIDR, but no podCIDRs are known: pods of this node can't be told";
    return isNodeCIDR ? [{ message, isFatal: false }] : [];
  }
  const { family, who } = leadingFamily(primaryFamily, served);
  if (familiesOf(podCIDRs).has(family)) return [];
  const message = `${who}, but the podCIDRs of the node are only ${other(family)}`;
  return [{ message, isFatal: isNodeCIDR && family === primaryFamily }];
}

/** The one that is proxied alone, else the primary one (docs/decisions/0025-unserved-families.md). */
function leadingFamily(primaryFamily: IpFamily, served: readonly IpFamily[]) {
  const [family = primaryFamily, ...more] = served;
  return more.length === 0
    ? { family, who: `only ${family} is proxied` }
    : { family: primaryFamily, who: `the node's primary IP family is ${primaryFamily}` };
}

/** What is of a family that is not served, and would be of use only with it. */
function checkSingleStack(settings: Settings, { served }: FamilyFacts): readonly string[] {
  const [family, ...more] = served;
  if (family === undefined || more.length > 0) return [];
  const { ipvs, mode, healthzBindAddress, metricsBindAddress } = settings;
  const servers = { healthzBindAddress, metricsBindAddress };
  const excluded = mode === 'ipvs' ? ipvs.excludeCIDRs : [];
  return [
    ...(excluded.length > 0 && excluded.every((cidr) => cidr.family !== family)
      ? [`only ${family} is proxied, but ipvs.excludeCIDRs has only ${other(family)}`]
      : []),
    ...Object.entries(servers).flatMap(([name, address]) =>
      address === undefined || familyOf(address.host) === family || isAnyFamilys(address.host)
        ? []
        : [`only ${family} is proxied, but ${name} is of ${other(family)}`],
    ),
  ];
}

/** Where IPv6 listens on all addresses, IPv4 reaches it; and a machine has the loopback addresses of both. */
function isAnyFamilys(host: string): boolean {
  return isWildcard(host) || isLoopback(host);
}

function familiesOf(cidrs: readonly string[]): ReadonlySet<IpFamily> {
  return new Set(cidrs.flatMap((cidr) => parseCidr(cidr)?.family ?? []));
}

function other(family: IpFamily): string {
  return IP_FAMILIES.filter((each) => each !== family).join();
}
