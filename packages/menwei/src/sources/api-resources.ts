/** What is listed and watched at an API server, and how it is read. */
import {
  type Decoded,
  decodeEndpointSlice,
  decodeNamedEndpointSlice,
  decodeNode,
  decoderOf,
  decodeService,
  decodeServiceCIDR,
} from '../kubernetes/decode.ts';
import { bearsLoadBalancer } from '../kubernetes/decode-load-balancer.ts';
import { leasesPath } from '../kubernetes/lease-client.ts';
import type { Service, WatchedObject } from '../kubernetes/objects.ts';
import type { WatchedResource } from '../kubernetes/reflector-options.ts';
import type { Origin } from '../state/rivals.ts';
import type { Following } from './following.ts';

interface FollowedResource {
  readonly resource: WatchedResource<WatchedObject>;
  readonly origin: Origin;
}

/** Services of other proxies and headless ones are not even sent by the server (spec § 1.1). */
const PROXIED_SERVICES: WatchedResource<WatchedObject> = {
  kind: 'Service',
  path: '/api/v1/services',
  labelSelector: '!service.kubernetes.io/service-proxy-name',
  fieldSelector: 'spec.clusterIP!=None',
  decode: decodeService,
};

/** One whose type was another one once has to be cleaned up after, so the server can't be asked for a type. */
const BALANCED_SERVICES: WatchedResource<WatchedObject> = {
  kind: 'Service',
  path: '/api/v1/services',
  decode: decodeBalanced,
};

const NAMED_SERVICES: WatchedResource<WatchedObject> = {
  kind: 'Service',
  path: '/api/v1/services',
  decode: decodeService,
};

const SERVICES = { proxied: PROXIED_SERVICES, balanced: BALANCED_SERVICES, named: NAMED_SERVICES };

const ENDPOINT_SLICES: WatchedResource<WatchedObject> = {
  kind: 'EndpointSlice',
  path: '/apis/discovery.k8s.io/v1/endpointslices',
  labelSelector: '!service.kubernetes.io/headless',
  decode: decodeEndpointSlice,
};

const NAMED_ENDPOINT_SLICES: WatchedResource<WatchedObject> = {
  kind: 'EndpointSlice',
  path: ENDPOINT_SLICES.path,
  decode: decodeNamedEndpointSlice,
};

/** Not there before 1.33, and the roles of older set-ups don't name them. */
const SERVICE_CIDRS: WatchedResource<WatchedObject> = {
  kind: 'ServiceCIDR',
  path: '/apis/networking.k8s.io/v1/servicecidrs',
  optional: 'withheld',
  decode: decodeServiceCIDR,
};

const ALL_NODES: WatchedResource<WatchedObject> = {
  kind: 'Node',
  path: '/api/v1/nodes',
  decode: decodeNode,
};

const NAMESPACES: WatchedResource<WatchedObject> = {
  kind: 'Namespace',
  path: '/api/v1/namespaces',
  decode: decoderOf('Namespace'),
};

/**
 * Pools and advertisements where somebody has installed their kinds; of Cilium's pools, all versions that there were. Without the
 * right to read the kinds that are meant for us nobody knows what is missing; those of Cilium one can do without.
 */
const CONFIGURATION: readonly FollowedResource[] = [
  configuration('metallb.io', 'v1beta1', 'ipaddresspools', 'IPAddressPool'),
  configuration('metallb.io', 'v1beta1', 'l2advertisements', 'L2Advertisement'),
  configuration('menwei.dev', 'v1alpha1', 'ipaddresspools', 'IPAddressPool'),
  configuration('menwei.dev', 'v1alpha1', 'l2advertisements', 'L2Advertisement'),
  configuration('cilium.io', 'v2', 'ciliumloadbalancerippools', 'CiliumLoadBalancerIPPool'),
  configuration('cilium.io', 'v2alpha1', 'ciliumloadbalancerippools', 'CiliumLoadBalancerIPPool'),
  configuration('cilium.io', 'v2alpha1', 'ciliuml2announcementpolicies', 'CiliumL2AnnouncementPolicy'),
];

export function followedResources(following: Following, nodeName: string): readonly FollowedResource[] {
  const { services, nodes, serviceCIDRs, loadBalancing } = following;
  const basic = [
    SERVICES[services],
    services === 'named' ? NAMED_ENDPOINT_SLICES : ENDPOINT_SLICES,
    ...nodesOf(nodes, nodeName),
    ...(serviceCIDRs ? [SERVICE_CIDRS] : []),
    ...(loadBalancing === undefined ? [] : [leasesOf(loadBalancing.leaseNamespace)]),
    ...(loadBalancing?.namespaces === true || services === 'named' ? [NAMESPACES] : []),
  ];
  return [
    ...basic.map((resource) => ({ resource, origin: '' as const })),
    ...(loadBalancing === undefined ? [] : CONFIGURATION),
  ];
}

function nodesOf(nodes: Following['nodes'], nodeName: string): readonly WatchedResource<WatchedObject>[] {
  if (nodes === 'none') return [];
  return [nodes === 'own' ? { ...ALL_NODES, fieldSelector: `metadata.name=${nodeName}` } : ALL_NODES];
}

function leasesOf(namespace: string): WatchedResource<WatchedObject> {
  return {
    kind: 'Lease',
    path: leasesPath(namespace),
    decode: decoderOf('Lease'),
  };
}

function configuration(
  group: Origin,
  version: string,
  resource: string,
  kind: WatchedObject['kind'],
): FollowedResource {
  const path = `/apis/${group}/${version}/${resource}`;
  const optional = group === 'cilium.io' ? 'withheld' : 'not-installed';
  return { resource: { kind, path, optional, decode: decoderOf(kind) }, origin: group };
}

/** Of the Services that no load-balancer controller has to do with, nothing is kept or told. */
export function decodeBalanced(value: unknown): Decoded<Service> {
  return bearsLoadBalancer(value) ? decodeService(value) : { object: undefined, problems: [] };
}
