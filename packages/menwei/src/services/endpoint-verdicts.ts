/** What is known by checks of the endpoints of one service port. */
import { type EndpointHealth, type HealthState, healthKey } from '../state/endpoint-health.ts';
import type { ServicePort } from '../state/service-port.ts';

interface EndpointVerdicts {
  /** How many endpoints are in each state; what is 0 is missing. */
  readonly states: Readonly<Partial<Record<HealthState, number>>>;
  /** Of those whose checks fail, or failed lately: in the order of the service port's endpoints. */
  readonly unhealthy: readonly EndpointHealth[];
}

const TOLD: ReadonlySet<HealthState> = new Set(['failing', 'down', 'recovering']);

/** @param health by `healthKey`; of an endpoint without a row nothing is known yet */
export function readEndpointVerdicts(
  port: ServicePort,
  health: ReadonlyMap<string, EndpointHealth>,
): EndpointVerdicts {
  const states: Partial<Record<HealthState, number>> = {};
  const unhealthy: EndpointHealth[] = [];
  for (const { text } of port.endpoints) {
    const row = health.get(healthKey(port.key, text));
    const state = row?.state ?? 'unknown';
    states[state] = (states[state] ?? 0) + 1;
    if (row !== undefined && TOLD.has(state)) unhealthy.push(row);
  }
  return { states, unhealthy };
}
