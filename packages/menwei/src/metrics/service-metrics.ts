/** What becomes of service ports: in sum always, and one by one as long as there are not too many Services. */
import type { NodeView } from '../services/node-view.ts';
import { assess } from '../services/situation.ts';
import { categorizeEndpoints } from '../services/topology.ts';
import type { FamilyTables } from '../state/family-tables.ts';
import type { ServicePort } from '../state/service-port.ts';
import type { ServicePortStatus } from '../state/service-port-status.ts';
import { NO_LOCAL_ENDPOINTS } from './catalogue/kube-proxy.ts';
import {
  HEALTH_ENDPOINT_UP,
  HEALTH_PANIC,
  SERVICE_PORT_CONNECTIONS,
  SERVICE_PORT_ENDPOINTS,
  SERVICE_PORT_RECEIVED,
  SERVICE_PORT_SENT,
  SERVICE_PORT_STATE,
  SERVICE_PORTS,
} from './catalogue/own.ts';
import type { Registry } from './registry.ts';
import type { Sample } from './series.ts';

/** An IP family that is proxied. */
export interface ServedFamily {
  readonly tables: Pick<FamilyTables, 'family' | 'servicePorts' | 'status'>;
  readonly node: () => NodeView;
  /** Undefined: nobody can tell. */
  readonly traffic: () => Promise<TrafficOfPorts | undefined>;
}

/** What went through service ports, by their keys; bytes are missing where nobody counts them. */
type TrafficOfPorts = ReadonlyMap<
  string,
  { readonly connections: number; readonly received?: number; readonly sent?: number }
>;

interface ServiceMetricsOptions {
  /** Of all families: one that can't be proxied has Services, too, in error. */
  readonly statuses: () => readonly Pick<FamilyTables, 'family' | 'status'>[];
  readonly families: readonly ServedFamily[];
  /** With more Services than this, there is nothing about single ones. */
  readonly limit: () => number;
  readonly serviceCount: () => number;
  /** Single endpoints that are checked have a metric each. */
  readonly tellsEndpoints: boolean;
}

const STATES: readonly ServicePortStatus['state'][] = ['pending', 'programmed', 'error'];

/** Asked for when somebody reads the metrics. */
export function registerServiceMetrics(
  registry: Registry,
  { statuses, families, limit, serviceCount, tellsEndpoints }: ServiceMetricsOptions,
): void {
  registry.collected(SERVICE_PORTS, () => statuses().flatMap(countStates));
  registry.collected(NO_LOCAL_ENDPOINTS, () => families.flatMap(countWithoutLocal));
  const each = <Label extends string>(samples: (family: ServedFamily) => Iterable<Sample<Label>>) =>
    function* () {
      if (serviceCount() > limit()) return;
      for (const family of families) yield* samples(family);
    };
  registry.collected(SERVICE_PORT_STATE, each(states));
  registry.collected(SERVICE_PORT_ENDPOINTS, each(endpointCounts));
  registry.collected(HEALTH_PANIC, each(panics));
  registry.collected(HEALTH_ENDPOINT_UP, () => (tellsEndpoints ? families.flatMap(endpointsUp) : []));
  registry.group({
    metrics: {
      connections: SERVICE_PORT_CONNECTIONS,
      received: SERVICE_PORT_RECEIVED,
      sent: SERVICE_PORT_SENT,
    },
    collect: () => (serviceCount() > limit() ? {} : collectTraffic(families)),
  });
}

async function collectTraffic(families: readonly ServedFamily[]) {
  const traffic = await Promise.all(
    families.map(async ({ tables, traffic }) => ({ tables, ports: (await traffic()) ?? [] })),
  );
  function* samples(kind: 'connections' | 'received' | 'sent') {
    for (const { tables, ports } of traffic) {
      for (const [key, counted] of ports) {
        const [port, value] = [tables.servicePorts.get(key), counted[kind]];
        if (port !== undefined && value !== undefined) yield { labels: servicePortLabels(port), value };
      }
    }
  }
  return {
    // Scrapes at the same time share them.
    connections: [...samples('connections')],
    received: [...samples('received')],
    sent: [...samples('sent')],
  };
}

/** The labels by which all metrics of a service port name it. A port without a name goes by its number. */
function servicePortLabels({ namespace, name, portName, port, protocol, family }: ServicePort) {
  return {
    namespace,
    service: name,
    port: portName === '' ? String(port) : portName,
    protocol,
    ip_family: family,
  };
}

function countStates({
  family,
  status,
}: Pick<FamilyTables, 'family' | 'status'>): readonly Sample<'ip_family' | 'state'>[] {
  const counts = { pending: 0, programmed: 0, error: 0 };
  for (const { state } of status.rows.values()) counts[state]++;
  return STATES.map((state) => ({ labels: { ip_family: family, state }, value: counts[state] }));
}

function countWithoutLocal({
  tables: { family, servicePorts },
  node,
}: ServedFamily): readonly Sample<'ip_family' | 'traffic_policy'>[] {
  const view = node();
  const counts = { internal: 0, external: 0 };
  for (const port of servicePorts.rows.values()) {
    if (!port.internalPolicyLocal && !port.externalPolicyLocal) continue;
    const { hasEndpoints, hasInternalEndpoints, hasExternalEndpoints } = assess(port, view);
    if (!hasEndpoints) continue;
    if (!hasInternalEndpoints) counts.internal++;
    if (!hasExternalEndpoints) counts.external++;
  }
  return (['internal', 'external'] as const).map((policy) => ({
    labels: { ip_family: family, traffic_policy: policy },
    value: counts[policy],
  }));
}

function* states({ tables: { servicePorts, status } }: ServedFamily) {
  for (const { servicePort, state } of status.rows.values()) {
    const port = servicePorts.get(servicePort);
    if (port !== undefined) yield { labels: { ...servicePortLabels(port), state }, value: 1 };
  }
}

function* panics({ tables: { servicePorts }, node }: ServedFamily) {
  const view = node();
  for (const port of servicePorts.rows.values())
    if (port.health !== undefined)
      yield { labels: servicePortLabels(port), value: categorizeEndpoints(port, view).isPanic ? 1 : 0 };
}

function endpointsUp({
  tables: { servicePorts },
}: ServedFamily): readonly Sample<keyof ReturnType<typeof servicePortLabels> | 'endpoint'>[] {
  return [...servicePorts.rows.values()].flatMap((port) => {
    const labels = servicePortLabels(port);
    const down = new Set(port.health?.down);
    const checked = port.health === undefined ? [] : port.endpoints;
    return checked.map(({ text }) => ({
      labels: { ...labels, endpoint: text },
      value: down.has(text) ? 0 : 1,
    }));
  });
}

function* endpointCounts({ tables: { servicePorts }, node }: ServedFamily) {
  const view = node();
  for (const port of servicePorts.rows.values()) {
    const labels = servicePortLabels(port);
    yield { labels: { ...labels, use: 'all' }, value: port.endpoints.length };
    const used = categorizeEndpoints(port, view).allReachable.length;
    yield { labels: { ...labels, use: 'used' }, value: used };
  }
}
