/**
 * Which endpoints of a service port traffic may go to, seen from one node (spec § 3; KEP-1669 terminating
 * endpoints, KEP-2086 internalTrafficPolicy, KEP-2433 topology hints, KEP-3015 PreferSameNode).
 */

import {
  type Endpoint,
  type ServicePort,
  usesClusterEndpoints,
  usesLocalEndpoints,
} from '../state/service-port.ts';
import type { NodeView } from './node-view.ts';

/** All lists are in the order of `ServicePort.endpoints`: sorted by `text`, without duplicates. */
export interface EndpointCategories {
  /** For traffic with a Cluster policy. Empty if no traffic of the port has one. */
  readonly clusterEndpoints: readonly Endpoint[];
  /** For traffic with a Local policy. Empty if no traffic of the port has one. */
  readonly localEndpoints: readonly Endpoint[];
  /** Every endpoint this node may send to: the two lists together. */
  readonly allReachable: readonly Endpoint[];
  /** Some endpoint in the cluster can take traffic, though perhaps none that this node may use: drop, not reject. */
  readonly hasAnyEndpoints: boolean;
  /** What policy and hints have chosen and this node does not send to, as checks have found it down. */
  readonly ejected: readonly Endpoint[];
  /** So many of a list are down that nobody believes it: all of them are used. */
  readonly isPanic: boolean;
}

type Choice = Omit<EndpointCategories, 'ejected' | 'isPanic'>;

type HintMode = 'same-node' | 'same-zone' | 'none';

const NONE: Choice = {
  clusterEndpoints: [],
  localEndpoints: [],
  allReachable: [],
  hasAnyEndpoints: false,
};
const NOT_EJECTED = { ejected: [], isPanic: false };

/**
 * Sorts the endpoints of a port into those for Cluster and those for Local policies.
 *
 * - Cluster: the ready endpoints that the hints allow; if there is none, those that terminate but still serve,
 *   whatever their hints.
 * - Local: the ready endpoints on this node; if there is none, those on this node that terminate but still serve.
 *   Hints don't count.
 *
 * Ready means usable even if terminating is set too (that is how publishNotReadyAddresses shows). Those of weight 0 are
 * passed over as if they were not there.
 *
 * What checks have found to be down is taken out of each list then, unless too few would be left of it (health § 4); with
 * `panic=0` it is passed over in the first place.
 */
export function categorizeEndpoints(port: ServicePort, node: NodeView): EndpointCategories {
  const endpoints = withWeight(port.endpoints);
  const chosen = choose(port, endpoints, node);
  const { health } = port;
  if (health === undefined || health.down.length === 0) return { ...chosen, ...NOT_EJECTED };
  const down = new Set(health.down);
  const isUp = (endpoint: Endpoint) => !down.has(endpoint.text);
  if (chosen.allReachable.every(isUp)) return { ...chosen, ...NOT_EJECTED };
  const { panicPercent } = health.check;
  if (panicPercent === 0) {
    const left = choose(port, endpoints.filter(isUp), node);
    return { ...left, ejected: without(chosen.allReachable, left.allReachable), isPanic: false };
  }
  const cluster = failOpen(chosen.clusterEndpoints, isUp, panicPercent);
  const local = failOpen(chosen.localEndpoints, isUp, panicPercent);
  const allReachable = union(endpoints, cluster.used, local.used);
  return {
    clusterEndpoints: cluster.used,
    localEndpoints: local.used,
    allReachable,
    hasAnyEndpoints: chosen.hasAnyEndpoints,
    ejected: without(chosen.allReachable, allReachable),
    isPanic: cluster.isPanic || local.isPanic,
  };
}

/** At least one, and so many of a hundred, of them have to be left: else all are used. */
function failOpen(candidates: readonly Endpoint[], isUp: (endpoint: Endpoint) => boolean, percent: number) {
  const used = candidates.filter(isUp);
  const isPanic =
    used.length < Math.min(candidates.length, Math.max(1, Math.ceil((percent * candidates.length) / 100)));
  return { used: isPanic ? candidates : used, isPanic };
}

