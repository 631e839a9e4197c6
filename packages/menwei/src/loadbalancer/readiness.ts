/** What the condition says of a Service whose addresses nodes announce, or are those of nodes: pure. */
import type { AddressOwner } from './announcement-view.ts';
import type { AddressDecision } from './pools/allocation.ts';
import { formatTime, type Readiness } from './wanted-status.ts';

/** What else is known of the nodes and of a Service's endpoints. */
export interface Surroundings {
  /** Leases of nodes can be read; without an API server there are none. */
  readonly seesLeases: boolean;
  /** There is a Lease of a node. */
  readonly hasAnnouncers: boolean;
  /** Why there is no node for anybody; undefined: there is one. */
  readonly noNodes: string | undefined;
  /** Policy Local: only nodes with endpoints count. */
  readonly isLocal: boolean;
  /** Nodes that have an endpoint of the Service which is ready or serving. */
  readonly endpointNodes: ReadonlySet<string>;
}

/** @param ownerOf undefined: no node answers for the address */
export function announcedReadiness(
  { addresses, trouble }: AddressDecision,
  ownerOf: (address: string) => AddressOwner | undefined,
  surroundings: Surroundings,
): Readiness {
  if (trouble !== undefined) return { status: 'False', ...trouble };
  const owners = addresses.map((address) => ({ address, owner: ownerOf(address) }));
  const missing = owners.filter(({ owner }) => owner === undefined).map(({ address }) => address);
  if (missing.length > 0) return notAnnounced(missing.join(', '), surroundings);
  const told = owners.map(
    ({ address, owner }) => `${address} is announced by ${owner && describeOwner(owner)}`,
  );
  return { status: 'True', reason: 'Announced', message: told.join('; ') };
}

/** `node n1 (eth0) since 2026-01-02T03:04:05Z` */
function describeOwner({ node, interfaces, sinceMs }: AddressOwner): string {
  const where = interfaces.length === 0 ? '' : ` (${interfaces.join(', ')})`;
  return `node ${node}${where} since ${formatTime(sinceMs)}`;
}

function notAnnounced(
  addresses: string,
  { seesLeases, hasAnnouncers, noNodes, endpointNodes }: Surroundings,
): Readiness {
  if (!seesLeases) {
    const message = `without an API server it is not known which node announces ${addresses}`;
    return { status: 'Unknown', reason: 'NotAnnounced', message };
  }
  const no = (reason: 'NoEligibleNode' | 'NoEndpoints' | 'NotAnnounced', message: string): Readiness => {
    return { status: 'False', reason, message };
  };
  if (noNodes !== undefined) return no('NoEligibleNode', noNodes);
  if (endpointNodes.size === 0) {
    return no('NoEndpoints', `${addresses}: no endpoint of the Service is ready or serving`);
  }
  if (!hasAnnouncers) {
    return no(
      'NotAnnounced',
      `no node announces ${addresses}: there is no Lease menwei-announce-<node>; run menwei run --announce l2, or menwei announce, on the nodes`,
    );
  }
  return no(
    'NotAnnounced',
    `no node announces ${addresses}; an Event of the Service, and menwei lb explain, say what each lacks`,
  );
}

/** Class `menwei.dev/node`. @param conflict why it may not have its ports; undefined: it may */
export function nodeReadiness(
  addresses: readonly string[],
  conflict: string | undefined,
  { noNodes, isLocal, endpointNodes }: Surroundings,
): Readiness {
  if (conflict !== undefined) return { status: 'False', reason: 'PortConflict', message: conflict };
  if (addresses.length > 0) {
    return {
      status: 'True',
      reason: 'Provisioned',
      message: `every node answers at its own address: ${addresses.length} in all`,
    };
  }
  if (noNodes !== undefined) return { status: 'False', reason: 'NoEligibleNode', message: noNodes };
  if (isLocal && endpointNodes.size === 0) {
    const message = 'externalTrafficPolicy is Local, and no node has an endpoint that is ready or serving';
    return { status: 'False', reason: 'NoEndpoints', message };
  }
  const message = 'no node that may have load-balancer traffic has an address of the families of the Service';
  return { status: 'False', reason: 'NoEligibleNode', message };
}
