/** Nodes, advertisements and Services for tests of the election: valid as they are. Only tests import this file. */

import type { AnnouncingNode } from 'menwei/announce/election/announcing-node.ts';
import type { AnnouncedService } from 'menwei/announce/election/election.ts';
import type { AddressPool, L2Advertisement } from 'menwei/kubernetes/load-balancer-objects.ts';
import { addressPool } from '../loadbalancer/pools.ts';

/** Ready, with eth0 on 192.0.2.0/24 and 2001:db8::/64, and without any claim. */
export function anAnnouncer(name: string, fields: Partial<AnnouncingNode> = {}): AnnouncingNode {
  return {
    name,
    weight: 0,
    labels: new Map(),
    failed: undefined,
    isReady: true,
    interfaces: [{ name: 'eth0', mac: '02:00:00:00:00:01', onLink: ['192.0.2.0/24', '2001:db8::/64'] }],
    claims: new Map(),
    declines: new Set(),
    ...fields,
  };
}

/** Selects everything; the interface is the one whose network has the address. */
export function anAdvertisement(fields: Partial<L2Advertisement> = {}): L2Advertisement {
  return {
    kind: 'L2Advertisement',
    namespace: 'menwei-system',
    name: 'all',
    pools: [],
    poolSelectors: [],
    serviceSelectors: [],
    nodeSelectors: [],
    interfaces: { by: 'on-link' },
    externalIPs: false,
    loadBalancerIPs: true,
    ...fields,
  };
}

interface ServiceFields extends Partial<Omit<AnnouncedService, 'service' | 'addresses'>> {
  readonly addresses?: readonly string[];
  /** One ready endpoint on a node that nobody knows unless given. */
  readonly endpointNodes?: Readonly<Record<string, 'ready' | 'serving'>>;
  readonly advertisements?: readonly L2Advertisement[];
}

/** `ns/<name>` at 192.0.2.10. */
export function anAnnouncedService(name: string, fields: ServiceFields = {}): AnnouncedService {
  const {
    addresses = ['192.0.2.10'],
    advertisements = [anAdvertisement()],
    createdAtMs = 0,
    policy = 'Cluster',
  } = fields;
  const endpointNodes = new Map<string, 'ready' | 'serving'>(
    Object.entries(fields.endpointNodes ?? { '': 'ready' as const }),
  );
  return {
    service: `ns/${name}`,
    createdAtMs,
    policy,
    addresses: addresses.map((address) => ({ address, endpointNodes, advertisements })),
  };
}

/** 192.0.2.0/24 and 2001:db8::/64. */
export function anAddressPool(fields: Partial<AddressPool> = {}): AddressPool {
  return addressPool('pool', ['192.0.2.0/24', '2001:db8::/64'], { namespace: 'menwei-system', ...fields });
}