function choose(port: ServicePort, endpoints: readonly Endpoint[], node: NodeView): Choice {
  if (endpoints.length === 0) return NONE;
  const usesCluster = usesClusterEndpoints(port);
  const hintMode = usesCluster ? hintModeOf(endpoints, node) : 'none';
  const clusterEndpoints = usesCluster ? selectCluster(endpoints, hintMode, node) : [];
  if (!usesLocalEndpoints(port)) {
    const hasAnyEndpoints = clusterEndpoints.length > 0;
    return { clusterEndpoints, localEndpoints: [], allReachable: clusterEndpoints, hasAnyEndpoints };
  }

  const localEndpoints = firstNonEmpty(
    endpoints.filter((endpoint) => endpoint.isLocal && endpoint.ready),
    () => endpoints.filter((endpoint) => endpoint.isLocal && servesWhileTerminating(endpoint)),
  );
  return {
    clusterEndpoints,
    localEndpoints,
    allReachable: usesCluster ? union(endpoints, clusterEndpoints, localEndpoints) : localEndpoints,
    // A Local policy counts what the whole cluster has, so that traffic is dropped, not refused, where no pod runs.
    hasAnyEndpoints: endpoints.some((endpoint) => endpoint.ready || servesWhileTerminating(endpoint)),
  };
}

/** Mostly all have some. */
function withWeight(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  return endpoints.some(({ weight }) => weight === 0)
    ? endpoints.filter(({ weight }) => weight > 0)
    : endpoints;
}

function selectCluster(endpoints: readonly Endpoint[], mode: HintMode, node: NodeView): readonly Endpoint[] {
  return firstNonEmpty(
    endpoints.filter((endpoint) => endpoint.ready && isAllowedByHints(endpoint, mode, node)),
    () => endpoints.filter(servesWhileTerminating),
  );
}

/**
 * Hints bind only if every ready endpoint has one and at least one of them is for this node (or else its zone).
 * It is all or nothing, since half-hinted endpoints would pull all the traffic onto a few.
 */
function hintModeOf(endpoints: readonly Endpoint[], node: NodeView): HintMode {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  if (ready.every(hasNodeHints) && ready.some((endpoint) => isHintedTo(endpoint.nodeHints, node.name))) {
    return 'same-node';
  }
  if (ready.every(hasZoneHints) && ready.some((endpoint) => isHintedTo(endpoint.zoneHints, node.zone))) {
    return 'same-zone';
  }
  return 'none';
}

function isAllowedByHints(endpoint: Endpoint, mode: HintMode, node: NodeView): boolean {
  switch (mode) {
    case 'same-node':
      return isHintedTo(endpoint.nodeHints, node.name);
    case 'same-zone':
      return isHintedTo(endpoint.zoneHints, node.zone);
    case 'none':
      return true;
  }
}

function hasNodeHints(endpoint: Endpoint): boolean {
  return endpoint.nodeHints !== undefined && endpoint.nodeHints.length > 0;
}

function hasZoneHints(endpoint: Endpoint): boolean {
  return endpoint.zoneHints !== undefined && endpoint.zoneHints.length > 0;
}

/** `place` is empty on a node without that label, and then no hint means it. */
function isHintedTo(hints: readonly string[] | undefined, place: string): boolean {
  return place !== '' && hints?.includes(place) === true;
}

function servesWhileTerminating(endpoint: Endpoint): boolean {
  return !endpoint.ready && endpoint.serving && endpoint.terminating;
}

function firstNonEmpty(
  preferred: readonly Endpoint[],
  fallback: () => readonly Endpoint[],
): readonly Endpoint[] {
  return preferred.length > 0 ? preferred : fallback();
}

/** Both lists are drawn from `all`, whose order the result keeps. */
function union(
  all: readonly Endpoint[],
  cluster: readonly Endpoint[],
  local: readonly Endpoint[],
): readonly Endpoint[] {
  const inCluster = new Set(cluster);
  if (local.every((endpoint) => inCluster.has(endpoint))) return cluster;
  const wanted = new Set([...cluster, ...local]);
  return all.filter((endpoint) => wanted.has(endpoint));
}

function without(endpoints: readonly Endpoint[], others: readonly Endpoint[]): readonly Endpoint[] {
  const isOther = new Set(others);
  return endpoints.filter((endpoint) => !isOther.has(endpoint));
}
