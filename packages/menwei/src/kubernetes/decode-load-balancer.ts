/**
 * What a load-balancer controller reads of a Service beside what a proxy does (load-balancer §§ 2.4 and 4.3). Nothing here
 * costs the Service: its traffic must not depend on what only a controller looks at. What can't be read is kept in a form
 * that fits nothing, so that no controller takes the Service for one that asks for less.
 */
import type {
  V1Condition,
  V1LoadBalancerIngress,
  V1LoadBalancerStatus,
  V1ObjectMeta,
  V1PortStatus,
  V1Service,
  V1ServiceSpec,
  V1ServiceStatus,
} from '@kubernetes/client-node';
import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { canonicalIp } from './decode-address.ts';
import { hasTag, readTags } from './decode-metadata.ts';
import { isAbsent, isFields, MAX_PORT, type ObjectReader, type Unchecked } from './decode-reader.ts';
import { intern, show } from './decode-text.ts';
import { POOL_ANNOTATIONS } from './load-balancer-annotations.ts';
import type { Condition, LoadBalancerDetails, StatusIngress } from './load-balancer-objects.ts';
import type { Protocol, Service } from './objects.ts';

const FINALIZERS: readonly unknown[] = [
  'menwei.dev/load-balancer',
  'service.kubernetes.io/load-balancer-cleanup',
];
/** What a controller notes beside an address that it gave. */
const WRITTEN_ANNOTATIONS = Object.values(POOL_ANNOTATIONS);
const OWN_CONDITION = 'menwei.dev/LoadBalancerReady';
/** Written by kubectl: as long as the object itself, and nobody reads it. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const FAMILY_POLICIES = ['SingleStack', 'PreferDualStack', 'RequireDualStack'] as const;
const PROTOCOLS: readonly Protocol[] = ['TCP', 'UDP', 'SCTP'];

/** Whether a load-balancer controller has to do with a Service, as far as that can be told of what may be none. */
export function bearsLoadBalancer(value: unknown): boolean {
  const raw: Unchecked<V1Service> = isFields<V1Service>(value) ? value : {};
  return concernsController(raw, isFields<V1ObjectMeta>(raw.metadata) ? raw.metadata : {});
}

function concernsController(raw: Unchecked<V1Service>, metadata: Unchecked<V1ObjectMeta>): boolean {
  const spec = isFields<V1ServiceSpec>(raw.spec) ? raw.spec : {};
  const status = isFields<V1ServiceStatus>(raw.status) ? raw.status : {};
  return spec.type === 'LoadBalancer' || bearsTraces(metadata, status);
}

/** Undefined: no load-balancer controller has to do with the Service. */
export function readLoadBalancer(
  reader: ObjectReader,
  raw: Unchecked<V1Service>,
  metadata: Unchecked<V1ObjectMeta>,
  clusterIPs: Service['clusterIPs'],
): LoadBalancerDetails | undefined {
  if (!concernsController(raw, metadata)) return undefined;
  const spec = isFields<V1ServiceSpec>(raw.spec) ? raw.spec : {};
  const status = isFields<V1ServiceStatus>(raw.status) ? raw.status : {};
  const ipFamilies = readFamilies(spec.ipFamilies, clusterIPs);
  return {
    labels: readTags(reader, 'metadata.labels', metadata.labels),
    annotations: readTags(reader, 'metadata.annotations', metadata.annotations, [LAST_APPLIED]),
    finalizers: textsOf(metadata.finalizers),
    isDeleting: !isAbsent(metadata.deletionTimestamp),
    loadBalancerClass: readText(reader, 'spec.loadBalancerClass', spec.loadBalancerClass),
    loadBalancerIP: readText(reader, 'spec.loadBalancerIP', spec.loadBalancerIP),
    ipFamilies,
    ipFamilyPolicy: readFamilyPolicy(reader, spec.ipFamilyPolicy, ipFamilies),
    allocatesNodePorts: spec.allocateLoadBalancerNodePorts !== false,
    ingress: readStatusIngress(status),
    conditions: listOf(status.conditions).flatMap(readCondition),
  };
}

