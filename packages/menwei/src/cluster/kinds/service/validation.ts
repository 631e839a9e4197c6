/** What a Service must be, in the reference's words and order (cluster § 9.4). */
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  notSupportedInOrder,
  required,
} from '../../schema/field-error.ts';
import { cidrErrors, endpointIpErrors, ipErrors } from '../addresses.ts';
import { annotationOf, labelErrors } from '../metadata.ts';
import { invalidEach, whyNoDnsSubdomain, whyNoLabelKey, whyNoPort } from '../syntax.ts';
import { clusterIpChangeErrors, clusterIpErrors } from './cluster-ips.ts';
import {
  isExternallyAccessible,
  isHeadless,
  needsHealthCheckPort,
  type Service,
  type ServiceSpec,
  specOf,
} from './fields.ts';
import { portCollisions, portErrors } from './ports.ts';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const AFFINITIES = ['ClientIP', 'None'];
const TRAFFIC_POLICIES = ['Cluster', 'Local'];
/** In the order in which the reference names them. */
const DISTRIBUTIONS = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
const MAX_AFFINITY_SECONDS = 86_400;
const ONLY_LOAD_BALANCER = "may only be used when `type` is 'LoadBalancer'";

export const TOPOLOGY_MODE = 'service.kubernetes.io/topology-mode';
export const TOPOLOGY_HINTS = 'service.kubernetes.io/topology-aware-hints';
const SOURCE_RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges';

/** @param old on update: what may not change is looked at first */
export function serviceErrors(service: Service, old?: Service): readonly FieldError[] {
  const spec = specOf(service);
  const before = old === undefined ? undefined : specOf(old);
  return [
    ...(before === undefined ? [] : changeErrors(spec, before)),
    ...topologyErrors(service),
    ...typeErrors(spec),
    ...portErrors(spec),
    ...labelErrors('spec.selector', spec.selector),
    ...affinityErrors(spec),
    ...clusterIpErrors(spec, before),
    ...externalIpErrors(spec, before),
    ...oneOf('spec.type', spec.type, TYPES),
    ...portCollisions(spec),
    ...sourceRangeErrors(service, old),
    ...loadBalancerErrors(spec),
    ...externalTrafficErrors(spec),
    ...oneOf('spec.internalTrafficPolicy', spec.internalTrafficPolicy, TRAFFIC_POLICIES),
    ...distributionErrors(spec),
  ];
}

function changeErrors(spec: ServiceSpec, old: ServiceSpec): readonly FieldError[] {
  const errors = [...clusterIpChangeErrors(spec, old)];
  const stays = spec.type === 'LoadBalancer' && old.type === 'LoadBalancer';
  if (stays && spec.loadBalancerClass !== old.loadBalancerClass) {
    errors.push(invalid('spec.loadBalancerClass', spec.loadBalancerClass, 'may not change once set'));
  }
  if (
    needsHealthCheckPort(old) &&
    needsHealthCheckPort(spec) &&
    old.healthCheckNodePort !== spec.healthCheckNodePort
  ) {
    errors.push(forbidden('spec.healthCheckNodePort', 'field is immutable'));
  }
  return errors;
}

function topologyErrors({ metadata }: Service): readonly FieldError[] {
  const mode = annotationOf(metadata, TOPOLOGY_MODE);
  const hints = annotationOf(metadata, TOPOLOGY_HINTS);
  if (mode === undefined || hints === undefined || mode === hints) return [];
  const why = `must match annotations[${TOPOLOGY_HINTS}] when both are specified`;
  return [invalid(`metadata.annotations[${TOPOLOGY_MODE}]`, mode, why)];
}

function typeErrors(spec: ServiceSpec): readonly FieldError[] {
  const { type, ports = [], clusterIPs = [] } = spec;
  if (type === 'ExternalName') return externalNameErrors(spec);
  const errors: FieldError[] = [];
  if (ports.length === 0 && !isHeadless(spec)) errors.push(required('spec.ports'));
  if ((type === 'LoadBalancer' || type === 'NodePort') && isHeadless(spec)) {
    const why = `may not be set to 'None' for ${type} services`;
    errors.push(invalid('spec.clusterIPs[0]', clusterIPs[0], why));
  }
  return errors;
}

function externalNameErrors({
  clusterIPs = [],
  ipFamilies = [],
  ipFamilyPolicy,
  externalName = '',
}: ServiceSpec): readonly FieldError[] {
  const none = (field: string): FieldError =>
    forbidden(`spec.${field}`, 'may not be set for ExternalName services');
  const name = externalName.endsWith('.') ? externalName.slice(0, -1) : externalName;
  return [
    ...(clusterIPs.length === 0 ? [] : [none('clusterIPs')]),
    ...(ipFamilies.length === 0 ? [] : [none('ipFamilies')]),
    ...(ipFamilyPolicy === undefined ? [] : [none('ipFamilyPolicy')]),
    ...(name === ''
      ? [required('spec.externalName')]
      : invalidEach('spec.externalName', name, whyNoDnsSubdomain(name))),
  ];
}

