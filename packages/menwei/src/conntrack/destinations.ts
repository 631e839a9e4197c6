/** Where the entries of a service port may lead, by kind of entries. */
import type { NodeView } from '../services/node-view.ts';
import { categorizeEndpoints } from '../services/topology.ts';
import type { AppliedPort, Destination, Endpoint } from '../state/service-port.ts';
import type { EntryKind } from './entry-kind.ts';
import { type AddressKey, addressKey } from './frontends.ts';

export type Destinations = ReadonlyMap<AddressKey, Destination>;

const NONE: Destinations = new Map();

/**
 * - `lasting`: to the endpoints that serve, terminating or not, whatever policies and hints say (spec § 8), and to those that
 *   are ready without serving, as publishNotReadyAddresses has it; not to those that go unused since checks say that they are down.
 * - `unreplied`: where new connections go.
 * - `reset`: to all endpoints but those that checks say are down.
 *
 * Also to where the mode leads them instead. There, an entry that another mode made goes on leading to its endpoint
 * (docs/decisions/0024).
 */
export function usableDestinations(kind: EntryKind, port: AppliedPort, node: NodeView): Destinations {
  const { protocol, destinations = [] } = port;
  const usable = byAddress(port, usableEndpoints(kind, port, node));
  for (const destination of destinations) usable.set(addressKey(protocol, destination), destination);
  return usable;
}

function usableEndpoints(kind: EntryKind, port: AppliedPort, node: NodeView): readonly Endpoint[] {
  switch (kind) {
    case 'lasting':
      return withoutEjected(port, node).filter(({ serving, ready }) => serving || ready);
    case 'unreplied':
      return categorizeEndpoints(port, node).allReachable;
    case 'reset':
      return withoutEjected(port, node);
  }
}

/** What checks say is down is used where too few others would be left (health § 4). */
function withoutEjected(port: AppliedPort, node: NodeView): readonly Endpoint[] {
  const ejected = new Set(ejectedEndpoints(port, node));
  return ejected.size === 0 ? port.endpoints : port.endpoints.filter((endpoint) => !ejected.has(endpoint));
}

function ejectedEndpoints(port: AppliedPort, node: NodeView): readonly Endpoint[] {
  return categorizeEndpoints(port, node).ejected;
}

/** Where entries lead no more that led there before. */
export function lostDestinations(
  kind: EntryKind,
  before: AppliedPort | undefined,
  after: AppliedPort | undefined,
  node: NodeView,
): Destinations {
  if (kind !== 'reset') {
    if (before === undefined) return NONE;
    const is = after === undefined ? NONE : usableDestinations(kind, after, node);
    const lost = new Map(usableDestinations(kind, before, node));
    for (const key of is.keys()) lost.delete(key);
    return lost;
  }
  // An endpoint that leaves has its connections end as they do.
  if (after === undefined) return NONE;
  const lost = byAddress(after, ejectedEndpoints(after, node));
  if (before === undefined || lost.size === 0) return lost;
  for (const key of byAddress(before, ejectedEndpoints(before, node)).keys()) lost.delete(key);
  return lost;
}

function byAddress({ protocol }: AppliedPort, endpoints: readonly Endpoint[]): Map<AddressKey, Destination> {
  return new Map(endpoints.map((endpoint) => [`${endpoint.text}/${protocol}`, endpoint]));
}
