/** Whether this node serves one Service now, for `/healthz/service/<namespace>/<name>`; as cheap as that Service is small. */
import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import type { NodeView } from '../services/node-view.ts';
import { readServiceTroubles } from '../services/service-troubles.ts';
import { categorizeEndpoints } from '../services/topology.ts';
import { readWantedPorts } from '../services/wanted-port.ts';
import type { FamilyTables } from '../state/family-tables.ts';
import { objectKey } from '../state/object-key.ts';
import type { ServicePortKey } from '../state/service-port.ts';
import type { State } from '../state/state.ts';
import type { ProxyHealth } from './proxy-health.ts';

/** Each in words that are ours: who may ask here need not know what is in an object or what the kernel said. */
const MESSAGES = {
  NotFound: 'there is no such Service',
  NotProxied: 'the Service has no cluster IP, or another proxy is named for it',
  NotSynced: 'the Services are not known yet',
  FamilyNotProxied: 'this node proxies no IP family that the Service has',
  ProxyLagging: 'changes have not been programmed for twice the sync period',
  Pending: 'the service port is new, and its first sync has to come',
  NotProgrammed: 'the kernel has not all that the Service asks for',
  AddressConflict: 'another Service owns an address that the Service asks for',
  InvalidObject: "the newest version of the Service or of a slice of it can't be used",
  NoEndpoints: 'there is no endpoint that this node may send traffic to',
} as const;

type ReasonName = keyof typeof MESSAGES;

interface Reason {
  readonly reason: ReasonName;
  readonly family?: IpFamily;
  readonly servicePort?: ServicePortKey;
  readonly message: string;
}

interface ServiceReport {
  /** As an HTTP status. 200: all ports are served; 404: it is not for this proxy; 503: something of it is not served. */
  readonly status: 200 | 404 | 503;
  /** Why not; empty with 200. */
  readonly reasons: readonly Reason[];
}

interface ServiceReporterOptions {
  readonly state: State;
  /** The IP families that are proxied. */
  readonly served: readonly IpFamily[];
  readonly nodeView: (family: IpFamily) => NodeView;
  readonly health: Pick<ProxyHealth, 'report'>;
}

export class ServiceReporter {
  readonly #options: ServiceReporterOptions;

  constructor(options: ServiceReporterOptions) {
    this.#options = options;
  }

  report(namespace: string, name: string, nowMs: number): ServiceReport {
    const { state, served } = this.#options;
    const { objects } = state;
    const key = objectKey(namespace, name);
    const service = objects.services.get(key);
    const isSynced = objects.syncedSources.rows.size > 0;
    const families = served.map((family) => state.families[family]);
    const troubles = readServiceTroubles(objects, families, key).map(
      ({ reason, family, servicePort }): Reason => ({
        reason,
        ...(family === undefined ? {} : { family }),
        ...(servicePort === undefined ? {} : { servicePort }),
        message: MESSAGES[reason],
      }),
    );
    if (service === undefined) {
      if (troubles.length > 0) return { status: 503, reasons: troubles };
      return isSynced ? because(404, 'NotFound') : because(503, 'NotSynced');
    }
    const wanted = IP_FAMILIES.filter((family) => readWantedPorts(service, family).length > 0);
    if (wanted.length === 0) return because(404, 'NotProxied');
    const own = families.filter(({ family }) => wanted.includes(family));
    if (own.length === 0) return because(503, 'FamilyNotProxied');
    const ports = (family: IpFamily) => readWantedPorts(service, family).map((port) => port.key);
    const reasons = [
      ...(isSynced ? [] : [explain('NotSynced')]),
      ...troubles,
      ...own.flatMap((tables) => this.#judge(tables, ports(tables.family), nowMs)),
    ];
    return { status: reasons.length === 0 ? 200 : 503, reasons };
  }

  #judge(
    { family, servicePorts, applied, status }: FamilyTables,
    keys: readonly ServicePortKey[],
    nowMs: number,
  ): readonly Reason[] {
    const { health, nodeView } = this.#options;
    const isLagging = health.report(nowMs).families.get(family)?.healthy === false;
    const node = nodeView(family);
    return [
      ...(isLagging ? [explain('ProxyLagging', { family })] : []),
      ...keys.flatMap((servicePort): readonly Reason[] => {
        const port = servicePorts.get(servicePort);
        const isNew = !applied.rows.has(servicePort) && status.get(servicePort)?.state !== 'error';
        if (port === undefined || isNew) return [explain('Pending', { family, servicePort })];
        const { allReachable } = categorizeEndpoints(port, node);
        return allReachable.length > 0 ? [] : [explain('NoEndpoints', { family, servicePort })];
      }),
    ];
  }
}

function explain(reason: ReasonName, place: Pick<Reason, 'family' | 'servicePort'> = {}): Reason {
  return { reason, ...place, message: MESSAGES[reason] };
}

function because(status: ServiceReport['status'], reason: ReasonName): ServiceReport {
  return { status, reasons: [explain(reason)] };
}
