/** The rows of `/status` from the state of a proxy that runs: all of them, those of some service ports, and as they change. */
import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import type { Logger } from '../log/logger.ts';
import type { NodeState } from '../proxy/node-state.ts';
import type { AnsweredVIPs } from '../services/answered-vips.ts';
import type { ServicePortKey } from '../state/service-port.ts';
import type { ServicePortStatus } from '../state/service-port-status.ts';
import type { State } from '../state/state.ts';
import { readSomeStatuses, readStatuses, storedStatuses, withWarnings } from './family-status.ts';
import { type ReportedStatus, reportStatuses } from './reported-status.ts';
import { type StatusCursor, StatusFeed } from './status-feed.ts';

interface ProxyStatusOptions {
  readonly state: State;
  readonly node: Pick<NodeState, 'view' | 'nodePortObstacle'>;
  /** The IP families that are proxied. Of others there is nothing to say but that they are not. */
  readonly served: readonly IpFamily[];
  readonly nodeName: string;
  readonly mode: string;
  readonly modeReason: string;
  readonly answeredVIPs: AnsweredVIPs;
  /** What is to be said of every service port of a family, as that nothing is programmed now; undefined: nothing. */
  readonly warning: (family: IpFamily) => string | undefined;
  readonly logger: Logger;
}

export class ProxyStatus {
  readonly #options: ProxyStatusOptions;
  readonly #feed: StatusFeed;

  constructor(options: ProxyStatusOptions) {
    const { state, node, served, logger } = options;
    this.#options = options;
    this.#feed = new StatusFeed({
      families: IP_FAMILIES.map((family) => state.families[family]),
      objects: state.objects,
      all: () => this.rows(),
      some: (family, keys) => this.#report(this.#statuses(family, keys)),
      node: () =>
        served.map((family) => [node.view(family), node.nodePortObstacle(family), this.#warning(family)]),
      logger,
    });
  }

  /** Each is made when it is asked for. */
  rows(): Iterable<ReportedStatus> {
    return this.#report(IP_FAMILIES.flatMap((family) => this.#statuses(family)));
  }

  /** The rows as they are and as they change, for one who closes what it gets. */
  watch(): Promise<StatusCursor> {
    return this.#feed.open();
  }

  /** @param keys of these service ports; of all unless given */
  #statuses(family: IpFamily, keys?: ReadonlySet<ServicePortKey>): readonly ServicePortStatus[] {
    const { state, node, served } = this.#options;
    const { objects, families } = state;
    const tables = families[family];
    if (!served.includes(family)) return storedStatuses(tables, keys);
    const obstacle = node.nodePortObstacle(family);
    if (keys === undefined) return readStatuses(objects, tables, obstacle);
    return readSomeStatuses(objects, tables, keys, obstacle);
  }

  #report(statuses: Iterable<ServicePortStatus>): Iterable<ReportedStatus> {
    const { state, node, nodeName, served, mode, modeReason, answeredVIPs } = this.#options;
    const knowledge = served.map((family) => ({
      ports: state.families[family].servicePorts.rows,
      applied: state.families[family].applied.rows,
      health: state.families[family].health.rows,
      node: node.view(family),
    }));
    const teller = { node: nodeName, mode, modeReason };
    return reportStatuses(this.#warn(statuses), { teller, answered: answeredVIPs }, knowledge);
  }

  *#warn(statuses: Iterable<ServicePortStatus>): Iterable<ServicePortStatus> {
    for (const status of statuses) yield withWarnings(status, [this.#warning(status.family)]);
  }

  #warning(family: IpFamily): string | undefined {
    return this.#options.warning(family);
  }
}
