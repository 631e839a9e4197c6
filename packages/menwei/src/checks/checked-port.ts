/** Which endpoints of a service port this node checks, and at which port it asks each (health §§ 2 and 5). Pure. */
import type { HealthCheck } from '../kubernetes/health-check.ts';
import type { Protocol } from '../kubernetes/objects.ts';
import type { NodeView } from '../services/node-view.ts';
import { categorizeEndpoints } from '../services/topology.ts';
import type { ServicePort, ServicePortKey } from '../state/service-port.ts';
import type { WantedPort } from './wanted-checks.ts';

type LookUp = (key: ServicePortKey) => ServicePort | undefined;

/** Only what the node uses, before anything is left out for being down. Undefined: nothing of it is to be checked. */
export function checkedPort(port: ServicePort, node: NodeView, lookUp: LookUp): WantedPort | undefined {
  if (port.health === undefined) return undefined;
  const { check } = port.health;
  const askedAt = portAsker(port, check, lookUp);
  if (askedAt === undefined) return undefined;
  const used = categorizeEndpoints({ ...port, health: undefined }, node).allReachable;
  const endpoints = used.flatMap((endpoint) => {
    const asked = askedAt(endpoint);
    return asked === undefined ? [] : { endpoint, asked };
  });
  return { port, check, endpoints };
}

type PortAsker = (endpoint: { readonly ip: string; readonly port: number }) => number | undefined;

/** Undefined: the Service has no such port, or the check speaks another protocol than this port. */
function portAsker(
  port: ServicePort,
  { port: asked, probe }: HealthCheck,
  lookUp: LookUp,
): PortAsker | undefined {
  const protocol: Protocol = probe.kind === 'dns' || probe.kind === 'udp' ? 'UDP' : 'TCP';
  if (typeof asked === 'number') return () => asked;
  if (asked === undefined) return port.protocol === protocol ? (endpoint) => endpoint.port : undefined;
  const named = lookUp(`${port.namespace}/${port.name}:${asked.name}/${protocol}`);
  if (named === undefined) return undefined;
  const byIp = new Map(named.endpoints.map((endpoint) => [endpoint.ip, endpoint.port]));
  return ({ ip }) => byIp.get(ip);
}
