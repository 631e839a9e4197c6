import type {
  V1ClientIPConfig,
  V1LoadBalancerIngress,
  V1LoadBalancerStatus,
  V1Service,
  V1ServicePort,
  V1ServiceSpec,
  V1ServiceStatus,
  V1SessionAffinityConfig,
} from '@kubernetes/client-node';
import { familyOf, IP_FAMILIES, type IpFamily, parseCidr, parseIp } from '@menwei/addresses/ip.ts';
import { canonicalIp } from './decode-address.ts';
import { readBalancing } from './decode-balancing.ts';
import { readHealthCheck } from './decode-health-check.ts';
import { readLoadBalancer } from './decode-load-balancer.ts';
import { hasTag, openObject, readLabels, readTimeMs } from './decode-metadata.ts';
import {
  type Decoded,
  isAbsent,
  isFields,
  MAX_PORT,
  type ObjectReader,
  type Unchecked,
} from './decode-reader.ts';
import { show } from './decode-text.ts';
import { readWeights } from './decode-weights.ts';
import type { LoadBalancerIngress, Service, ServicePortSpec } from './objects.ts';

const SERVICE_PROXY_NAME = 'service.kubernetes.io/service-proxy-name';
/** What the API server fills in, and the longest it allows (a day). */
const DEFAULT_AFFINITY_SECONDS = 10_800;
const MAX_AFFINITY_SECONDS = 86_400;

/** Most Services have none: with 45,000 of them an empty list of its own each would be felt. */
const NONE: readonly never[] = [];

/** A core/v1 Service (spec §§ 1.4 and 2). */
export function decodeService(value: unknown): Decoded<Service> {
  const { reader, raw, metadata } = openObject<V1Service>('Service', value);
  const labels = readLabels(reader, metadata);
  const spec = reader.fields<V1ServiceSpec>('spec', raw.spec);
  const type = reader.choice('spec.type', spec.type, [
    'ClusterIP',
    'NodePort',
    'LoadBalancer',
    'ExternalName',
  ]);
  const clusterIPs = type === 'ExternalName' ? {} : readClusterIPs(reader, spec);
  const externalName = type === 'ExternalName' ? readExternalName(reader, spec) : '';
  const ports = readPorts(reader, spec.ports);
  const externalIPs = readExternalIPs(reader, spec.externalIPs);
  const loadBalancerIngress = readIngress(reader, raw.status);
  const sourceRanges = readSourceRanges(reader, spec.loadBalancerSourceRanges);
  const sessionAffinitySeconds = readAffinity(reader, spec);
  const policies = ['Cluster', 'Local'] as const;
  const externalTrafficPolicy = reader.choice(
    'spec.externalTrafficPolicy',
    spec.externalTrafficPolicy,
    policies,
  );
  const internalTrafficPolicy = reader.choice(
    'spec.internalTrafficPolicy',
    spec.internalTrafficPolicy,
    policies,
  );
  const healthCheckNodePort = reader.optionalPort('spec.healthCheckNodePort', spec.healthCheckNodePort);
  const balancing = readBalancing(reader, metadata.annotations);
  const weights = readWeights(reader, metadata.annotations);
  const healthCheck = readHealthCheck(reader, metadata.annotations);
  const loadBalancer = readLoadBalancer(reader, raw, metadata, clusterIPs);
  return reader.finish(() => ({
    kind: 'Service',
    namespace: reader.ref.namespace,
    name: reader.ref.name,
    uid: typeof metadata.uid === 'string' ? metadata.uid : '',
    createdAtMs: readTimeMs(metadata.creationTimestamp),
    type,
    isHeadless: type !== 'ExternalName' && spec.clusterIP === 'None',
    externalName,
    foreignProxy: hasTag(labels, SERVICE_PROXY_NAME),
    clusterIPs,
    ports,
    externalIPs: externalIPs.length === 0 ? NONE : externalIPs,
    loadBalancerIngress: loadBalancerIngress.length === 0 ? NONE : loadBalancerIngress,
    ...sourceRanges,
    sessionAffinitySeconds,
    externalTrafficPolicy,
    internalTrafficPolicy,
    healthCheckNodePort,
    balancing,
    weights,
    healthCheck,
    loadBalancer,
  }));
}

/** An address is no name that could be answered with (DQ-3). */
function readExternalName(reader: ObjectReader, spec: Unchecked<V1ServiceSpec>): string {
  const field = 'spec.externalName';
  const text = reader.text(field, spec.externalName);
  const name = text.toLowerCase().replace(/\.$/, '');
  if (parseIp(name) !== undefined) {
    reader.note(field, `${show(text)} is an address, not a name: the Service's name has no records`);
    return '';
  }
  if (isExternalName(name)) return name;
  if (text !== '') reader.note(field, `${show(text)} is not a DNS name: the Service's name has no records`);
  return '';
}

/** Names of others may have underscores, which those of objects have not. */
function isExternalName(name: string): boolean {
  return (
    name.length <= 253 &&
    name.split('.').every((label) => /^[a-z0-9_](?:[-a-z0-9_]{0,61}[a-z0-9_])?$/.test(label))
  );
}

