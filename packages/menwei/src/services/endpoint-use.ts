/** How many of its endpoints a service port uses on this node, and why not the others. */
import {
  type Endpoint,
  isExternallyAccessible,
  type ServicePort,
  usesClusterEndpoints,
} from '../state/service-port.ts';
import type { NodeView } from './node-view.ts';
import { assess } from './situation.ts';
import { categorizeEndpoints } from './topology.ts';

/** See EndpointCounts of `/status`. */
interface EndpointUse {
  readonly used: number;
  readonly local: number;
  readonly total: number;
  readonly unused?: Readonly<Partial<Record<Reason, number>>>;
}

type Reason = 'notReady' | 'trafficPolicy' | 'hints';

/** @param applied as it was given to the kernel last; undefined: it was not */
export function describeEndpoints(
  port: ServicePort,
  applied: ServicePort | undefined,
  node: NodeView,
): EndpointUse {
  const used = applied === undefined ? [] : categorizeEndpoints(applied, node).allReachable;
  const wanted = new Set(categorizeEndpoints(port, node).allReachable);
  const unused: Partial<Record<Reason, number>> = {};
  for (const endpoint of port.endpoints) {
    if (wanted.has(endpoint)) continue;
    const reason = reasonNotToUse(endpoint, port);
    unused[reason] = (unused[reason] ?? 0) + 1;
  }
  return {
    used: used.length,
    local: used.filter((endpoint) => endpoint.isLocal).length,
    total: port.endpoints.length,
    ...(wanted.size === port.endpoints.length ? {} : { unused }),
  };
}

function reasonNotToUse(endpoint: Endpoint, port: ServicePort): Reason {
  if (!endpoint.ready) return 'notReady';
  return usesClusterEndpoints(port) ? 'hints' : 'trafficPolicy';
}

/** Why connections to a service port, or some of them, get to no endpoint although it is programmed. */
export function endpointWarnings(port: ServicePort, node: NodeView): readonly string[] {
  const { hasEndpoints, hasInternalEndpoints, hasExternalEndpoints } = assess(port, node);
  if (!hasEndpoints) return [port.endpoints.length === 0 ? 'no endpoints' : 'no endpoint is ready'];
  const warnings: string[] = [];
  if (!hasInternalEndpoints && port.clusterIP !== undefined)
    warnings.push('no endpoint on this node for internalTrafficPolicy Local');
  if (!hasExternalEndpoints && isExternallyAccessible(port))
    warnings.push('no endpoint on this node for externalTrafficPolicy Local');
  return warnings;
}
