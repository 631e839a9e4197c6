/** Objects for tests: valid as they are, and a test names only what it is about. Only tests import this file. */
import { familyOf, formatHostPort } from '@menwei/addresses/ip.ts';
import type { HealthCheck } from 'menwei/kubernetes/health-check.ts';
import type { LoadBalancerDetails } from 'menwei/kubernetes/load-balancer-objects.ts';
import {
  DEFAULT_BALANCING,
  type EndpointSlice,
  type Node,
  type Service,
  type ServicePortSpec,
  type SliceEndpoint,
} from 'menwei/kubernetes/objects.ts';
import type { NodeView } from 'menwei/services/node-view.ts';
import type { Endpoint, ServicePort } from 'menwei/state/service-port.ts';
import type { SyncRow } from 'menwei/state/sync-row.ts';

export interface ServiceFields extends Partial<Omit<Service, 'kind' | 'ports'>> {
  readonly ports?: readonly Partial<ServicePortSpec>[];
}

/** Service `ns/web`, 172.30.0.1, one unnamed TCP port 80. */
export function aService({ ports = [{}], ...fields }: ServiceFields = {}): Service {
  return {
    kind: 'Service',
    namespace: 'ns',
    name: 'web',
    uid: '',
    createdAtMs: 0,
    type: 'ClusterIP',
    isHeadless: false,
    externalName: '',
    foreignProxy: false,
    clusterIPs: { IPv4: '172.30.0.1' },
    externalIPs: [],
    loadBalancerIngress: [],
    loadBalancerSourceRanges: [],
    hasUnreadableSourceRange: false,
    sessionAffinitySeconds: 0,
    externalTrafficPolicy: 'Cluster',
    internalTrafficPolicy: 'Cluster',
    healthCheckNodePort: 0,
    balancing: DEFAULT_BALANCING,
    weights: undefined,
    healthCheck: undefined,
    loadBalancer: undefined,
    ...fields,
    ports: ports.map((port) => ({ name: '', protocol: 'TCP', port: 80, nodePort: 0, ...port })),
  };
}

/** As annotation `menwei.dev/health-check: tcp` says. */
export function aHealthCheck(fields: Partial<HealthCheck> = {}): HealthCheck {
  return {
    probe: { kind: 'tcp' },
    port: undefined,
    intervalMs: 2_000,
    timeoutMs: 1_000,
    fastMs: 500,
    fall: 3,
    rise: 2,
    initial: 'up',
    panicPercent: 50,
    onDown: 'drain',
    dns: false,
    ...fields,
  };
}

/** Of a Service that has no load balancer yet, and asks for nothing. */
export function aLoadBalancer(fields: Partial<LoadBalancerDetails> = {}): LoadBalancerDetails {
  return {
    labels: new Map(),
    annotations: new Map(),
    finalizers: [],
    isDeleting: false,
    loadBalancerClass: '',
    loadBalancerIP: '',
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
    allocatesNodePorts: true,
    ingress: [],
    conditions: [],
    ...fields,
  };
}

/** Node `node-a` without a zone, addresses, pod CIDRs or taints. */
export function aNode(fields: Partial<Omit<Node, 'kind'>> = {}): Node {
  return {
    kind: 'Node',
    namespace: '',
    name: 'node-a',
    zone: '',
    podCIDRs: [],
    addresses: [],
    deleting: false,
    taintKeys: [],
    labels: new Map(),
    internalIPs: [],
    externalIPs: [],
    isReady: true,
    isNetworkUnavailable: false,
    ...fields,
  };
}

export interface SliceFields extends Partial<Omit<EndpointSlice, 'kind' | 'ports' | 'endpoints'>> {
  readonly ports?: readonly Partial<EndpointSlice['ports'][number]>[];
  /** A text is the address of an endpoint that is ready. */
  readonly endpoints?: readonly (string | Partial<SliceEndpoint>)[];
}

