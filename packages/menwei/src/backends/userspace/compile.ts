/** One service port → its listeners and rules. Which endpoints each way in leads to is decided as in all modes (spec § 3). */

import { formatRule } from '@menwei/netfilter/iptables/rule.ts';
import type { RelayEndpoint, RelayProtocol } from '../../relay/contract.ts';
import { answeredVIPs } from '../../services/answered-vips.ts';
import { placesOf, weightsOf } from '../../services/apportionment.ts';
import type { NodeView } from '../../services/node-view.ts';
import { assess } from '../../services/situation.ts';
import type { EndpointCategories } from '../../services/topology.ts';
import type { Endpoint, ServicePort } from '../../state/service-port.ts';
import { filterRules } from '../xtables/filter-rules.ts';
import type { UserspaceOptions } from './options.ts';
import { addressingOf, loopGuards, portalRules } from './portal-rules.ts';
import type { ListenerName, PortalRule, UserspaceUnit } from './unit.ts';

export function compile(port: ServicePort, node: NodeView, options: UserspaceOptions): UserspaceUnit {
  const protocol = relayProtocolOf(port);
  const situation = assess(port, node);
  const addressing = addressingOf(protocol, node, options);
  const portal = { port, node, options, addressing };
  const endpoints = endpointsByListener(situation.endpoints);
  const rules = withoutRepetition(
    portalRules(portal).flatMap((rule) => {
      const listener = listenerFor(rule.listener, endpoints);
      return endpoints[listener].length === 0 ? [] : [{ ...rule, listener }];
    }),
  );
  const used = new Set(rules.map(({ listener }) => listener));
  const names: readonly ListenerName[] = ['cluster', 'local'];
  return {
    name: port.displayName,
    protocol,
    listeners: names
      .filter((name) => used.has(name))
      .map((name) => ({ name, ip: addressing.ip, endpoints: relayEndpoints(port, endpoints[name]) })),
    ...whatBecomesOfConnections(port, situation.endpoints.ejected),
    affinityMs: port.sessionAffinitySeconds * 1_000,
    portalRules: rules,
    answeredVIPs: answeredVIPs(port, options.answeredVIPs),
    plainRules: [...loopGuards(portal), ...filterRules(port, situation, 'its source ranges')],
  };
}

/** Who keeps connections, and whose are reset. UDP flows never stay with an endpoint that checks have found down (health § 6). */
function whatBecomesOfConnections(
  { endpoints, protocol, health }: ServicePort,
  ejected: readonly Endpoint[],
): Pick<UserspaceUnit, 'usable' | 'reset'> {
  const isReset = protocol === 'TCP' && ejected.length > 0 && health?.check.onDown === 'reset';
  const left = new Set(isReset || protocol === 'UDP' ? ejected : []);
  const usable = endpoints.filter((endpoint) => (endpoint.ready || endpoint.serving) && !left.has(endpoint));
  const texts = (some: readonly Endpoint[]) => some.map(({ text }) => text);
  return isReset ? { usable: texts(usable), reset: texts(ejected) } : { usable: texts(usable) };
}

function relayProtocolOf({ protocol }: ServicePort): RelayProtocol {
  if (protocol === 'SCTP') throw new Error('BUG: compiling what is not supported');
  return protocol;
}

type EndpointsByListener = Readonly<Record<ListenerName, readonly Endpoint[]>>;

function endpointsByListener({ clusterEndpoints, localEndpoints }: EndpointCategories): EndpointsByListener {
  return { cluster: clusterEndpoints, local: localEndpoints };
}

/** One listener does for both where both lead to the same endpoints. */
function listenerFor(name: ListenerName, { cluster, local }: EndpointsByListener): ListenerName {
  // Both are in the order of the service port's endpoints.
  const isSame =
    cluster.length === local.length && cluster.every(({ text }, index) => text === local[index]?.text);
  return isSame ? 'cluster' : name;
}

/** Two source ranges may hold the same pods, and a load balancer have an external address of the Service. */
function withoutRepetition(rules: readonly PortalRule[]): readonly PortalRule[] {
  const texts = new Set<string>();
  return rules.filter(({ chain, rule, listener }) => {
    const text = `${chain} ${formatRule(rule)} ${listener}`;
    if (texts.has(text)) return false;
    texts.add(text);
    return true;
  });
}

function relayEndpoints(port: ServicePort, endpoints: readonly Endpoint[]): readonly RelayEndpoint[] {
  const weights = weightsOf(port, endpoints);
  if (weights === undefined)
    return endpoints.map(({ ip, port: number, text }) => ({ ip, port: number, text }));
  const { now: turns } = placesOf(weights, []);
  return endpoints.map(({ ip, port: number, text }, index) => {
    return { ip, port: number, text, turns: turns[index] ?? 1 };
  });
}
