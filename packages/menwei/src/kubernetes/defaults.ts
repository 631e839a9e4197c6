/**
 * What the API server fills in when an author says nothing, for objects that never met one. Works on raw JSON, before
 * decoding; a field of a wrong type is left for the decoder to refuse. Addresses and ports are not allocated here.
 */
import type {
  DiscoveryV1EndpointPort,
  V1Endpoint,
  V1EndpointSlice,
  V1Namespace,
  V1ObjectMeta,
  V1Service,
  V1ServicePort,
  V1ServiceSpec,
} from '@kubernetes/client-node';
import { familyOf, type IpFamily, parseIp } from '@menwei/addresses/ip.ts';
import { isAbsent, isFields, type Unchecked } from './decode-reader.ts';
import type { ObjectRef } from './objects.ts';

/** The object with its defaults. The given value is not changed. */
export function withDefaults(kind: ObjectRef['kind'], value: unknown): unknown {
  switch (kind) {
    case 'Service':
      return isFields<V1Service>(value) ? serviceWithDefaults(value) : value;
    case 'EndpointSlice':
      return isFields<V1EndpointSlice>(value) ? sliceWithDefaults(value) : value;
    case 'Namespace':
      return isFields<V1Namespace>(value) ? namespaceWithDefaults(value) : value;
    default:
      return value;
  }
}

function namespaceWithDefaults(namespace: Unchecked<V1Namespace>): Unchecked<V1Namespace> {
  const { metadata } = namespace;
  if (!isFields<V1ObjectMeta>(metadata)) return namespace;
  const labels = isFields<Record<string, string>>(metadata.labels) ? metadata.labels : {};
  return { ...namespace, metadata: { ...metadata, labels: { ...labels, [NAME_LABEL]: metadata.name } } };
}

/** What every Namespace bears, to be selected by its name. */
const NAME_LABEL = 'kubernetes.io/metadata.name';

function serviceWithDefaults(service: Unchecked<V1Service>): Unchecked<V1Service> {
  const named = { ...service, metadata: metadataWithDefaults(service.metadata) };
  return isFields<V1ServiceSpec>(service.spec) ? { ...named, spec: specWithDefaults(service.spec) } : named;
}

function specWithDefaults(given: Unchecked<V1ServiceSpec>): Unchecked<V1ServiceSpec> {
  const spec = fill(given, {
    type: 'ClusterIP',
    sessionAffinity: 'None',
    internalTrafficPolicy: 'Cluster',
    externalTrafficPolicy: 'Cluster',
  });
  return {
    ...spec,
    ...(spec.sessionAffinity === 'ClientIP' && isAbsent(spec.sessionAffinityConfig)
      ? { sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } } }
      : {}),
    ...(Array.isArray(spec.ports) ? { ports: spec.ports.map(servicePortWithDefaults) } : {}),
    ...clusterIPsWithDefaults(spec),
  };
}

function servicePortWithDefaults(port: unknown): unknown {
  return isFields<V1ServicePort>(port) ? fill(port, { protocol: 'TCP', targetPort: port.port }) : port;
}

/** `clusterIP` and `clusterIPs` from each other, and the families from the addresses. */
function clusterIPsWithDefaults(spec: Unchecked<V1ServiceSpec>): Unchecked<V1ServiceSpec> {
  if (spec.type === 'ExternalName') return {};
  const given: readonly unknown[] = Array.isArray(spec.clusterIPs) ? spec.clusterIPs : [];
  const clusterIP = isBlank(spec.clusterIP) ? given[0] : spec.clusterIP;
  const clusterIPs = given.length > 0 || isBlank(clusterIP) ? given : [clusterIP];
  const families = clusterIPs.map(familyOfText);
  const familiesKnown = Array.isArray(spec.ipFamilies) && spec.ipFamilies.length > 0;
  return {
    ...(isBlank(clusterIP) ? {} : { clusterIP }),
    ...(isAbsent(spec.clusterIPs) || Array.isArray(spec.clusterIPs) ? { clusterIPs } : {}),
    ...(familiesKnown || families.includes(undefined) ? {} : { ipFamilies: families }),
  };
}

function sliceWithDefaults(slice: Unchecked<V1EndpointSlice>): Unchecked<V1EndpointSlice> {
  const metadata = metadataWithDefaults(slice.metadata);
  const named = { ...fill(slice, { addressType: firstFamily(slice.endpoints) ?? 'IPv4' }), metadata };
  return Array.isArray(slice.ports) ? { ...named, ports: slice.ports.map(slicePortWithDefaults) } : named;
}

function slicePortWithDefaults(port: unknown): unknown {
  return isFields<DiscoveryV1EndpointPort>(port) ? fill(port, { name: '', protocol: 'TCP' }) : port;
}

function firstFamily(endpoints: unknown): IpFamily | undefined {
  if (!Array.isArray(endpoints)) return undefined;
  const [first]: readonly unknown[] = endpoints;
  const addresses = isFields<V1Endpoint>(first) ? first.addresses : undefined;
  return Array.isArray(addresses) ? familyOfText(addresses[0]) : undefined;
}

function metadataWithDefaults(metadata: unknown): unknown {
  return isFields<V1ObjectMeta>(metadata) ? fill(metadata, { namespace: 'default' }) : metadata;
}

function familyOfText(value: unknown): IpFamily | undefined {
  const ip = typeof value === 'string' ? parseIp(value) : undefined;
  return ip === undefined ? undefined : familyOf(ip);
}

function isBlank(value: unknown): boolean {
  return isAbsent(value) || value === '';
}

/** Fields of `defaults` replace those that are absent. */
function fill<T>(fields: Unchecked<T>, defaults: Unchecked<T>): Unchecked<T> {
  const given = Object.entries(fields).filter(([, value]) => !isAbsent(value));
  return { ...fields, ...defaults, ...Object.fromEntries(given) };
}
