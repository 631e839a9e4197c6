/** What the health-check servers of Services have to say (spec §§ 2, 9.2). */
import { type ObjectKey, objectKey } from '../state/object-key.ts';
import type { Reader } from '../state/reader.ts';
import type { ServicePort, ServicePortKey } from '../state/service-port.ts';
import type { Table } from '../state/table.ts';

/** A Service that wants a health-check server. */
export interface ServiceHealth {
  readonly namespace: string;
  readonly name: string;
  /** The healthCheckNodePort; never 0. */
  readonly port: number;
  /** See {@link countLocalReady}. */
  readonly localEndpoints: number;
}

/** The Services of one family that want a health-check server: a reader of their service ports. */
export class ServiceHealthIndex {
  readonly #reader: Reader<ServicePort>;
  /** Of these Services alone. */
  readonly #ports = new Map<ObjectKey, Map<ServicePortKey, ServicePort>>();
  readonly #services = new Map<ObjectKey, ServiceHealth>();

  constructor(servicePorts: Table<ServicePort>) {
    this.#reader = servicePorts.reader();
  }

  /** As things stand now. */
  read(): ReadonlyMap<ObjectKey, ServiceHealth> {
    const touched = new Set<ObjectKey>();
    for (const { key, before, after } of this.#reader.take()) {
      for (const port of [before, after]) {
        if (port !== undefined && wantsServer(port)) touched.add(this.#put(key, port, after));
      }
    }
    for (const service of touched) {
      const health = readServiceHealth([...(this.#ports.get(service)?.values() ?? [])]);
      if (health === undefined) this.#services.delete(service);
      else this.#services.set(service, health);
    }
    return new Map(this.#services);
  }

  /** Follows the service ports no longer. */
  close(): void {
    this.#reader.close();
  }

  #put(key: ServicePortKey, { namespace, name }: ServicePort, after: ServicePort | undefined): ObjectKey {
    const service = objectKey(namespace, name);
    const ports = this.#ports.get(service) ?? new Map<ServicePortKey, ServicePort>();
    if (after !== undefined && wantsServer(after)) ports.set(key, after);
    else ports.delete(key);
    if (ports.size === 0) this.#ports.delete(service);
    else this.#ports.set(service, ports);
    return service;
  }
}

function wantsServer({ healthCheckNodePort }: ServicePort): boolean {
  return healthCheckNodePort !== 0;
}

/** `ports` are all the ports of one Service. Undefined when it wants no server. */
function readServiceHealth(ports: readonly ServicePort[]): ServiceHealth | undefined {
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
 * that terminates but still serves does not count, nor one of weight 0.
 */
function countLocalReady(ports: readonly ServicePort[]): number {
  const ips = new Set<string>();
  for (const { endpoints } of ports) {
    for (const endpoint of endpoints) {
      if (endpoint.isLocal && endpoint.ready && endpoint.weight > 0) ips.add(endpoint.ip);
    }
  }
  return ips.size;
}
