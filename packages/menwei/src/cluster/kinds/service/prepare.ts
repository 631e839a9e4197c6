/**
 * What of a Service is taken from the one before it, and what is dropped, before anything is allocated (cluster § 9.2, 9.3).
 * Clients send what they applied first, without the values that were allocated since: those stay. What it means depends on the
 * type, so the defaults come first.
 */
import { defaultService } from './defaults.ts';
import {
  isExternallyAccessible,
  isSameList,
  needsClusterIps,
  needsHealthCheckPort,
  needsNodePorts,
  nodePortsOf,
  type Service,
  type ServicePortSpec,
  type ServiceSpec,
  type ServiceStatus,
  specOf,
} from './fields.ts';

const NO_STATUS: ServiceStatus = { loadBalancer: {} };

export function prepareServiceForCreate(service: Service): Service {
  const spec = specOf(service);
  const { clusterIP = '', clusterIPs = [] } = spec;
  const isSingular = clusterIP !== '' && clusterIPs.length === 0;
  return {
    ...service,
    spec: tidy(isSingular ? { ...spec, clusterIPs: [clusterIP] } : spec),
    status: NO_STATUS,
  };
}

export function prepareServiceForUpdate(service: Service, old: Service): Service {
  const before = specOf(old);
  const kept = withClusterIps(keepAllocated(specOf(service), before), before);
  const leavesLoadBalancer = before.type === 'LoadBalancer' && kept.type !== 'LoadBalancer';
  const { conditions } = old.status ?? {};
  return {
    ...service,
    spec: tidy(dropWithType(kept, before)),
    status: leavesLoadBalancer
      ? { ...NO_STATUS, ...(conditions === undefined ? {} : { conditions }) }
      : (old.status ?? NO_STATUS),
  };
}

/** The status alone. What its defaults are depends on the type, which whoever writes a status need not say. */
export function prepareServiceStatus({ metadata, status }: Service, old: Service): Service {
  const { status: _, ...kept } = old;
  return defaultService({ ...kept, metadata, ...(status === undefined ? {} : { status }) });
}

/** Values that were allocated, and that this client does not know. */
function keepAllocated(spec: ServiceSpec, old: ServiceSpec): ServiceSpec {
  const kept: { -readonly [Field in keyof ServiceSpec]: ServiceSpec[Field] } = { ...spec };
  if (needsClusterIps(old) && needsClusterIps(spec)) {
    if (!spec.clusterIP && old.clusterIP) kept.clusterIP = old.clusterIP;
    if ((spec.clusterIPs ?? []).length === 0 && old.clusterIPs !== undefined)
      kept.clusterIPs = old.clusterIPs;
  }
  if (needsNodePorts(old) && needsNodePorts(spec) && spec.ports !== undefined) {
    kept.ports = keepNodePorts(spec, old);
  }
  if (needsHealthCheckPort(old) && needsHealthCheckPort(spec) && !spec.healthCheckNodePort) {
    kept.healthCheckNodePort = old.healthCheckNodePort ?? 0;
  }
  return kept;
}

/** By the ports' names, but for a number that another port has now. */
function keepNodePorts(spec: ServiceSpec, old: ServiceSpec): readonly ServicePortSpec[] {
  const given = new Set(nodePortsOf(spec));
  const known = new Map((old.ports ?? []).map(({ name = '', nodePort = 0 }) => [name, nodePort]));
  return (spec.ports ?? []).map((port) => {
    const nodePort = known.get(port.name ?? '') ?? 0;
    return port.nodePort || nodePort === 0 || given.has(nodePort) ? port : { ...port, nodePort };
  });
}

/** Old clients know `clusterIP` only: what they do to it is done to `clusterIPs`. */
function withClusterIps(spec: ServiceSpec, old: ServiceSpec): ServiceSpec {
  const isSame = (spec.clusterIP ?? '') === (old.clusterIP ?? '');
  const isPluralSame = isSameList(spec.clusterIPs, old.clusterIPs);
  if (isSame) {
    const wasLeftOut = (spec.clusterIPs ?? []).length === 0 && old.clusterIPs !== undefined;
    return wasLeftOut ? { ...spec, clusterIPs: old.clusterIPs } : spec;
  }
  if (!isPluralSame) return spec;
  return { ...spec, clusterIPs: spec.clusterIP ? [spec.clusterIP] : [] };
}

/** What the new type has no use for, unless the client changed it too: then validation says so. */
function dropWithType(spec: ServiceSpec, old: ServiceSpec): ServiceSpec {
  const dropped = new Set<keyof ServiceSpec>();
  const dropIf = (field: keyof ServiceSpec, isUnchanged = spec[field] === old[field]): void => {
    if (isUnchanged) dropped.add(field);
  };
  if (needsClusterIps(old) && !needsClusterIps(spec)) {
    const isSame = spec.clusterIP === old.clusterIP && isSameList(spec.clusterIPs, old.clusterIPs);
    dropIf('clusterIP', isSame);
    dropIf('clusterIPs', isSame);
    dropIf('ipFamilies', isSameList(spec.ipFamilies, old.ipFamilies));
    dropIf('ipFamilyPolicy');
  }
  if (needsHealthCheckPort(old) && !needsHealthCheckPort(spec)) dropIf('healthCheckNodePort');
  if (old.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    dropIf('allocateLoadBalancerNodePorts');
    dropIf('loadBalancerClass');
  }
  if (isExternallyAccessible(old) && !isExternallyAccessible(spec)) dropIf('externalTrafficPolicy');
  return without(dropNodePorts(spec, old), dropped);
}

function dropNodePorts(spec: ServiceSpec, old: ServiceSpec): ServiceSpec {
  const known = new Set(nodePortsOf(old));
  const isLeft = needsNodePorts(old) && !needsNodePorts(spec);
  if (!isLeft || !nodePortsOf(spec).every((nodePort) => known.has(nodePort))) return spec;
  return { ...spec, ports: (spec.ports ?? []).map(({ nodePort: _, ...port }) => port) };
}

/** The policy is a default of every other type, and an ExternalName Service has had it only by being one of those. */
function tidy(spec: ServiceSpec): ServiceSpec {
  const { internalTrafficPolicy } = spec;
  const isDefault = internalTrafficPolicy === 'Cluster' || internalTrafficPolicy === 'Local';
  return spec.type === 'ExternalName' && isDefault ? without(spec, new Set(['internalTrafficPolicy'])) : spec;
}

function without(spec: ServiceSpec, fields: ReadonlySet<string>): ServiceSpec {
  return Object.fromEntries(Object.entries(spec).filter(([field]) => !fields.has(field)));
}
