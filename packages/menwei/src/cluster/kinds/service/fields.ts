/** What a Service is, and what follows from its type. */
import type { StoredKinds } from '../stored-kinds.ts';

export type Service = StoredKinds['services'];
export type ServiceSpec = NonNullable<Service['spec']>;
export type ServiceStatus = NonNullable<Service['status']>;
export type ServicePortSpec = NonNullable<ServiceSpec['ports']>[number];

/** The `clusterIP` of a headless Service. */
export const HEADLESS = 'None';

export function specOf(service: Service): ServiceSpec {
  return service.spec ?? {};
}

export function withSpec(service: Service, change: Partial<ServiceSpec>): Service {
  return { ...service, spec: { ...service.spec, ...change } };
}

/** Its family fields and its addresses mean something. */
export function needsClusterIps({ type }: ServiceSpec): boolean {
  return type !== 'ExternalName';
}

export function needsNodePorts({ type }: ServiceSpec): boolean {
  return type === 'NodePort' || type === 'LoadBalancer';
}

export function needsHealthCheckPort({ type, externalTrafficPolicy }: ServiceSpec): boolean {
  return type === 'LoadBalancer' && externalTrafficPolicy === 'Local';
}

export function isHeadless({ clusterIPs = [] }: ServiceSpec): boolean {
  return clusterIPs.length === 1 && clusterIPs[0] === HEADLESS;
}

/** Reached from outside the cluster: its external traffic policy means something. */
export function isExternallyAccessible(spec: ServiceSpec): boolean {
  return needsNodePorts(spec) || (spec.type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0);
}

export function hasSelector({ selector }: ServiceSpec): boolean {
  return selector !== undefined && Object.keys(selector).length > 0;
}

/** The addresses that are taken for it: none of a headless Service. */
export function clusterIpsOf(spec: ServiceSpec): readonly string[] {
  const { clusterIPs = [] } = spec;
  return needsClusterIps(spec) && clusterIPs[0] !== HEADLESS ? clusterIPs.filter((ip) => ip !== '') : [];
}

/** The numbers of its NodePorts, without the health check's; a number that several ports share is there several times. */
export function nodePortsOf({ ports = [] }: ServiceSpec): readonly number[] {
  return ports.map(({ nodePort = 0 }) => nodePort).filter((number) => number !== 0);
}

export function isSameList<Item>(left: readonly Item[] = [], right: readonly Item[] = []): boolean {
  return left.length === right.length && left.every((item, index) => item === right[index]);
}
