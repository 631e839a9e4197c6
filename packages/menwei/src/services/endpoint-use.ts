/** How many of its endpoints a service port uses on this node, why not the others, and what comes of that. */
import {
  type Endpoint,
  isExternallyAccessible,
  type ServicePort,
  usesClusterEndpoints,
} from '../state/service-port.ts';
import type { NodeView } from './node-view.ts';
import { assess, type Situation } from './situation.ts';
import { categorizeEndpoints, type EndpointCategories } from './topology.ts';

interface EndpointUse {
  /** See EndpointCounts of `/status`. */
  readonly counts: {
    readonly used: number;
    readonly local: number;
    readonly total: number;
    readonly unused?: Readonly<Partial<Record<Reason, number>>>;
  };
  /** Why connections, or some of them, get to no endpoint although the service port is programmed. */
  readonly warnings: readonly string[];
}

type Reason = 'notReady' | 'unhealthy' | 'weight' | 'trafficPolicy' | 'hints';

/** @param applied as it was given to the kernel last; undefined: it was not */
export function readEndpointUse(
  port: ServicePort,
  applied: ServicePort | undefined,
  node: NodeView,
): EndpointUse {
  const situation = assess(port, node);
  const wanted = situation.endpoints.allReachable;
  const used = applied === port ? wanted : applied && categorizeEndpoints(applied, node).allReachable;
  return {
    counts: {
      used: used?.length ?? 0,
      local: used?.filter((endpoint) => endpoint.isLocal).length ?? 0,
      total: port.endpoints.length,
      ...(wanted.length === port.endpoints.length ? {} : { unused: countUnused(port, situation.endpoints) }),
    },
    warnings: warningsOf(port, situation),
  };
}

function countUnused(
  port: ServicePort,
  { allReachable, ejected }: EndpointCategories,
): Partial<Record<Reason, number>> {
  const unused: Partial<Record<Reason, number>> = {};
  const isUsed = new Set(allReachable);
  const isEjected = new Set(ejected);
  for (const endpoint of port.endpoints) {
    if (isUsed.has(endpoint)) continue;
    const reason = isEjected.has(endpoint) ? 'unhealthy' : reasonNotToUse(endpoint, port);
    unused[reason] = (unused[reason] ?? 0) + 1;
  }
  return unused;
}

function reasonNotToUse(endpoint: Endpoint, port: ServicePort): Reason {
  if (!endpoint.ready) return 'notReady';
  if (endpoint.weight === 0) return 'weight';
  return usesClusterEndpoints(port) ? 'hints' : 'trafficPolicy';
}

function warningsOf(
  port: ServicePort,
  { endpoints, hasEndpoints, hasInternalEndpoints, hasExternalEndpoints }: Situation,
): readonly string[] {
  if (!hasEndpoints) return [whyNone(port, endpoints)];
  const warnings: string[] = endpoints.isPanic ? [describePanic(port)] : [];
  if (!hasInternalEndpoints && port.clusterIP !== undefined)
    warnings.push('no endpoint on this node for internalTrafficPolicy Local');
  if (!hasExternalEndpoints && isExternallyAccessible(port))
    warnings.push('no endpoint on this node for externalTrafficPolicy Local');
  return warnings;
}

/** In words: too many endpoints are down to go without them. */
export function describePanic({ endpoints, health }: ServicePort): string {
  const { down = [], check } = health ?? {};
  return `${down.length} of ${endpoints.length} endpoints are down by their health checks, and all are used since too few would be left (panic=${check?.panicPercent ?? 0}%)`;
}

function whyNone({ endpoints }: ServicePort, { ejected }: EndpointCategories): string {
  if (endpoints.length === 0) return 'no endpoints';
  if (ejected.length > 0) return 'all endpoints are down by their health checks';
  return endpoints.some(({ ready }) => ready) ? 'all endpoints have weight 0' : 'no endpoint is ready';
}
