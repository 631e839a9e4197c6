/** What a Service gets that does not say (cluster § 9.1); on every decode. */
import {
  isExternallyAccessible,
  type Service,
  type ServicePortSpec,
  type ServiceSpec,
  type ServiceStatus,
  specOf,
} from './fields.ts';

/** Three hours. */
const AFFINITY_TIMEOUT_SECONDS = 10_800;

const TYPES_WITH_INTERNAL_POLICY: readonly (string | undefined)[] = ['ClusterIP', 'NodePort', 'LoadBalancer'];

export function defaultService(service: Service): Service {
  const spec = defaultSpec(specOf(service));
  const { status } = service;
  return { ...service, spec, ...(status === undefined ? {} : { status: defaultStatus(status, spec) }) };
}

function defaultSpec(given: ServiceSpec): ServiceSpec {
  const spec: ServiceSpec = { ...defaultAffinity(given), type: given.type || 'ClusterIP' };
  return {
    ...spec,
    ...(spec.ports === undefined ? {} : { ports: spec.ports.map(defaultPort) }),
    ...(isExternallyAccessible(spec) && !spec.externalTrafficPolicy
      ? { externalTrafficPolicy: 'Cluster' }
      : {}),
    ...(spec.internalTrafficPolicy === undefined && TYPES_WITH_INTERNAL_POLICY.includes(spec.type)
      ? { internalTrafficPolicy: 'Cluster' }
      : {}),
    ...(spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts === undefined
      ? { allocateLoadBalancerNodePorts: true }
      : {}),
  };
}

function defaultAffinity(spec: ServiceSpec): ServiceSpec {
  const sessionAffinity = spec.sessionAffinity || 'None';
  if (sessionAffinity === 'None') {
    const { sessionAffinityConfig: _, ...rest } = spec;
    return { ...rest, sessionAffinity };
  }
  const timeoutSeconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (sessionAffinity !== 'ClientIP' || timeoutSeconds !== undefined) return { ...spec, sessionAffinity };
  return {
    ...spec,
    sessionAffinity,
    sessionAffinityConfig: { clientIP: { timeoutSeconds: AFFINITY_TIMEOUT_SECONDS } },
  };
}

function defaultPort(port: ServicePortSpec): ServicePortSpec {
  return { ...port, protocol: port.protocol || 'TCP', targetPort: port.targetPort || (port.port ?? 0) };
}

function defaultStatus(status: ServiceStatus, spec: ServiceSpec): ServiceStatus {
  const { loadBalancer } = status;
  if (spec.type !== 'LoadBalancer' || loadBalancer?.ingress === undefined) return status;
  const ingress = loadBalancer.ingress.map((one) =>
    one.ip && one.ipMode === undefined ? { ...one, ipMode: 'VIP' } : one,
  );
  return { ...status, loadBalancer: { ...loadBalancer, ingress } };
}
