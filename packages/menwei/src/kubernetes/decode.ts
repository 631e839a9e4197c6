/**
 * From the JSON of the Kubernetes API (or of a file) to the objects of objects.ts. Nothing here trusts its input and
 * nothing throws: what comes back is an object, or the problems that stand against it, or both.
 */
import { decodeAddressPool, decodeCiliumPool } from './decode-address-pool.ts';
import { decodeEndpointSlice, decodeNamedEndpointSlice } from './decode-endpoint-slice.ts';
import { decodeCiliumPolicy, decodeL2Advertisement } from './decode-l2-advertisement.ts';
import { decodeLease } from './decode-lease.ts';
import { decodeNamespace } from './decode-namespace.ts';
import { decodeNode } from './decode-node.ts';
import { type Decoded, isFields } from './decode-reader.ts';
import { decodeService } from './decode-service.ts';
import { decodeServiceCIDR } from './decode-service-cidr.ts';
import type { ObjectRef, WatchedObject } from './objects.ts';

export {
  type Decoded,
  decodeEndpointSlice,
  decodeNamedEndpointSlice,
  decodeNode,
  decodeService,
  decodeServiceCIDR,
};

/** What `decode` gives; if it throws, which would be a mistake of this program, that costs this one object. */
export function decodeOrReport<T>(object: ObjectRef, decode: () => Decoded<T>): Decoded<T> {
  try {
    return decode();
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return { object: undefined, problems: [{ object, field: '', message: `BUG: not decoded: ${cause}` }] };
  }
}

type WatchedKind = WatchedObject['kind'];

const DECODERS: { readonly [Kind in WatchedKind]: (value: unknown) => Decoded<WatchedObject> } = {
  Service: decodeService,
  EndpointSlice: decodeEndpointSlice,
  Node: decodeNode,
  ServiceCIDR: decodeServiceCIDR,
  Namespace: decodeNamespace,
  Lease: decodeLease,
  IPAddressPool: decodeAddressPool,
  L2Advertisement: decodeL2Advertisement,
  CiliumLoadBalancerIPPool: decodeCiliumPool,
  CiliumL2AnnouncementPolicy: decodeCiliumPolicy,
};

/** The decoder of one kind. */
export function decoderOf(kind: WatchedKind): (value: unknown) => Decoded<WatchedObject> {
  return DECODERS[kind];
}

/** The kind of a JSON object by its `apiVersion` and `kind`; undefined when it is none this program reads. */
export function watchedKindOf(value: unknown): WatchedKind | undefined {
  if (!isFields<{ apiVersion: string; kind: string }>(value)) return undefined;
  const { apiVersion, kind } = value;
  const isNamed = typeof apiVersion === 'string' && typeof kind === 'string';
  return isNamed ? WATCHED_KINDS.get(`${apiVersion} ${kind}`) : undefined;
}

const WATCHED_KINDS: ReadonlyMap<string, WatchedKind> = new Map([
  ['v1 Service', 'Service'],
  ['v1 Node', 'Node'],
  ['v1 Namespace', 'Namespace'],
  ['discovery.k8s.io/v1 EndpointSlice', 'EndpointSlice'],
  ['networking.k8s.io/v1 ServiceCIDR', 'ServiceCIDR'],
  // As served before 1.33, with the same fields.
  ['networking.k8s.io/v1beta1 ServiceCIDR', 'ServiceCIDR'],
  ['coordination.k8s.io/v1 Lease', 'Lease'],
  ['metallb.io/v1beta1 IPAddressPool', 'IPAddressPool'],
  ['menwei.dev/v1alpha1 IPAddressPool', 'IPAddressPool'],
  ['metallb.io/v1beta1 L2Advertisement', 'L2Advertisement'],
  ['menwei.dev/v1alpha1 L2Advertisement', 'L2Advertisement'],
  ['cilium.io/v2 CiliumLoadBalancerIPPool', 'CiliumLoadBalancerIPPool'],
  ['cilium.io/v2alpha1 CiliumLoadBalancerIPPool', 'CiliumLoadBalancerIPPool'],
  ['cilium.io/v2alpha1 CiliumL2AnnouncementPolicy', 'CiliumL2AnnouncementPolicy'],
]);

/**
 * Decodes by `apiVersion` and `kind`. A kind this program does not read gives neither an object nor a problem.
 * @param forNames as who answers for names needs it: see decodeNamedEndpointSlice
 */
export function decodeObject(value: unknown, forNames = false): Decoded<WatchedObject> {
  const kind = watchedKindOf(value);
  if (kind === undefined) return { object: undefined, problems: [] };
  return kind === 'EndpointSlice' && forNames ? decodeNamedEndpointSlice(value) : DECODERS[kind](value);
}
