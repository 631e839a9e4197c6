/** How traffic of this node's pods is recognised in one IP family (spec § 10.6). */
import { type IpFamily, parseCidr } from '@menwei/addresses/ip.ts';
import type { LocalDetector } from '../services/node-view.ts';
import type { Settings } from './settings.ts';

/**
 * The first CIDR of the family counts; without one, local traffic can't be recognised.
 * @param nodePodCIDRs the Node object's, which only mode NodeCIDR needs.
 */
export function localDetector(
  settings: Pick<Settings, 'detectLocalMode' | 'detectLocal' | 'clusterCIDRs'>,
  family: IpFamily,
  nodePodCIDRs: readonly string[],
): LocalDetector {
  const { detectLocalMode, detectLocal, clusterCIDRs } = settings;
  switch (detectLocalMode) {
    case 'ClusterCIDR':
      return byFirstCidr(
        clusterCIDRs.map((cidr) => cidr.text),
        family,
      );
    case 'NodeCIDR':
      return byFirstCidr(nodePodCIDRs, family);
    case 'BridgeInterface':
      return { by: 'bridge', interface: detectLocal.bridgeInterface };
    case 'InterfaceNamePrefix':
      return byPrefix(detectLocal.interfaceNamePrefix);
  }
}

/** A prefix that is as long as a name can be is the name; iptables refuses it with the `+` of a prefix. */
function byPrefix(prefix: string): LocalDetector {
  return prefix.length < LONGEST_INTERFACE_NAME
    ? { by: 'prefix', prefix }
    : { by: 'bridge', interface: prefix };
}

const LONGEST_INTERFACE_NAME = 15;

function byFirstCidr(cidrs: readonly string[], family: IpFamily): LocalDetector {
  const cidr = firstCidr(cidrs, family);
  return cidr === undefined ? { by: 'none' } : { by: 'cidr', cidr };
}

/** Canonical. */
export function firstCidr(cidrs: readonly string[], family: IpFamily): string | undefined {
  return cidrs.map(parseCidr).find((cidr) => cidr?.family === family)?.text;
}
