/** The NodePorts and the health check port of one Service (cluster § 9.6). What it gives back is free once it has it no more. */
import {
  needsHealthCheckPort,
  needsNodePorts,
  nodePortsOf,
  type Service,
  type ServicePortSpec,
  type ServiceSpec,
  specOf,
  withSpec,
} from '../kinds/service/fields.ts';
import { invalid } from '../schema/field-error.ts';
import { internalError } from '../schema/status-error.ts';
import type { StoreView } from '../store/store.ts';
import type { NodePortPool } from './node-port-pool.ts';
import { refusal } from './refusal.ts';

/** @throws StatusError */
export function takeNodePorts(
  view: StoreView,
  pool: NodePortPool,
  service: Service,
  old: Service | undefined,
): Service {
  const taking = new PortTaking(view, pool, service);
  const spec = specOf(service);
  const before = old === undefined ? undefined : specOf(old);
  const withPorts =
    needsNodePorts(spec) && spec.ports !== undefined
      ? withSpec(service, {
          ports: before === undefined ? newPorts(taking, spec) : changedPorts(taking, spec, before),
        })
      : service;
  const isNewCheck = needsHealthCheckPort(spec) && (before === undefined || !needsHealthCheckPort(before));
  return isNewCheck
    ? withSpec(withPorts, { healthCheckNodePort: taking.healthCheck(spec.healthCheckNodePort ?? 0) })
    : withPorts;
}

/** What one Service takes, before it is written. */
class PortTaking {
  readonly #view: StoreView;
  readonly #pool: NodePortPool;
  readonly #service: Service;
  readonly #taken = new Set<number>();

  constructor(view: StoreView, pool: NodePortPool, service: Service) {
    this.#view = view;
    this.#pool = pool;
    this.#service = service;
  }

  /** @param index of the port */
  given(nodePort: number, index: number): number {
    const why = this.#whyNot(nodePort);
    if (why !== undefined) {
      throw refusal(this.#service, [invalid(`spec.ports[${index}].nodePort`, nodePort, why)]);
    }
    return this.#take(nodePort);
  }

  any(): number {
    return this.#takeAny('failed to allocate a nodePort');
  }

  /** @param given 0: any */
  healthCheck(given: number): number {
    if (given === 0) return this.#takeAny('failed to allocate a HealthCheck NodePort');
    const why = this.#whyNot(given);
    if (why === undefined) return this.#take(given);
    const message = `failed to allocate requested HealthCheck NodePort ${given}: ${why}`;
    throw refusal(this.#service, [invalid('spec.healthCheckNodePort', given, message)]);
  }

  #whyNot(port: number): string | undefined {
    if (!this.#pool.isInRange(port)) {
      const { first, last } = this.#pool.range;
      return `provided port is not in the valid range. The range of valid ports is ${first}-${last}`;
    }
    return this.#taken.has(port) || this.#pool.isTaken(this.#view, port)
      ? 'provided port is already allocated'
      : undefined;
  }

  #takeAny(failure: string): number {
    const port = this.#pool.findFree(this.#view, this.#taken);
    if (port === undefined) throw internalError(`${failure}: range is full`);
    return this.#take(port);
  }

  #take(port: number): number {
    const { namespace = '', name = '' } = this.#service.metadata;
    this.#taken.add(port);
    this.#pool.claim(port, namespace, name);
    return port;
  }
}

/** Ports of one number share a NodePort: what one of them asks for, all of them get. */
function newPorts(taking: PortTaking, spec: ServiceSpec): readonly ServicePortSpec[] {
  const byNumber = new Map<number, number>();
  const ports = spec.ports ?? [];
  return ports.map((port, index) => {
    const { port: number = 0, nodePort = 0 } = port;
    if (nodePort === 0 && !allocates(spec)) return port;
    const shared = byNumber.get(number);
    if (shared !== undefined) {
      if (nodePort !== 0 && nodePort !== shared) taking.given(nodePort, index);
      return nodePort === 0 ? { ...port, nodePort: shared } : port;
    }
    const wanted = ports.find((other) => (other.port ?? 0) === number && other.nodePort)?.nodePort;
    const taken = wanted === undefined ? taking.any() : taking.given(wanted, index);
    byNumber.set(number, taken);
    return { ...port, nodePort: taken };
  });
}

function changedPorts(taking: PortTaking, spec: ServiceSpec, old: ServiceSpec): readonly ServicePortSpec[] {
  const held = new Set(needsNodePorts(old) ? nodePortsOf(old) : []);
  return (spec.ports ?? []).map((port, index) => {
    const { nodePort = 0 } = port;
    if (nodePort === 0) return allocates(spec) ? { ...port, nodePort: taking.any() } : port;
    if (!held.has(nodePort)) held.add(taking.given(nodePort, index));
    return port;
  });
}

function allocates({ type, allocateLoadBalancerNodePorts }: ServiceSpec): boolean {
  return type !== 'LoadBalancer' || allocateLoadBalancerNodePorts !== false;
}
