/** What a Service asks for, before it is known which addresses it gets and which endpoints it has (spec §§ 1.4, 2). */
import { familyOf, type IpFamily, parseKnownCidr } from '@menwei/addresses/ip.ts';
import { checkInForce, type HealthCheck } from '../kubernetes/health-check.ts';
import type { Service, ServicePortSpec } from '../kubernetes/objects.ts';
import { objectKey } from '../state/object-key.ts';
import type { ServicePort } from '../state/service-port.ts';

/** A service port with all the addresses its Service names. */
export interface WantedPort extends Omit<ServicePort, 'clusterIP' | 'health' | 'endpoints'> {
  readonly clusterIP: string;
  /** How its endpoints are to be checked; undefined: they are not. */
  readonly healthCheck: HealthCheck | undefined;
  /** Where the port stands in `spec.ports`. */
  readonly index: number;
}

/** What the proxy's settings say about all Services. */
export interface ServiceRules {
  /** As with the feature gate AllowServiceExternalIPs off. */
  readonly ignoreExternalIPs?: boolean;
  /** Of Services that say nothing; undefined: their endpoints are not checked. */
  readonly healthCheckByDefault?: HealthCheck | undefined;
}

const NONE: readonly string[] = [];
const NO_RULES: ServiceRules = {};

/** What Menwei's controller, and MetalLB's, write beside an address. Nodes announce such an address, and nobody else has it. */
const POOL_ANNOTATIONS = ['menwei.dev', 'metallb.io', 'metallb.universe.tf'].map(
  (group) => `${group}/ip-allocated-from-pool`,
);

/** Its addresses are those of nodes, which have other ports, whatever its author wrote beside them. */
const NODE_CLASS = 'menwei.dev/node';

/**
 * The ports of a Service in one family: none if it is headless, an ExternalName, another proxy's, or without a
 * cluster address of the family. Of two ports with the same name and protocol the last counts.
 */
export function readWantedPorts(
  service: Service,
  family: IpFamily,
  { ignoreExternalIPs = false, healthCheckByDefault }: ServiceRules = NO_RULES,
): readonly WantedPort[] {
  const clusterIP = service.clusterIPs[family];
  if (clusterIP === undefined || service.type === 'ExternalName' || service.foreignProxy) return [];
  const externalPolicyLocal = isExternalPolicyLocal(service);
  const shared = {
    family,
    namespace: service.namespace,
    name: service.name,
    clusterIP,
    sessionAffinitySeconds: service.sessionAffinitySeconds,
    externalIPs: ignoreExternalIPs ? NONE : ofFamily(service.externalIPs, family),
    loadBalancerVIPs: readLoadBalancerVIPs(service, family),
    hasPoolAddresses: hasPoolAddresses(service),
    loadBalancerSourceRanges: readSourceRanges(service, family),
    healthCheckNodePort:
      service.type === 'LoadBalancer' && externalPolicyLocal ? service.healthCheckNodePort : 0,
    externalPolicyLocal,
    internalPolicyLocal: service.internalTrafficPolicy === 'Local',
    balancing: service.balancing,
    healthCheck: checkInForce(service.healthCheck, healthCheckByDefault),
  };
  const wanted = new Map<string, WantedPort>();
  for (const [index, spec] of service.ports.entries()) {
    const names = namePort(service, spec);
    wanted.set(names.key, { ...shared, ...names, port: spec.port, nodePort: spec.nodePort, index });
  }
  return [...wanted.values()];
}

function namePort(service: Service, { name, protocol }: ServicePortSpec) {
  const key = objectKey(service.namespace, service.name);
  const displayName = name === '' ? key : `${key}:${name}`;
  return { key: `${displayName}/${protocol}`, displayName, portName: name, protocol };
}

/** The policy is ignored on a Service that nothing outside the cluster can reach, going by its type alone. */
function isExternalPolicyLocal(service: Service): boolean {
  const isExternalByType = service.type !== 'ClusterIP' || service.externalIPs.length > 0;
  return service.externalTrafficPolicy === 'Local' && isExternalByType;
}

/** KEP-1860: traffic to an address of mode Proxy has to go to the load balancer. */
function readLoadBalancerVIPs(service: Service, family: IpFamily): readonly string[] {
  const vips = service.loadBalancerIngress.filter((ingress) => ingress.ipMode === 'VIP');
  return ofFamily(
    vips.map((ingress) => ingress.ip),
    family,
  );
}

function hasPoolAddresses({ loadBalancer }: Service): boolean {
  if (loadBalancer === undefined || loadBalancer.loadBalancerClass === NODE_CLASS) return false;
  return POOL_ANNOTATIONS.some((name) => loadBalancer.annotations.has(name));
}

/**
 * A range that holds every address of the family makes all the others moot: everybody is allowed. So it is, as upstream,
 * when all ranges are of the other family, but not when one can't be read.
 */
function readSourceRanges(service: Service, family: IpFamily): readonly string[] | undefined {
  const ranges = service.loadBalancerSourceRanges
    .map(parseKnownCidr)
    .filter((range) => range.family === family);
  if (ranges.some((range) => range.prefixLength === 0)) return undefined;
  if (ranges.length === 0 && !service.hasUnreadableSourceRange) return undefined;
  return unique(ranges.map((range) => range.text));
}

function ofFamily(ips: readonly string[], family: IpFamily): readonly string[] {
  return unique(ips.filter((ip) => familyOf(ip) === family));
}

function unique(texts: readonly string[]): readonly string[] {
  return texts.length === 0 ? NONE : [...new Set(texts)];
}