function readClusterIPs(
  reader: ObjectReader,
  spec: Unchecked<V1ServiceSpec>,
): Readonly<Partial<Record<IpFamily, string>>> {
  const first = reader.text('spec.clusterIP', spec.clusterIP);
  if (first === '' || first === 'None') return {};
  const families = reader.list('spec.ipFamilies', spec.ipFamilies);
  if (families.length === 0) {
    // Objects written before dual stack know this one field only.
    const ip = readIp(reader, 'spec.clusterIP', first);
    return ip === undefined ? {} : { [familyOf(ip)]: ip };
  }
  const all = reader.list('spec.clusterIPs', spec.clusterIPs);
  const clusterIPs: Partial<Record<IpFamily, string>> = {};
  families.forEach((value, index) => {
    const family = IP_FAMILIES.find((candidate) => candidate === value);
    if (family === undefined) {
      reader.reject(`spec.ipFamilies[${index}]`, `${show(value)} is none of ${IP_FAMILIES.join(', ')}`);
    } else if (clusterIPs[family] === undefined && index < all.length) {
      const ip = readIp(reader, `spec.clusterIPs[${index}]`, all[index], family);
      if (ip !== undefined) clusterIPs[family] = ip;
    }
  });
  return clusterIPs;
}

function readIp(reader: ObjectReader, field: string, value: unknown, family?: IpFamily): string | undefined {
  const ip = typeof value === 'string' ? canonicalIp(value) : undefined;
  if (ip !== undefined && (family === undefined || familyOf(ip) === family)) return ip;
  reader.reject(field, `${show(value)} is not an ${family ?? 'IP'} address`);
  return undefined;
}

function readPorts(reader: ObjectReader, value: unknown): readonly ServicePortSpec[] {
  return reader.list('spec.ports', value).flatMap((entry, index) => {
    const field = `spec.ports[${index}]`;
    if (!isFields<V1ServicePort>(entry)) {
      reader.reject(field, `${show(entry)} is not an object`);
      return [];
    }
    return {
      name: reader.portName(`${field}.name`, entry.name),
      protocol: reader.protocol(`${field}.protocol`, entry.protocol),
      port: reader.integer(`${field}.port`, entry.port, 1, MAX_PORT),
      nodePort: reader.optionalPort(`${field}.nodePort`, entry.nodePort),
    };
  });
}

function readExternalIPs(reader: ObjectReader, value: unknown): readonly string[] {
  const ips: string[] = [];
  reader.eachText('spec.externalIPs', value, (text, field) => {
    const ip = canonicalIp(text);
    if (ip !== undefined) ips.push(ip);
    else if (text.trim() !== '') reader.ignore(field, `${show(text)} is not an IP address`);
  });
  return ips;
}

/** What can't be read lets nobody in: neither by itself nor, as an empty list would, everybody. */
function readSourceRanges(
  reader: ObjectReader,
  value: unknown,
): Pick<Service, 'loadBalancerSourceRanges' | 'hasUnreadableSourceRange'> {
  const ranges: string[] = [];
  const entries = reader.list('spec.loadBalancerSourceRanges', value);
  entries.forEach((entry, index) => {
    const cidr = typeof entry === 'string' ? parseCidr(entry.trim()) : undefined;
    if (cidr !== undefined) ranges.push(cidr.text);
    else {
      const field = `spec.loadBalancerSourceRanges[${index}]`;
      reader.note(field, `${show(entry)} is not a CIDR; it allows no source`);
    }
  });
  const hasUnreadableSourceRange = ranges.length < entries.length;
  return { loadBalancerSourceRanges: ranges.length === 0 ? NONE : ranges, hasUnreadableSourceRange };
}

function readIngress(reader: ObjectReader, statusValue: unknown): readonly LoadBalancerIngress[] {
  const status = reader.fields<V1ServiceStatus>('status', statusValue);
  const loadBalancer = reader.fields<V1LoadBalancerStatus>('status.loadBalancer', status.loadBalancer);
  const ingresses: LoadBalancerIngress[] = [];
  reader.list('status.loadBalancer.ingress', loadBalancer.ingress).forEach((entry, index) => {
    const field = `status.loadBalancer.ingress[${index}]`;
    if (!isFields<V1LoadBalancerIngress>(entry)) {
      reader.ignore(field, `${show(entry)} is not an object`);
      return;
    }
    // A load balancer known by its host name alone sends its traffic to NodePorts or pods.
    if (isAbsent(entry.ip) || entry.ip === '') return;
    const ip = typeof entry.ip === 'string' ? canonicalIp(entry.ip) : undefined;
    const ipMode = entry.ipMode ?? 'VIP';
    if (ip === undefined) reader.ignore(`${field}.ip`, `${show(entry.ip)} is not an IP address`);
    else if (ipMode === 'VIP' || ipMode === 'Proxy') ingresses.push({ ip, ipMode });
    else reader.ignore(`${field}.ipMode`, `${show(ipMode)} is none of VIP, Proxy`);
  });
  return ingresses;
}

function readAffinity(reader: ObjectReader, spec: Unchecked<V1ServiceSpec>): number {
  const affinity = reader.choice('spec.sessionAffinity', spec.sessionAffinity, ['None', 'ClientIP']);
  if (affinity === 'None') return 0;
  const field = 'spec.sessionAffinityConfig';
  const config = reader.fields<V1SessionAffinityConfig>(field, spec.sessionAffinityConfig);
  const clientIP = reader.fields<V1ClientIPConfig>(`${field}.clientIP`, config.clientIP);
  const seconds = clientIP.timeoutSeconds ?? DEFAULT_AFFINITY_SECONDS;
  return reader.integer(`${field}.clientIP.timeoutSeconds`, seconds, 1, MAX_AFFINITY_SECONDS);
}
