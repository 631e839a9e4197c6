/** The table and its sets: what Services are elements of. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { type Datatype, type SetDeclaration, type Table, tableFamily } from '@menwei/netlink/nftables';
import {
  ANSWERS,
  CLUSTER_IPS,
  endpointMaps,
  FIREWALL_IPS,
  type FrontendKind,
  HAIRPINS,
  LOAD_BALANCER_IPS,
  NODEPORT_IPS,
  SERVICE_CIDRS,
  SETS,
  SOURCE_RANGES,
  TABLE_NAME,
} from './names.ts';
import { addressType, endpointTypes, frontendTypes } from './values.ts';

export function frameTable(family: IpFamily): Table {
  return { family: tableFamily(family), name: TABLE_NAME, comment: 'rules for Kubernetes Services' };
}

export function frameSets(family: IpFamily): readonly SetDeclaration[] {
  const ip = addressType(family);
  const frontend = frontendTypes(family, 'ip');
  return [
    set(CLUSTER_IPS, [ip], 'ClusterIPs in use'),
    set(SERVICE_CIDRS, [ip], 'CIDRs of ClusterIPs', { interval: true }),
    set(NODEPORT_IPS, [ip], 'addresses of this node that take NodePort traffic'),
    set(LOAD_BALANCER_IPS, [ip], 'load-balancer addresses that the node answers for'),
    set(FIREWALL_IPS, frontend, 'load-balancer addresses with source ranges'),
    set(SOURCE_RANGES, [...frontend, ip], 'allowed sources for those', { interval: true }),
    set(HAIRPINS, [ip, ip], 'hairpin traffic of pods of this node'),
    set(ANSWERS, ['classid'], 'verdict for frontends without endpoints', { data: 'verdict' }),
    ...frontendSets('ip', family),
    ...frontendSets('nodeport', family),
  ];
}

function frontendSets(kind: FrontendKind, family: IpFamily): readonly SetDeclaration[] {
  const frontend = frontendTypes(family, kind);
  const endpoint = endpointTypes(family);
  const sets = SETS[kind];
  const verdict = { data: 'verdict' } as const;
  // Of verdicts that lead to chains, the kernel checks all in the table for loops whenever there is a new one.
  const number = { data: ['classid'] } as const;
  return [
    set(sets.frontends, frontend, 'frontend to a number in picks', number),
    set(sets.externalLocal, frontend, 'frontends with externalTrafficPolicy Local'),
    set(sets.shortCircuit, frontend, 'of those: for pods of this node and the node itself', number),
    set(sets.local, frontend, 'of those: for all other clients', number),
    set(sets.noEndpoint, frontend, 'frontends without usable endpoints', number),
    set(sets.picks, ['classid'], 'number to the chain that picks an endpoint', verdict),
    set(sets.sticky.all, frontend, 'frontends with session affinity', verdict),
    set(sets.sticky.local, frontend, 'frontends with session affinity, local endpoints', verdict),
    ...endpointMaps(kind).map((name) =>
      set(name, [...frontend, 'slot'], 'endpoint in each slot', { data: endpoint }),
    ),
    set(
      sets.affinityPairs,
      [...frontend, ...endpoint],
      'session affinity: chain that remembers the client',
      verdict,
    ),
  ];
}

function set(
  name: string,
  key: readonly Datatype[],
  comment: string,
  more: Partial<SetDeclaration> = {},
): SetDeclaration {
  return { name, key, data: undefined, interval: false, dynamic: false, size: 0, comment, ...more };
}
