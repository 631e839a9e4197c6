/** The load-balancer controller as components of a process: by itself, or of a cluster in the same process. */
import { type Component, ComponentStates } from '../../agent/component.ts';
import { sourceComponent } from '../../agent/source-component.ts';
import { EventSender } from '../../events/event-sender.ts';
import type { ApiClient, ClientObserver } from '../../kubernetes/api-client.ts';
import { LeaseClient } from '../../kubernetes/lease-client.ts';
import type { Logger } from '../../log/logger.ts';
import type { ObjectSource } from '../../sources/source.ts';
import type { ObjectTables } from '../../state/object-tables.ts';
import type { Balancers } from '../balancer-watch.ts';
import type { ClaimOptions } from '../claim.ts';
import { type ControllerOptions, LoadBalancerController } from '../controller.ts';
import { AddressNodes } from '../explain/address-nodes.ts';
import { type KnownCluster, knowledgeOptions, readKnownCluster } from '../explain/known-cluster.ts';
import { LeaderElection } from '../leader-election.ts';
import { AddressAllocator } from '../pools/address-allocator.ts';
import { apiStatusWriter, type StatusWriter } from '../status-writer.ts';
import { LbMetrics } from './lb-metrics.ts';
import { type LbOptions, processIdentity } from './lb-options.ts';
import { lbServer } from './lb-server.ts';
import { untilSynced } from './lb-sources.ts';
import { type LbStatus, type Leadership, lbStatus, type Term } from './status-document.ts';

/** Name of the Lease of the one that leads. */
const LEADER_LEASE = 'menwei-load-balancer';
const EVENT_CONTROLLER = 'menwei-lb';
/** Thousands of Services may get their addresses at the same time. */
const EVENTS_WAITING = 10_000;
const STOP_MS = 5_000;

export interface LbSurroundings {
  readonly options: Omit<LbOptions, 'objects' | 'haproxy'>;
  readonly tables: ObjectTables;
  /** What fills the tables. */
  readonly sources: readonly ObjectSource[];
  readonly writes: ApiServerWrites | FileWrites;
  /** By the class whose Services they serve. */
  readonly balancers: ReadonlyMap<string, Balancers>;
  readonly metrics?: LbMetrics;
  readonly states?: ComponentStates;
  readonly logger: Logger;
}

interface ApiServerWrites {
  readonly to: 'api-server';
  /** Closed when the controller stops. */
  readonly openClient: (observer: ClientObserver) => Promise<ApiClient>;
  /** For events, with a limit of its own. */
  readonly openEventClient: () => Promise<ApiClient>;
  readonly leaderElect: boolean;
  /** Among those that may lead: of a process that is the only one of its name; another one for each unless given. */
  readonly identity?: string;
}

interface FileWrites {
  readonly to: 'file';
  readonly writer: StatusWriter;
}

export function loadBalancerComponents(surroundings: LbSurroundings): readonly Component[] {
  const { options, tables, sources, writes, logger } = surroundings;
  const process = new LoadBalancerProcess(surroundings);
  const { bindAddress: address } = options;
  const components: Component[] = [
    { name: 'lb-events', onFailure: 'restart', run: (signal, ready) => process.events.run(signal, ready) },
    ...sources.map((source, index) =>
      sourceComponent(source, tables, index === 0 ? 'lb-source' : 'lb-config-source'),
    ),
    {
      name: 'load-balancer',
      needs: ['lb-events'],
      onFailure: 'restart',
      stopMs: STOP_MS + (writes.to === 'api-server' ? 2_000 : 0),
      run: (signal, ready) => process.run(signal, ready),
    },
  ];
  if (address !== undefined) {
    const { metrics, status, leadership, known, unhealthy } = process;
    components.push({
      ...lbServer({ address, metrics, status, leadership, known, unhealthy, logger }),
      name: 'lb-server',
    });
  }
  return components;
}

class LoadBalancerProcess {
  readonly events: EventSender;
  readonly metrics: LbMetrics;
  readonly #surroundings: LbSurroundings;
  readonly #identity: string;
  #election: LeaderElection | undefined;
  readonly #states: ComponentStates;
  #term: Term | undefined;

