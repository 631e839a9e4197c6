/** All resources, as discovery tells them. */
import type { Resource, Verb } from './resource.ts';

const ALL_VERBS: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];
const NO_COLLECTION: readonly Verb[] = ALL_VERBS.filter((verb) => verb !== 'deletecollection');

function core(kind: string, more: Partial<Resource> & Pick<Resource, 'message'>): Resource {
  return inGroup('', kind, more);
}

function inGroup(group: string, kind: string, more: Partial<Resource> & Pick<Resource, 'message'>): Resource {
  const singular = kind.toLowerCase();
  const resource = more.resource ?? `${singular}s`;
  return {
    group,
    version: 'v1',
    resource,
    kind,
    singular,
    shortNames: [],
    categories: [],
    isNamespaced: true,
    verbs: ALL_VERBS,
    subresources: [],
    storedAs: resource,
    ...more,
  };
}

/** Created, answered, and not kept. */
function review(
  group: 'authentication' | 'authorization',
  kind: string,
  message: Resource['message'],
): Resource {
  const { storedAs: _, ...resource } = inGroup(`${group}.k8s.io`, kind, {
    message,
    verbs: ['create'],
    isNamespaced: kind.startsWith('Local'),
  });
  return resource;
}

/** A kind for load balancing, in MetalLB's group, which is how it is kept, and in our own (load-balancer § 4.2). */
function forLoadBalancing(
  kind: string,
  message: Resource['message'],
  more: Partial<Resource> = {},
): readonly Resource[] {
  const common = { message, ...more };
  return [
    inGroup('metallb.io', kind, { ...common, version: 'v1beta1' }),
    inGroup('menwei.dev', kind, { ...common, version: 'v1alpha1', storedMessage: message }),
  ];
}

const DISCOVERY = 'discovery.k8s.io';
const NETWORKING = 'networking.k8s.io';

/** Nobody else makes one: a resource is compared by identity. */
export const RESOURCES: readonly Resource[] = [
  core('ConfigMap', { message: 'core.v1.ConfigMap', shortNames: ['cm'] }),
  core('Endpoints', { message: 'core.v1.Endpoints', resource: 'endpoints', shortNames: ['ep'] }),
  core('Event', { message: 'core.v1.Event', shortNames: ['ev'] }),
  core('Namespace', {
    message: 'core.v1.Namespace',
    shortNames: ['ns'],
    isNamespaced: false,
    verbs: NO_COLLECTION,
    subresources: ['finalize', 'status'],
  }),
  core('Node', {
    message: 'core.v1.Node',
    shortNames: ['no'],
    isNamespaced: false,
    subresources: ['status'],
  }),
  core('Pod', {
    message: 'core.v1.Pod',
    shortNames: ['po'],
    categories: ['all'],
    subresources: ['attach', 'binding', 'eviction', 'exec', 'log', 'portforward', 'status'],
  }),
  core('Service', {
    message: 'core.v1.Service',
    shortNames: ['svc'],
    categories: ['all'],
    subresources: ['status'],
  }),
  core('ServiceAccount', {
    message: 'core.v1.ServiceAccount',
    shortNames: ['sa'],
    subresources: ['token'],
  }),
  inGroup('coordination.k8s.io', 'Lease', { message: 'coordination.v1.Lease' }),
  inGroup(DISCOVERY, 'EndpointSlice', { message: 'discovery.v1.EndpointSlice' }),
  inGroup('events.k8s.io', 'Event', {
    message: 'events.v1.Event',
    shortNames: ['ev'],
    storedAs: 'events',
    storedMessage: 'core.v1.Event',
  }),
  inGroup(NETWORKING, 'Ingress', {
    message: 'networking.v1.Ingress',
    resource: 'ingresses',
    shortNames: ['ing'],
    subresources: ['status'],
  }),
  inGroup(NETWORKING, 'IngressClass', {
    message: 'networking.v1.IngressClass',
    resource: 'ingressclasses',
    isNamespaced: false,
  }),
  inGroup(NETWORKING, 'IPAddress', {
    message: 'networking.v1.IPAddress',
    resource: 'ipaddresses',
    shortNames: ['ip'],
    isNamespaced: false,
  }),
  inGroup(NETWORKING, 'ServiceCIDR', {
    message: 'networking.v1.ServiceCIDR',
    isNamespaced: false,
    subresources: ['status'],
  }),
  ...forLoadBalancing('IPAddressPool', 'metallb.v1beta1.IPAddressPool', { subresources: ['status'] }),
  ...forLoadBalancing('L2Advertisement', 'metallb.v1beta1.L2Advertisement'),
  review('authentication', 'SelfSubjectReview', 'authentication.v1.SelfSubjectReview'),
  review('authentication', 'TokenReview', 'authentication.v1.TokenReview'),
  review('authorization', 'LocalSubjectAccessReview', 'authorization.v1.LocalSubjectAccessReview'),
  review('authorization', 'SelfSubjectAccessReview', 'authorization.v1.SelfSubjectAccessReview'),
  review('authorization', 'SelfSubjectRulesReview', 'authorization.v1.SelfSubjectRulesReview'),
  review('authorization', 'SubjectAccessReview', 'authorization.v1.SubjectAccessReview'),
];

const byPath = new Map(RESOURCES.map((resource) => [`${resource.group}/${resource.resource}`, resource]));

/** Undefined: there is no such resource. */
export function findResource(group: string, plural: string): Resource | undefined {
  return byPath.get(`${group}/${plural}`);
}

/** Whether objects are kept as those of another group, which are the same but for its name. */
export function isOfAnotherGroup({ message, storedMessage }: Resource): boolean {
  return message === storedMessage;
}

/** The resource in whose shape the objects of this one are kept: itself, unless another one's are. */
export function keptResource(resource: Resource): Resource {
  if (resource.storedMessage === undefined) return resource;
  const isKept = ({ storedAs, storedMessage }: Resource) =>
    storedAs === resource.storedAs && storedMessage === undefined;
  return RESOURCES.find(isKept) ?? resource;
}

/** One that the program itself names. */
export function resourceOf(group: string, plural: string): Resource {
  const resource = findResource(group, plural);
  if (resource === undefined) throw new Error(`BUG: there is no resource ${plural} in group "${group}"`);
  return resource;
}
