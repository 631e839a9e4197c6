/** The document of `/status` (docs/status.md): where each service port stands, and what there is to know of it. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { type AnsweredVIPs, answeredVIPs } from '../services/answered-vips.ts';
import { readEndpointUse } from '../services/endpoint-use.ts';
import { readEndpointVerdicts } from '../services/endpoint-verdicts.ts';
import type { NodeView } from '../services/node-view.ts';
import { categorizeEndpoints } from '../services/topology.ts';
import type { EndpointHealth } from '../state/endpoint-health.ts';
import type { ServicePort, ServicePortKey } from '../state/service-port.ts';
import type { ServicePortStatus } from '../state/service-port-status.ts';
import { withWarnings } from './family-status.ts';
import type { StatusRow } from './status-row.ts';

/** What a family's proxy knows beside the states. */
interface FamilyKnowledge {
  readonly ports: ReadonlyMap<ServicePortKey, ServicePort>;
  /** As they were given to the kernel last. */
  readonly applied: ReadonlyMap<ServicePortKey, ServicePort>;
  readonly health: ReadonlyMap<string, EndpointHealth>;
  readonly node: NodeView;
}

/** The same for all service ports. */
type Teller = Pick<StatusRow, 'node' | 'mode' | 'modeReason'>;

interface ReportOptions {
  readonly teller: Teller;
  /** Which addresses the kernel was told to answer for. */
  readonly answered: AnsweredVIPs;
}

/** What `/status` says of a service port. */
export interface ReportedStatus extends StatusRow {
  /** `sinceMs` for people: RFC 3339, UTC. */
  readonly since: string;
}

/** Each row is made when it is asked for, so that a long list can be sent in pieces. */
export function* reportStatuses(
  statuses: Iterable<ServicePortStatus>,
  { teller, answered }: ReportOptions,
  families: readonly FamilyKnowledge[],
): Iterable<ReportedStatus> {
  const byFamily = new Map<IpFamily, FamilyKnowledge>(families.map((each) => [each.node.family, each]));
  for (const status of statuses) {
    const knowledge = byFamily.get(status.family);
    const port = knowledge?.ports.get(status.servicePort);
    const since = { since: new Date(status.sinceMs).toISOString() };
    if (knowledge === undefined || port === undefined) yield { ...status, ...since, ...teller };
    else {
      const applied = knowledge.applied.get(port.key);
      const { counts, warnings } = readEndpointUse(port, applied, knowledge.node);
      yield {
        ...{ ...withWarnings(status, warnings), ...since, ...teller },
        ...{ ...describePort(port), ...describeAnswers(applied, answered), endpoints: counts },
        ...describeHealth(port, knowledge),
      };
    }
  }
}

function describeHealth(port: ServicePort, { health, node }: FamilyKnowledge): Pick<StatusRow, 'health'> {
  if (port.health === undefined) return {};
  const { states, unhealthy } = readEndpointVerdicts(port, health);
  return {
    health: {
      check: port.health.check.probe.kind,
      ...(categorizeEndpoints(port, node).isPanic ? { panic: true } : {}),
      states,
      unhealthy: unhealthy.map(({ endpoint, state, sinceMs, result, detail, checkers }) => ({
        ...{ endpoint, state, since: new Date(sinceMs).toISOString(), result },
        ...(detail === '' ? {} : { detail }),
        ...(checkers.length === 0 ? {} : { checkers }),
      })),
    },
  };
}

/** As the kernel was told last. */
function describeAnswers(
  applied: ServicePort | undefined,
  which: AnsweredVIPs,
): Pick<StatusRow, 'answeredIPs'> {
  const answeredIPs = applied === undefined ? [] : answeredVIPs(applied, which);
  return answeredIPs.length === 0 ? {} : { answeredIPs };
}

function describePort(
  port: ServicePort,
): Pick<StatusRow, 'clusterIP' | 'port' | 'nodePort' | 'loadBalancerIPs'> {
  return {
    ...(port.clusterIP === undefined ? {} : { clusterIP: port.clusterIP }),
    port: port.port,
    ...(port.nodePort === 0 ? {} : { nodePort: port.nodePort }),
    ...(port.loadBalancerVIPs.length === 0 ? {} : { loadBalancerIPs: port.loadBalancerVIPs }),
  };
}
