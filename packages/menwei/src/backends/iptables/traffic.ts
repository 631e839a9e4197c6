/** Connections to service ports, by what the kernel counts of the rules that lead to their chains. */
import type { ServicePortKey } from '../../state/service-port.ts';
import type { TrafficOfPorts } from '../backend.ts';

/** The first packet of each connection passes the nat table, and no other: so packets are connections. */
const COUNTED_RULE = / -c (\d+) \d+ -[jg] (\S+)$/;
/** Names of Services are in comments. */
const QUOTED = /"(?:[^"\\]|\\.)*"/g;

/**
 * @param rules of the chains by which packets come in, as `iptables -v -S` prints them
 * @param ownerOf whose a chain is; undefined: nobody's
 */
export function countConnections(
  rules: readonly string[],
  ownerOf: (chain: string) => ServicePortKey | undefined,
): TrafficOfPorts {
  const traffic = new Map<ServicePortKey, { readonly connections: number }>();
  for (const rule of rules) {
    const [, packets, chain = ''] = COUNTED_RULE.exec(rule.replaceAll(QUOTED, '""')) ?? [];
    const owner = ownerOf(chain);
    if (owner === undefined) continue;
    traffic.set(owner, { connections: (traffic.get(owner)?.connections ?? 0) + Number(packets) });
  }
  return traffic;
}