/** Slice `ns/web-1` of Service `ns/web`, one unnamed TCP port 8080, no endpoint. */
export function aSlice({ ports = [{}], endpoints = [], ...fields }: SliceFields = {}): EndpointSlice {
  return {
    kind: 'EndpointSlice',
    namespace: 'ns',
    name: 'web-1',
    serviceName: 'web',
    addressType: 'IPv4',
    endpointNames: undefined,
    hosts: undefined,
    lastChangeTriggerTimeMs: 0,
    ...fields,
    ports: ports.map((port) => ({ name: '', protocol: 'TCP', port: 8080, ...port })),
    endpoints: endpoints.map((endpoint) =>
      aSliceEndpoint(typeof endpoint === 'string' ? { ip: endpoint } : endpoint),
    ),
  };
}

/** 10.0.0.1, ready, on no known node, without hints. */
export function aSliceEndpoint(fields: Partial<SliceEndpoint> = {}): SliceEndpoint {
  return {
    ip: '10.0.0.1',
    ready: true,
    serving: true,
    terminating: false,
    nodeName: '',
    zoneHints: undefined,
    nodeHints: undefined,
    weight: undefined,
    ...fields,
  };
}

/** 10.0.0.1:8080, ready, not local, without hints. */
export function anEndpoint(fields: Partial<Omit<Endpoint, 'text'>> = {}): Endpoint {
  const { ip = '10.0.0.1', port = 8080 } = fields;
  return {
    ready: true,
    serving: true,
    terminating: false,
    isLocal: false,
    zoneHints: undefined,
    nodeHints: undefined,
    weight: 1,
    ...fields,
    ip,
    port,
    text: formatHostPort(ip, port),
  };
}

export interface ServicePortFields extends Partial<Omit<ServicePort, 'key' | 'displayName' | 'family'>> {}

/** `ns/web`, 172.30.0.1:80/TCP without endpoints; an IPv6 cluster address makes it a port of that family. */
export function aServicePort(fields: ServicePortFields = {}): ServicePort {
  const port = {
    namespace: 'ns',
    name: 'web',
    portName: '',
    protocol: 'TCP' as const,
    clusterIP: '172.30.0.1',
    port: 80,
    nodePort: 0,
    sessionAffinitySeconds: 0,
    externalIPs: [],
    loadBalancerVIPs: [],
    hasPoolAddresses: false,
    loadBalancerSourceRanges: undefined,
    healthCheckNodePort: 0,
    externalPolicyLocal: false,
    internalPolicyLocal: false,
    balancing: DEFAULT_BALANCING,
    health: undefined,
    endpoints: [],
    ...fields,
  };
  const displayName = `${port.namespace}/${port.name}${port.portName === '' ? '' : `:${port.portName}`}`;
  const family = port.clusterIP === undefined ? 'IPv4' : familyOf(port.clusterIP);
  return { ...port, key: `${displayName}/${port.protocol}`, displayName, family };
}

/** Node `node-a` in no zone, which takes NodePort traffic on all its addresses and knows no ServiceCIDR. */
export function aNodeView(fields: Partial<NodeView> = {}): NodeView {
  return {
    name: 'node-a',
    family: 'IPv4',
    zone: '',
    ip: undefined,
    ownIP: undefined,
    detectLocal: { by: 'none' },
    podCIDR: undefined,
    nodePortAddresses: 'all',
    serviceCIDRs: [],
    localAddresses: [],
    largeCluster: false,
    ...fields,
  };
}

/** A full sync that succeeded, unless the fields say otherwise. */
export function aSyncRow(fields: Partial<SyncRow> = {}): SyncRow {
  return {
    ok: true,
    complete: true,
    seconds: 0,
    endedAtMs: 0,
    fullCount: 1,
    nodePortAddresses: 'all',
    triggerTimesMs: [],
    refusedCount: 0,
    failure: undefined,
    firstChangeMs: undefined,
    rules: undefined,
    ...fields,
  };
}
