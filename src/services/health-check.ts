/** What the health-check server of a Service has to say (spec §§ 2, 9.2). */
import type { ServicePort } from './service-port.ts';

/** A Service that asks for a health check on a node port. */
export interface HealthCheck {
  readonly namespace: string;
  readonly name: string;
  /** Never 0. */
  readonly nodePort: number;
  /** See {@link countLocalReady}. */
  readonly localReadyEndpoints: number;
}

/** `ports` are all the ports of one Service. Undefined when it has no health check. */
export function readHealthCheck(ports: readonly ServicePort[]): HealthCheck | undefined {
  const [port] = ports;
  if (port === undefined || port.healthCheckNodePort === 0) return undefined;
  return {
    namespace: port.namespace,
    name: port.name,
    nodePort: port.healthCheckNodePort,
    localReadyEndpoints: countLocalReady(ports),
  };
}

/**
 * Distinct addresses on this node that are ready behind any of the ports: a pod with two ports counts once, a pod
 * that terminates but still serves does not count.
 */
export function countLocalReady(ports: readonly ServicePort[]): number {
  const ips = new Set<string>();
  for (const { endpoints } of ports) {
    for (const endpoint of endpoints) {
      if (endpoint.isLocal && endpoint.ready) ips.add(endpoint.ip);
    }
  }
  return ips.size;
}