function affinityErrors({ sessionAffinity, sessionAffinityConfig }: ServiceSpec): readonly FieldError[] {
  const errors = [...oneOf('spec.sessionAffinity', sessionAffinity, AFFINITIES)];
  if (sessionAffinity !== 'ClientIP') return errors;
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 0;
  if (seconds <= 0 || seconds > MAX_AFFINITY_SECONDS) {
    const why = `must be greater than 0 and less than ${MAX_AFFINITY_SECONDS}`;
    errors.push(invalid('spec.sessionAffinityConfig.clientIP.timeoutSeconds', seconds, why));
  }
  return errors;
}

function externalIpErrors({ externalIPs = [] }: ServiceSpec, old?: ServiceSpec): readonly FieldError[] {
  return externalIPs.flatMap((ip, index) => {
    const field = `spec.externalIPs[${index}]`;
    const errors = old?.externalIPs?.includes(ip) === true ? [] : ipErrors(field, ip);
    return errors.length > 0 ? errors : endpointIpErrors(field, ip);
  });
}

/** Of the field, or of the annotation that it replaced. The capital letter is the reference's, and what people search for. */
function sourceRangeErrors(service: Service, old?: Service): readonly FieldError[] {
  const { type, loadBalancerSourceRanges = [] } = specOf(service);
  const text = annotationOf(service.metadata, SOURCE_RANGES);
  const isField = loadBalancerSourceRanges.length > 0;
  if (!isField && text === undefined) return [];
  const field = isField ? 'spec.LoadBalancerSourceRanges' : `metadata.annotations[${SOURCE_RANGES}]`;
  const given = isField ? loadBalancerSourceRanges : split(text);
  const before = isField
    ? (old?.spec?.loadBalancerSourceRanges ?? [])
    : split(old === undefined ? undefined : annotationOf(old.metadata, SOURCE_RANGES));
  const errors = type === 'LoadBalancer' ? [] : [forbidden(field, ONLY_LOAD_BALANCER)];
  given.forEach((range, index) => {
    if (!before.includes(range))
      errors.push(...cidrErrors(isField ? `${field}[${index}]` : field, range.trim()));
  });
  return errors;
}

function loadBalancerErrors(spec: ServiceSpec): readonly FieldError[] {
  const { type, allocateLoadBalancerNodePorts, loadBalancerClass } = spec;
  const field = 'spec.loadBalancerClass';
  if (type === 'LoadBalancer') {
    return loadBalancerClass === undefined
      ? []
      : invalidEach(field, loadBalancerClass, whyNoLabelKey(loadBalancerClass));
  }
  return [
    ...(allocateLoadBalancerNodePorts === undefined
      ? []
      : [forbidden('spec.allocateLoadBalancerNodePorts', ONLY_LOAD_BALANCER)]),
    ...(loadBalancerClass === undefined ? [] : [forbidden(field, ONLY_LOAD_BALANCER)]),
  ];
}

function externalTrafficErrors(spec: ServiceSpec): readonly FieldError[] {
  const { externalTrafficPolicy = '', healthCheckNodePort = 0 } = spec;
  const errors: FieldError[] = [];
  if (isExternallyAccessible(spec)) {
    errors.push(...oneOf('spec.externalTrafficPolicy', externalTrafficPolicy, TRAFFIC_POLICIES));
  } else if (externalTrafficPolicy !== '') {
    const why = 'may only be set for externally-accessible services';
    errors.push(invalid('spec.externalTrafficPolicy', externalTrafficPolicy, why));
  }
  const field = 'spec.healthCheckNodePort';
  if (needsHealthCheckPort(spec)) {
    if (healthCheckNodePort === 0) errors.push(required(field));
    else errors.push(...invalidEach(field, healthCheckNodePort, whyNoPort(healthCheckNodePort)));
  } else if (healthCheckNodePort !== 0) {
    const why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(invalid(field, healthCheckNodePort, why));
  }
  return errors;
}

function distributionErrors({ trafficDistribution }: ServiceSpec): readonly FieldError[] {
  if (trafficDistribution === undefined || DISTRIBUTIONS.includes(trafficDistribution)) return [];
  return [notSupportedInOrder('spec.trafficDistribution', trafficDistribution, DISTRIBUTIONS)];
}

/** Absent is for the defaults to say. */
function oneOf(
  field: string,
  value: string | undefined,
  supported: readonly string[],
): readonly FieldError[] {
  return value === undefined || supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

function split(text: string | undefined): readonly string[] {
  const trimmed = text?.trim() ?? '';
  return trimmed === '' ? [] : trimmed.split(',').map((range) => range.trim());
}
