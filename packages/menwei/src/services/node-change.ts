/** What a change of the node means for what service ports were compiled to: addresses come and go, and concern few of them. */
import { isDeepStrictEqual } from 'node:util';
import type { ServicePort } from '../state/service-port.ts';
import type { NodeView } from './node-view.ts';

/** Which service ports have to be compiled anew. */
type NodeChange = 'none' | 'all' | ((port: ServicePort) => boolean);

export function compareNodes(before: NodeView, after: NodeView): NodeChange {
  if (!isDeepStrictEqual(withoutAddresses(before), withoutAddresses(after))) return 'all';
  const others = new Set([
    ...difference(before.localAddresses, after.localAddresses),
    ...difference(after.localAddresses, before.localAddresses),
  ]);
  const isSame = isDeepStrictEqual(before.nodePortAddresses, after.nodePortAddresses);
  if (isSame && others.size === 0) return 'none';
  const changesNodePorts = !isSame || after.nodePortAddresses === 'all';
  return (port) => {
    if (port.nodePort !== 0 && changesNodePorts) return true;
    const vips = [port.clusterIP, ...port.externalIPs, ...port.loadBalancerVIPs];
    return vips.some((ip) => ip !== undefined && others.has(ip));
  };
}

/** Without what concerns no service port either. */
function withoutAddresses(node: NodeView): NodeView {
  return {
    ...node,
    ownIP: undefined,
    nodePortAddresses: [],
    localAddresses: [],
    largeCluster: false,
    serviceCIDRs: [],
  };
}

function difference(ips: readonly string[], others: readonly string[]): readonly string[] {
  const known = new Set(others);
  return ips.filter((ip) => !known.has(ip));
}