  constructor(surroundings: LbSurroundings) {
    const { writes, logger, states = new ComponentStates() } = surroundings;
    this.#surroundings = surroundings;
    const given = writes.to === 'api-server' ? writes.identity : undefined;
    this.#identity = given ?? processIdentity();
    this.#states = states;
    this.metrics = new LbMetrics(this.status, () => states.all());
    this.events = new EventSender({
      nodeName: this.#identity,
      controller: EVENT_CONTROLLER,
      maxWaiting: EVENTS_WAITING,
      openSink: writes.to === 'api-server' ? writes.openEventClient : undefined,
      firstAfterMs: 0,
      logger,
    });
  }

  /** Stands by with everything read, or leads. */
  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    const { tables, sources, writes } = this.#surroundings;
    // Who has not read everything would take addresses that Services have for free.
    await untilSynced(tables, sources.length, signal);
    if (signal.aborted) return;
    if (writes.to === 'file') {
      ready();
      await this.#lead(writes.writer, signal);
      return;
    }
    const client = await writes.openClient(this.metrics.client);
    try {
      ready();
      await this.#leadInTurn(client, writes.leaderElect, signal);
    } finally {
      await client.close();
    }
  }

  async #leadInTurn(client: ApiClient, isElected: boolean, signal: AbortSignal): Promise<void> {
    const { options, logger } = this.#surroundings;
    const lead = (over: AbortSignal) => this.#lead(apiStatusWriter(client), over);
    if (!isElected) return await lead(signal);
    const leases = new LeaseClient(client, options.namespace, LEADER_LEASE);
    this.#election = new LeaderElection({ leases, identity: this.#identity, logger });
    await this.#election.run(lead, signal);
  }

  readonly status = (): LbStatus => lbStatus(this.leadership(), this.#term);

  readonly leadership = (): Leadership => {
    const election = this.#election;
    const isLeading = election === undefined ? this.#term !== undefined : election.isLeading;
    return { identity: this.#identity, isLeading, leader: election?.leader ?? '' };
  };

  /** One that stands by knows what it would decide. Undefined: not everything has been read yet. */
  readonly known = (): KnownCluster | undefined => {
    const { options, tables, sources, writes } = this.#surroundings;
    if (tables.syncedLoadBalancing.rows.size < sources.length) return undefined;
    const knowledge = knowledgeOptions(options, this.#claims(), writes.to === 'api-server');
    if (this.#term === undefined) {
      const { releaseOnPoolChange } = options;
      return readKnownCluster(tables, { ...knowledge, releaseOnPoolChange }, Date.now());
    }
    const { controller, allocator } = this.#term;
    const alive = new Set([...controller.announcements.counts()].map(({ node }) => node));
    return { ...knowledge, tables, allocator, rows: controller.rows, isAlive: (node) => alive.has(node) };
  };

  readonly unhealthy = (): string | undefined => {
    const failed = this.#states.all().find(({ state }) => state === 'restarting');
    return (
      failed && `component ${failed.name} has failed${failed.error === undefined ? '' : `: ${failed.error}`}`
    );
  };

  #claims(): ClaimOptions {
    const { options, balancers } = this.#surroundings;
    const { classes, classlessAs } = options;
    return { classes, classlessAs, providerClasses: new Set(balancers.keys()) };
  }

  async #lead(writer: StatusWriter, signal: AbortSignal): Promise<void> {
    const { options, tables, writes, balancers, logger } = this.#surroundings;
    const allocator = new AddressAllocator({ releaseOnPoolChange: options.releaseOnPoolChange });
    const given: ControllerOptions = {
      objects: tables,
      claims: this.#claims(),
      nodes: { ignoresExcludeLabel: options.ignoresExcludeLabel },
      allocator,
      balancers,
      writer,
      events: this.events,
      logger,
      seesLeases: writes.to === 'api-server',
      observer: this.metrics,
      lookAtNodes: () => {
        const known = this.known();
        const nodes = known && new AddressNodes(known);
        return (address) => nodes?.describe(address) ?? '';
      },
    };
    const controller = new LoadBalancerController(given);
    this.#term = { controller, allocator };
    try {
      await controller.run(signal);
    } finally {
      this.#term = undefined;
    }
  }
}