/** A controller has to clean up after itself, whatever became of the Service's type since. */
function bearsTraces(
  { finalizers, annotations }: Unchecked<V1ObjectMeta>,
  { conditions }: Unchecked<V1ServiceStatus>,
): boolean {
  return (
    listOf(finalizers).some((finalizer) => FINALIZERS.includes(finalizer)) ||
    WRITTEN_ANNOTATIONS.some((name) => hasTag(annotations, name)) ||
    listOf(conditions).some((entry) => isFields<V1Condition>(entry) && entry.type === OWN_CONDITION)
  );
}

function readText(reader: ObjectReader, field: string, value: unknown): string {
  if (isAbsent(value)) return '';
  if (typeof value === 'string') return value;
  reader.note(field, `${show(value)} is not a string; the Service gets no load balancer`);
  return show(value);
}

/** Objects written before dual stack, and manifests, say nothing: then their cluster IPs do. */
function readFamilies(value: unknown, clusterIPs: Service['clusterIPs']): readonly IpFamily[] {
  const stated = familiesIn(listOf(value));
  return stated.length > 0 ? stated : IP_FAMILIES.filter((family) => clusterIPs[family] !== undefined);
}

function familiesIn(values: readonly unknown[]): readonly IpFamily[] {
  return values.flatMap((value) => IP_FAMILIES.filter((family) => family === value));
}

/** The API server takes two families without a policy for a demand of both. */
function readFamilyPolicy(
  reader: ObjectReader,
  value: unknown,
  families: readonly IpFamily[],
): LoadBalancerDetails['ipFamilyPolicy'] {
  const policy = FAMILY_POLICIES.find((candidate) => candidate === value);
  if (policy !== undefined) return policy;
  if (!isAbsent(value) && value !== '') {
    reader.ignore('spec.ipFamilyPolicy', `${show(value)} is none of ${FAMILY_POLICIES.join(', ')}`);
  }
  return families.length > 1 ? 'RequireDualStack' : 'SingleStack';
}

/** What is wrong with an entry is told where the proxy reads it. */
function readStatusIngress(status: Unchecked<V1ServiceStatus>): readonly StatusIngress[] {
  const loadBalancer = isFields<V1LoadBalancerStatus>(status.loadBalancer) ? status.loadBalancer : {};
  return listOf(loadBalancer.ingress).flatMap((entry) => {
    if (!isFields<V1LoadBalancerIngress>(entry)) return [];
    const text = typeof entry.ip === 'string' ? entry.ip : '';
    const { ipMode } = entry;
    return {
      ip: canonicalIp(text) ?? text,
      hostname: typeof entry.hostname === 'string' ? entry.hostname : '',
      ipMode: ipMode === 'VIP' || ipMode === 'Proxy' ? ipMode : undefined,
      ports: listOf(entry.ports).flatMap(readPortStatus),
    };
  });
}

function readPortStatus(entry: unknown): StatusIngress['ports'] {
  if (!isFields<V1PortStatus>(entry)) return [];
  const { port, error } = entry;
  const protocol = PROTOCOLS.find((candidate) => candidate === (entry.protocol ?? 'TCP'));
  const isPort = typeof port === 'number' && Number.isInteger(port) && port > 0 && port <= MAX_PORT;
  if (!isPort || protocol === undefined) return [];
  return [{ port, protocol, error: typeof error === 'string' ? error : '' }];
}

function readCondition(entry: unknown): readonly Condition[] {
  if (!isFields<V1Condition>(entry)) return [];
  const { type, status, reason, message, lastTransitionTime } = entry;
  const known = (['True', 'False', 'Unknown'] as const).find((candidate) => candidate === status);
  if (typeof type !== 'string' || known === undefined) return [];
  return [
    {
      type: intern(type),
      status: known,
      reason: typeof reason === 'string' ? intern(reason) : '',
      message: typeof message === 'string' ? message : '',
      lastTransitionTime: typeof lastTransitionTime === 'string' ? lastTransitionTime : '',
    },
  ];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textsOf(value: unknown): readonly string[] {
  return listOf(value).filter((entry) => typeof entry === 'string');
}
