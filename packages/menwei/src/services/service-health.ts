/** What the health-check server of a Service has to say (spec §§ 2, 9.2). */
import type { ServicePort } from '../state/service-port.ts';

/** A Service that wants a health-check server. */
export interface ServiceHealth {
  readonly namespace: string;
  readonly name: string;
  /** The healthCheckNodePort; never 0. */
  readonly port: number;
  /** See {@link countLocalReady}. */
  readonly localEndpoints: number;
}

/** `ports` are all the ports of one Service. Undefined when it wants no server. */
export function readServiceHealth(ports: readonly ServicePort[]): ServiceHealth | undefined {
  const [port] = ports;
  if (port === undefined || port.healthCheckNodePort === 0) return undefined;
  return {
    namespace: port.namespace,
    name: port.name,
    port: port.healthCheckNodePort,
    localEndpoints: countLocalReady(ports),
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
