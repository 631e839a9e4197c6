/**
 * What a Service asks for with its connections, as far as its endpoints can take part in it. What they can't is
 * reported, and they go without.
 */
import {
  ANNOTATIONS,
  annotationField,
  type Balancing,
  DEFAULT_BALANCING,
  type Problem,
} from '../kubernetes/objects.ts';
import type { Endpoint } from '../state/service-port.ts';
import type { WantedPort } from './wanted-port.ts';

/**
 * The largest weight of a Service with slow start: the ipvs mode multiplies weights by 100 then, so that there is
 * something to grow through, and the kernel's tools show them in 16 bits.
 */
export const MAX_SLOW_START_WEIGHT = 655;

interface FittedBalancing {
  readonly balancing: Balancing;
  readonly endpoints: readonly Endpoint[];
  readonly problems: readonly Problem[];
}

/** What the port asks for, fitted to these endpoints. Endpoints that stay as they are keep their identity. */
export function fitBalancing(port: WantedPort, endpoints: readonly Endpoint[]): FittedBalancing {
  if (port.balancing === DEFAULT_BALANCING) return { balancing: port.balancing, endpoints, problems: [] };
  const problems: Problem[] = [];
  const report = (annotation: string, message: string) =>
    problems.push({
      object: { kind: 'Service', namespace: port.namespace, name: port.name },
      field: annotationField(annotation),
      message: `spec.ports[${port.index}]: ${message}`,
    });
  return {
    balancing: fitForwarding(port, endpoints, (message) => report(ANNOTATIONS.forwarding, message)),
    endpoints: fitWeights(port, endpoints, (message) => report(ANNOTATIONS.weight, message)),
    problems,
  };
}

/** A packet that is not rewritten still has the port of the Service when it comes to the endpoint. */
function fitForwarding(
  port: WantedPort,
  endpoints: readonly Endpoint[],
  report: (message: string) => void,
): Balancing {
  const { forwarding } = port.balancing;
  const other = forwarding === 'masquerade' ? undefined : endpoints.find((it) => it.port !== port.port);
  if (other === undefined) return port.balancing;
  report(
    `${forwarding} can't take packets for port ${port.port} to port ${other.port} of the endpoints: masquerade is used`,
  );
  return { ...port.balancing, forwarding: 'masquerade' };
}

function fitWeights(
  port: WantedPort,
  endpoints: readonly Endpoint[],
  report: (message: string) => void,
): readonly Endpoint[] {
  if (port.balancing.slowStartMs === 0) return endpoints;
  const largest = endpoints.reduce((max, { weight }) => Math.max(max, weight), 0);
  if (largest <= MAX_SLOW_START_WEIGHT) return endpoints;
  report(`with slow start a weight is at most ${MAX_SLOW_START_WEIGHT}: ${largest} counts as that`);
  return endpoints.map((endpoint) =>
    endpoint.weight <= MAX_SLOW_START_WEIGHT ? endpoint : { ...endpoint, weight: MAX_SLOW_START_WEIGHT },
  );
}
