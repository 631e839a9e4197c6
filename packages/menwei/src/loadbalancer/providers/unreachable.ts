/** What a load balancer can't reach, told so that an operator knows where to look. Pure. */
import { cidrContains, parseCidr } from '@menwei/addresses/ip.ts';
import type { Node } from '../../kubernetes/objects.ts';
import type { ServerHealth } from './provider.ts';

/** Nodes where nothing is reached, one sentence each, and Services without a server that is well, if it is not for those nodes. */
export function describeUnreachable(
  balancer: string,
  health: readonly ServerHealth[],
  nodes: readonly Node[],
): readonly string[] {
  const sick = health.filter(({ trouble }) => trouble !== '');
  if (sick.length === 0) return [];
  const homes = nodes.map((node) => ({
    node,
    cidrs: node.podCIDRs.flatMap((cidr) => parseCidr(cidr) ?? []),
  }));
  const homeOf = ({ ip }: ServerHealth) =>
    homes.find(
      ({ node, cidrs }) => node.addresses.includes(ip) || cidrs.some((cidr) => cidrContains(cidr, ip)),
    )?.node;
  const byNode = Map.groupBy(
    sick.filter(({ isReached }) => !isReached),
    homeOf,
  );
  const alive = new Set(health.filter(({ trouble }) => trouble === '').map(({ service }) => service));
  const reached = new Set(byNode.size === 0 ? [] : health.filter(({ isReached }) => isReached).map(homeOf));
  const lost = [...byNode].filter(([node]) => node !== undefined && !reached.has(node));
  const explained = new Set(lost.flatMap(([, servers]) => servers));
  const atNodes = lost.map(([node, servers]) => {
    const isPod = !node?.addresses.includes(servers[0]?.ip ?? '');
    const hint = isPod ? `: is there a route to its pods (${node?.podCIDRs.join(', ')})?` : '';
    return `${balancer} reaches nothing on node ${node?.name} (${example(servers)})${hint}`;
  });
  const others = Map.groupBy(
    sick.filter((one) => !explained.has(one) && !alive.has(one.service)),
    ({ service }) => service,
  );
  const atServices = Array.from(others, ([service, servers]) => {
    return `no server of Service ${service} is well by the checks of ${balancer} (${example(servers)})`;
  });
  return [...atNodes, ...atServices].sort();
}

/** `10.0.0.1 port 80: Layer4 timeout, and 3 others` */
function example([first, ...others]: readonly ServerHealth[]): string {
  if (first === undefined) return '';
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  return `${first.ip} port ${first.port}: ${first.trouble}${more}`;
}
