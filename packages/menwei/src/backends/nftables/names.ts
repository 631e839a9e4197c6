/** The names of what the table holds. */

export const TABLE_NAME = 'menwei';

/**
 * What packets come in by: an address with a port (a ClusterIP, an external IP, a load-balancer IP), or the port alone
 * on any address of the node that takes NodePorts. Each has maps of its own, because their keys differ.
 */
export type FrontendKind = 'ip' | 'nodeport';

interface FrontendSets {
  /** Where traffic goes: frontend → number of a chain; see pickNumber. */
  readonly frontends: string;
  /** Frontends with externalTrafficPolicy Local, whose sources have to be told apart first. */
  readonly externalLocal: string;
  /** Of those: where pods of this node and the node itself go, as a number too. */
  readonly shortCircuit: string;
  /** Of those: where everybody else goes. */
  readonly local: string;
  /** Frontends that nobody may reach now: frontend → number of an answer. */
  readonly noEndpoint: string;
  /** number → the chain that picks. */
  readonly picks: string;
  /** With session affinity: frontend → the chain that knows the clients, of all endpoints or of this node's. */
  readonly sticky: Readonly<Record<'all' | 'local', string>>;
  /** frontend . slot → endpoint; see endpointMap. */
  readonly endpoints: string;
  /** In so many maps. */
  readonly parts: number;
  /** frontend . endpoint → what remembers the client, for Services with session affinity. */
  readonly affinityPairs: string;
}

export const SETS: Readonly<Record<FrontendKind, FrontendSets>> = {
  ip: {
    frontends: 'frontends',
    externalLocal: 'external-local-frontends',
    shortCircuit: 'short-circuit-frontends',
    local: 'local-frontends',
    noEndpoint: 'no-endpoint-frontends',
    picks: 'picks',
    sticky: { all: 'sticky-frontends', local: 'local-sticky-frontends' },
    endpoints: 'endpoints',
    parts: 16,
    affinityPairs: 'affinity-pairs',
  },
  nodeport: {
    frontends: 'nodeport-frontends',
    externalLocal: 'nodeport-external-local-frontends',
    shortCircuit: 'nodeport-short-circuit-frontends',
    local: 'nodeport-local-frontends',
    noEndpoint: 'nodeport-no-endpoint-frontends',
    picks: 'nodeport-picks',
    sticky: { all: 'nodeport-sticky-frontends', local: 'nodeport-local-sticky-frontends' },
    endpoints: 'nodeport-endpoints',
    parts: 4,
    affinityPairs: 'nodeport-affinity-pairs',
  },
};

/**
 * Endpoints are spread over some maps, because the kernel needs time in proportion to the square of a map's size to list
 * it (nft_rhash_walk begins anew for each datagram of a dump). All endpoints of a service port are in one part.
 */
export function endpointMap(kind: FrontendKind, part: number): string {
  return `${SETS[kind].endpoints}/${part}`;
}

/** All of them. */
export function endpointMaps(kind: FrontendKind): readonly string[] {
  return Array.from({ length: SETS[kind].parts }, (_, part) => endpointMap(kind, part));
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** The part that the endpoints of the service port are in. */
export function partOf(kind: FrontendKind, servicePortKey: string): number {
  let hash = FNV_OFFSET;
  for (let index = 0; index < servicePortKey.length; index++) {
    hash = Math.imul(hash ^ servicePortKey.charCodeAt(index), FNV_PRIME);
  }
  return (hash >>> 0) % SETS[kind].parts;
}

export const CLUSTER_IPS = 'cluster-ips';
export const SERVICE_CIDRS = 'service-cidrs';
export const NODEPORT_IPS = 'nodeport-ips';
export const LOAD_BALANCER_IPS = 'load-balancer-ips';
export const FIREWALL_IPS = 'firewall-ips';
export const SOURCE_RANGES = 'source-ranges';
export const HAIRPINS = 'hairpin-connections';

export const REJECT = 'reject-chain';

/** number → what happens to packets that may not reach a frontend. */
export const ANSWERS = 'answers';
export const ANSWER_NUMBERS = { refuse: 1, drop: 2 } as const;

/** nft takes no longer ones. */
const MAX_COMMENT_LENGTH = 128;
const ELLIPSIS = '...';

/** As much of a comment as fits. The names of a namespace, a Service and a port may be longer together. */
export function fitComment(text: string): string {
  if (text.length <= MAX_COMMENT_LENGTH) return text;
  return text.slice(0, MAX_COMMENT_LENGTH - ELLIPSIS.length) + ELLIPSIS;
}
