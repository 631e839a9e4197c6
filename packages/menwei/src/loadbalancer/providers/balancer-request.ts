/** What a load balancer outside of the cluster is asked for on behalf of a Service (load-balancer § 8.1). */

import { familyOf, IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { quote } from '../../kubernetes/decode-text.ts';
import type { HealthCheckWish } from '../../kubernetes/health-check.ts';
import { ANNOTATIONS, type Node, type Protocol, type Service, weightOf } from '../../kubernetes/objects.ts';
import { mergeEndpoints } from '../../state/endpoint-merge.ts';
import { objectKey } from '../../state/object-key.ts';
import { DEFAULT_WEIGHT, portKey, type StoredSlice } from '../../state/stored-slice.ts';
import type { Trouble } from '../pools/allocation.ts';
import {
  BALANCER_ANNOTATIONS,
  type BalancerAnnotations,
  readBalancerAnnotations,
} from './balancer-annotations.ts';
import type {
  BalancerPort,
  BalancerRequest,
  BalancerServer,
  HealthCheck,
  Probe,
  ProviderSupport,
} from './provider.ts';

/** A Service whose class is that of a provider, and all that decides what it gets there. */
export interface BalancerWish {
  readonly service: Service;
  /** Canonical addresses that were allocated for it. */
  readonly addresses: readonly string[];
  /** Those that a load balancer may send traffic to (load-balancer § 2.2). */
  readonly nodes: readonly Node[];
  /** All of this Service. */
  readonly slices: readonly StoredSlice[];
}

/** What the operator has said. */
export interface RequestSettings {
  /** At which of its addresses a node is reached. */
  readonly nodeAddresses: 'InternalIP' | 'ExternalIP';
  /** Where a node's proxy tells its health. */
  readonly proxyHealthPort: number;
}

export const DEFAULT_REQUEST_SETTINGS: RequestSettings = {
  nodeAddresses: 'InternalIP',
  proxyHealthPort: 10_256,
};

export interface ServicePortRef {
  readonly port: number;
  readonly protocol: Protocol;
}

type RequestDecision =
  | {
      readonly request: BalancerRequest;
      /** Ports that the load balancer can't serve; they are not in the request. */
      readonly unsupported: readonly ServicePortRef[];
    }
  | { readonly trouble: Trouble };

type ReadableWish = Exclude<HealthCheckWish, { readonly mistake: string }> | undefined;

/** Of HAProxy's checks those that pods can be asked by. */
const PROBES: readonly Probe['kind'][] = ['tcp', 'http', 'none'];
const DEFAULT_TIMING = { intervalMs: 2_000, timeoutMs: 1_000, fall: 3, rise: 2 };

/** The path that kube-proxies answer at, for themselves and for a Service with policy Local. */
const HEALTHZ = '/healthz';

/** Pure. */
export function balancerRequest(
  wish: BalancerWish,
  supports: ProviderSupport,
  settings: RequestSettings = DEFAULT_REQUEST_SETTINGS,
): RequestDecision {
  const { service, addresses } = wish;
  const annotations = readBalancerAnnotations(service.loadBalancer?.annotations ?? new Map());
  if (typeof annotations === 'string') return invalid(annotations);
  const wanted = service.healthCheck;
  if (wanted !== undefined && wanted !== 'none' && 'mistake' in wanted)
    return invalid(invalidCheck(wanted.mistake));
  const refusal = refusedBy(supports, annotations, addresses);
  if (refusal !== undefined) return invalid(refusal);
  const [supported, unsupported] = splitPorts(service.ports, supports.protocols);
  const backends = annotations.backends ?? supports.backends[0];
  const ports: BalancerPort[] = [];
  for (const port of supported) {
    const served = backends === 'pods' ? podPort(wish, port, wanted) : nodePort(wish, port, wanted, settings);
    if (typeof served === 'string') return invalid(served);
    ports.push(served);
  }
  const request: BalancerRequest = {
    service: objectKey(service.namespace, service.name),
    uid: service.uid,
    addresses,
    ports,
    sourceRanges: service.loadBalancerSourceRanges,
    hasUnreadableSourceRange: service.hasUnreadableSourceRange,
    affinitySeconds: service.sessionAffinitySeconds,
    clientAddress: annotations.clientAddress,
  };
  return { request, unsupported };
}

function invalid(message: string): RequestDecision {
  return { trouble: { reason: 'InvalidRequest', message } };
}

function refusedBy(
  supports: ProviderSupport,
  { backends, clientAddress }: BalancerAnnotations,
  addresses: readonly string[],
): string | undefined {
  if (backends !== undefined && !supports.backends.includes(backends))
    return `annotation ${BALANCER_ANNOTATIONS.backends}: this load balancer sends no traffic to ${backends}`;
  if (!supports.clientAddress.includes(clientAddress))
    return `annotation ${BALANCER_ANNOTATIONS.proxyProtocol}: this load balancer has no such protocol`;
  const strange = addresses.find((address) => !supports.families.includes(familyOf(address)));
  return strange === undefined ? undefined : `this load balancer has no ${familyOf(strange)}: ${strange}`;
}

function splitPorts(ports: Service['ports'], protocols: readonly Protocol[]) {
  const supported = ports.filter(({ protocol }) => protocols.includes(protocol));
  const unsupported = ports.filter(({ protocol }) => !protocols.includes(protocol));
  return [supported, unsupported.map(({ port, protocol }) => ({ port, protocol }))] as const;
}

/** One port, served by the NodePort of every node; a text says why it can't be. */
function nodePort(
  { service, nodes }: BalancerWish,
  port: Service['ports'][number],
  wanted: ReadableWish,
  { nodeAddresses, proxyHealthPort }: RequestSettings,
): BalancerPort | string {
  if (port.nodePort === 0) return missingNodePort(service, port);
  const isLocal = service.externalTrafficPolicy === 'Local';
  if (isLocal && service.healthCheckNodePort === 0)
    return 'spec.healthCheckNodePort: there is none, and externalTrafficPolicy is Local';
  const families = familiesOf(service);
  const servers = nodes.flatMap((node): BalancerServer[] => {
    const known = nodeAddresses === 'InternalIP' ? node.internalIPs : node.externalIPs;
    const ip = families.flatMap((family) => known.filter((one) => familyOf(one) === family))[0];
    if (ip === undefined) return [];
    return [{ ip, port: port.nodePort, node: node.name, weight: 1, state: 'active' }];
  });
  const { intervalMs, timeoutMs, fall, rise } = timingOf(wanted);
  const asked = isLocal ? service.healthCheckNodePort : proxyHealthPort;
  const probe = {
    kind: 'http',
    port: asked,
    path: HEALTHZ,
    host: '',
    expect: { first: 200, last: 200 },
  } as const;
  const healthCheck: HealthCheck = { probe, intervalMs, timeoutMs, fall, rise };
  return { name: port.name, protocol: port.protocol, port: port.port, servers: sorted(servers), healthCheck };
}

/** One port, served by the pods themselves; a text says why it can't be. */
function podPort(
  wish: BalancerWish,
  port: Service['ports'][number],
  wanted: ReadableWish,
): BalancerPort | string {
  const { name, protocol } = port;
  const probe = podProbe(wish, wanted);
  if (typeof probe === 'string') return invalidCheck(probe);
  const { intervalMs, timeoutMs, fall, rise } = timingOf(wanted);
  const healthCheck: HealthCheck = { probe, intervalMs, timeoutMs, fall, rise };
  return { name, protocol, port: port.port, servers: podServers(wish, name, protocol), healthCheck };
}

function timingOf(wanted: ReadableWish): Omit<HealthCheck, 'probe'> {
  return wanted === undefined || wanted === 'none' ? DEFAULT_TIMING : wanted;
}

/** A text says why there can be none. */
function podProbe(wish: BalancerWish, wanted: ReadableWish): Probe | string {
  if (wanted === undefined) return { kind: 'tcp', port: undefined };
  if (wanted === 'none') return { kind: 'none' };
  const { probe, port } = wanted;
  const asked = typeof port === 'object' ? checkedPort(wish, port.name) : port;
  if (typeof asked === 'string') return `port: ${asked}`;
  switch (probe.kind) {
    case 'tcp':
      return { kind: 'tcp', port: asked };
    case 'http':
      return { kind: 'http', port: asked, path: probe.path, host: probe.host, expect: probe.expect };
    default:
      return `this load balancer has no checks by ${probe.kind}, but by ${PROBES.join(', ')}`;
  }
}

function invalidCheck(why: string): string {
  return `annotation ${ANNOTATIONS.healthCheck}: ${why}`;
}

/**
 * Ready endpoints; those that end and still serve keep the connections they have. Where no other is left they are all
 * that there is, and get new ones, as in a kube-proxy.
 */
function podServers({ service, slices }: BalancerWish, name: string, protocol: Protocol): BalancerServer[] {
  for (const family of familiesOf(service)) {
    const own = slices.filter((slice) => slice.family === family);
    const endpoints = mergeEndpoints(
      own.flatMap((slice) => slice.endpointsByPort.get(portKey(name, protocol)) ?? []),
    );
    const ready = endpoints.filter((endpoint) => endpoint.ready);
    const ending = endpoints.filter(
      (endpoint) => !endpoint.ready && endpoint.serving && endpoint.terminating,
    );
    if (ready.length + ending.length === 0) continue;
    const servers = [...ready, ...ending].map(
      ({ ip, port, weight: ownWeight, terminating }): BalancerServer => {
        const weight = podWeight(service, own, ip, ownWeight);
        const isDraining = weight === 0 || (terminating && ready.length > 0);
        return { ip, port, node: '', weight, state: isDraining ? 'drain' : 'active' };
      },
    );
    return sorted(servers);
  }
  return [];
}

function podWeight({ weights }: Service, slices: readonly StoredSlice[], ip: string, own: number): number {
  if (weights === undefined || slices.some((slice) => slice.weighed?.has(ip))) return own;
  const names = slices.flatMap((slice) => slice.endpointNames?.get(ip) ?? []);
  return weightOf(weights, ip, names) ?? DEFAULT_WEIGHT;
}

/** In the order in which they are preferred: those of the Service. */
function familiesOf({ loadBalancer, clusterIPs }: Service): readonly IpFamily[] {
  const families = loadBalancer?.ipFamilies ?? [];
  return families.length > 0 ? families : IP_FAMILIES.filter((family) => clusterIPs[family] !== undefined);
}

/** The one number that a port has at all endpoints; a text says why there is none. */
function checkedPort({ service, slices }: BalancerWish, name: string): number | string {
  if (!service.ports.some((port) => port.name === name)) return `the Service has no port ${quote(name)}`;
  const numbers = new Set<number>();
  for (const { endpointsByPort } of slices)
    for (const endpoint of endpointsByPort.get(portKey(name, 'TCP')) ?? []) numbers.add(endpoint.port);
  const [first, second] = numbers;
  if (second !== undefined)
    return `port ${name} is ${first} at some endpoints and ${second} at others; give a number`;
  return first ?? `no endpoint has the port ${name}`;
}

function missingNodePort(service: Service, port: Service['ports'][number]): string {
  const field = `spec.ports[${service.ports.indexOf(port)}].nodePort`;
  const why =
    service.loadBalancer?.allocatesNodePorts === false
      ? ' (spec.allocateLoadBalancerNodePorts is false)'
      : '';
  return `${field}: there is none, and traffic is sent to nodes${why}`;
}

/** By address and port, each once: the order in which nodes and slices came changes nothing. */
function sorted(servers: readonly BalancerServer[]): BalancerServer[] {
  const byKey = new Map(servers.map((server) => [`${server.ip} ${server.port}`, server]));
  return [...byKey.values()].sort((a, b) => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : a.port - b.port));
}
