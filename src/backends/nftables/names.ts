/** The names of what the table holds. */
import type { IpFamily } from '../../addresses/ip.ts';
import type { TableFamily } from '../../kernel/netlink/nf-tables/model.ts';

export const TABLE_NAME = 'menwei';

export function tableFamily(family: IpFamily): TableFamily {
  return family === 'IPv4' ? 'ip' : 'ip6';
}

/**
 * What packets come in by: an address with a port (a ClusterIP, an external IP, a load-balancer IP), or the port alone
 * on any address of the node that takes NodePorts. Each has maps of its own, because their keys differ.
 */
export type Entrance = 'ip' | 'nodeport';

export interface EntranceSets {
  /** Where traffic goes: frontend → chain. */
  readonly services: string;
  /** Frontends with externalTrafficPolicy Local, whose sources have to be told apart first. */
  readonly externalLocal: string;
  /** Of those: where pods of this node and the node itself go. */
  readonly shortCircuit: string;
  /** Of those: where everybody else goes. */
  readonly local: string;
  /** Frontends that nobody may reach now: frontend → drop, or refuse. */
  readonly noEndpoint: string;
  /** frontend . slot → endpoint */
  readonly endpoints: string;
  /** frontend . endpoint → what remembers the client, for Services with session affinity. */
  readonly affinityPairs: string;
}

export const SETS: Readonly<Record<Entrance, EntranceSets>> = {
  ip: {
    services: 'service-ips',
    externalLocal: 'external-local-ips',
    shortCircuit: 'short-circuit-ips',
    local: 'local-ips',
    noEndpoint: 'no-endpoint-ips',
    endpoints: 'endpoints',
    affinityPairs: 'affinity-pairs',
  },
  nodeport: {
    services: 'service-nodeports',
    externalLocal: 'external-local-nodeports',
    shortCircuit: 'short-circuit-nodeports',
    local: 'local-nodeports',
    noEndpoint: 'no-endpoint-nodeports',
    endpoints: 'nodeport-endpoints',
    affinityPairs: 'nodeport-affinity-pairs',
  },
};

export const CLUSTER_IPS = 'cluster-ips';
export const SERVICE_CIDRS = 'service-cidrs';
export const NODEPORT_IPS = 'nodeport-ips';
export const FIREWALL_IPS = 'firewall-ips';
export const SOURCE_RANGES = 'source-ranges';
export const HAIRPINS = 'hairpin-connections';

export const REJECT = 'reject-chain';
