/** The DNS server as components of a process: what it reads, answers, forwards and tells. */
import { networkInterfaces } from 'node:os';
import { formatHostPort, isLoopback, parseIp } from '@menwei/addresses/ip.ts';
import { type Component, ComponentStates } from '../../agent/component.ts';
import { sourceComponent } from '../../agent/source-component.ts';
import type { Logger } from '../../log/logger.ts';
import { untilAborted } from '../../scheduling/pause.ts';
import type { ObjectSource } from '../../sources/source.ts';
import type { ObjectTables } from '../../state/object-tables.ts';
import { AllowedClients, PRIVATE_NETWORKS } from '../server/allowed-clients.ts';
import { DnsServer } from '../server/dns-server.ts';
import type { ServerParts } from '../server/responder.ts';
import { ClusterZone } from '../zone/cluster-zone.ts';
import { FallthroughZone } from '../zone/fallthrough.ts';
import type { Zone } from '../zone/zone.ts';
import { dnsHttp } from './dns-http.ts';
import { DnsMetrics } from './dns-metrics.ts';
import { type DnsOptions, isEverywhere, type NodeLocalOptions } from './dns-options.ts';
import { ForwardMetrics } from './forward-metrics.ts';
import { type Forwarding, openForwarding } from './forwarding.ts';
import { type Hosts, openHosts } from './hosts-component.ts';
import { NodeLocal } from './node-local.ts';
import { ProgrammingTimes } from './programming-times.ts';
import { DnsResponder } from './responder.ts';
import { untilSynced } from './until-synced.ts';

/** So long answers wait for objects at the start: then names that are not known get SERVFAIL. */
const FIRST_SYNC_MS = 5_000;

interface DnsSurroundings {
  readonly options: DnsOptions;
  readonly tables: ObjectTables;
  readonly source: ObjectSource;
  readonly states?: ComponentStates;
  readonly logger: Logger;
}

export class DnsProcess {
  readonly metrics: DnsMetrics;
  /** It is going to end, and clients are to go elsewhere: it answers still. */
  isEnding = false;
  readonly #surroundings: DnsSurroundings;
  readonly #states: ComponentStates;
  readonly #forwarding: Forwarding | undefined;
  readonly #hosts: Hosts | undefined;
  #server: DnsServer | undefined;
  #nodeLocal: NodeLocal | undefined;

  private constructor(surroundings: DnsSurroundings, openForwarder: OpenForwarder) {
    const { options, tables, states = new ComponentStates(), logger } = surroundings;
    this.#surroundings = surroundings;
    this.#states = states;
    const [first] = options.bind;
    const server = `dns://:${first?.port ?? 53}`;
    this.metrics = new DnsMetrics({
      server,
      components: () => states.all(),
      isSynced: () => tables.syncedSources.rows.size > 0,
      zone: `${options.domains[0] ?? ''}.`,
    });
    const cache = () => this.#forwarding?.forwarder.cache;
    this.#hosts = options.hosts && openHosts(options.hosts, logger);
    this.#forwarding = openForwarder(new ForwardMetrics(this.metrics.registry, server, cache, logger));
  }

  /** Reads what says who is asked for names of others; UserError if that can't be used. */
  static async open(surroundings: DnsSurroundings): Promise<DnsProcess> {
    return new DnsProcess(surroundings, await openForwarding(surroundings.options, surroundings.logger));
  }

  components(): readonly Component[] {
    const { options, source, tables, logger } = this.#surroundings;
    const { metrics } = this;
    const hosts = this.#hosts === undefined ? [] : [this.#hosts.component];
    return [
      sourceComponent(source, tables, 'dns-source'),
      ...hosts,
      {
        name: 'dns',
        needs: hosts.map(({ name }) => name),
        onFailure: 'end the process',
        run: (signal, ready) => this.#serve(signal, ready),
      },
      ...(this.#forwarding?.components ?? []),
      {
        name: 'dns-programming-times',
        onFailure: 'restart',
        run: (signal, ready) => new ProgrammingTimes(tables, metrics.programming).run(signal, ready),
      },
      ...options.tell.map((address, index) =>
        dnsHttp(index === 0 ? 'dns-http' : `dns-http-${index + 1}`, {
          address,
          registry: metrics.registry,
          unready: () => this.#unready(),
          unhealthy: () => this.#unhealthy(),
          status: () => this.#status(),
          logger,
        }),
      ),
    ];
  }

  async #serve(signal: AbortSignal, ready: () => void): Promise<void> {
    const { options, tables, logger } = this.#surroundings;
    const zones = this.#openZones();
    try {
      const isSynced = await untilSynced(tables, FIRST_SYNC_MS, signal);
      if (signal.aborted) return;
      if (!isSynced) {
        logger.warn({}, 'objects are not read yet; names of the cluster that are not known get SERVFAIL');
      }
      const responder = new DnsResponder({
        zones: this.#zonesInOrder(zones),
        forwarder: this.#forwarding?.forwarder,
        rewrites: options.rewrites,
        udpSize: options.udpSize,
        observer: this.metrics,
      });
      const clients = new AllowedClients(options.allow ?? PRIVATE_NETWORKS);
      const parts = { responder, clients, observer: this.metrics };
      if (options.nodeLocal !== undefined)
        return await this.#serveNode(options.nodeLocal, parts, signal, ready);
      this.#server = await DnsServer.listen(
        options.bind.map(({ host: ip, port }) => ({ ip, port })),
        parts,
      );
      const addresses = this.#server.places.map(({ ip, port }) => formatHostPort(ip, port)).join(', ');
      logger.info({ addresses, domain: options.domains.join(', ') }, 'DNS server is listening');
      ready();
      await untilAborted(signal);
    } finally {
      this.#server?.close();
      this.#server = undefined;
      for (const zone of zones) zone.close();
    }
  }

  async #serveNode(
    nodeLocal: NodeLocalOptions,
    parts: ServerParts,
    signal: AbortSignal,
    ready: () => void,
  ): Promise<void> {
    const { tables, logger } = this.#surroundings;
    this.#nodeLocal = new NodeLocal({ ...nodeLocal, tables, logger, parts });
    try {
      await this.#nodeLocal.run(signal, ready);
    } finally {
      this.#nodeLocal = undefined;
    }
  }

  /** Where queries are answered at this moment. */
  #listening(): readonly string[] {
    const places = this.#nodeLocal?.listening ?? this.#server?.places ?? [];
    return places.map(({ ip, port }) => formatHostPort(ip, port));
  }

  /** As CoreDNS has them: a hosts file may know better. */
  #zonesInOrder(zones: readonly Zone[]): readonly Zone[] {
    const { fallthrough } = this.#surroundings.options;
    const ofCluster = zones.map((zone) => new FallthroughZone(zone, fallthrough));
    return this.#hosts === undefined ? ofCluster : [this.#hosts.zone, ...ofCluster];
  }

  #openZones(): readonly (Zone & { close(): void })[] {
    const { options, tables } = this.#surroundings;
    const { domains, ttlSeconds, negativeTtlSeconds, pods, endpointPodNames } = options;
    const ownAddresses = ownAddressesOf(options);
    const nowSeconds = () => Math.floor(Date.now() / 1000);
    return domains.map((domain) => {
      const given = { domain, ttlSeconds, negativeTtlSeconds, pods, endpointPodNames, ownAddresses };
      return new ClusterZone(tables, given, nowSeconds);
    });
  }

  #unready(): string | undefined {
    if (this.isEnding) return 'the process is ending';
    if (this.#nodeLocal?.error !== undefined) return this.#nodeLocal.error;
    if (this.#listening().length === 0) return 'the DNS server does not listen yet';
    const { tables } = this.#surroundings;
    return tables.syncedSources.rows.size > 0 ? undefined : 'not everything has been read yet';
  }

  #unhealthy(): string | undefined {
    const failed = this.#states.all().find(({ state }) => state === 'restarting');
    return failed && `component ${failed.name} has failed${failed.error ? `: ${failed.error}` : ''}`;
  }

  #status(): unknown {
    const { options, tables } = this.#surroundings;
    const upstreams = this.#forwarding?.upstreams() ?? [];
    return {
      domains: options.domains,
      listening: this.#listening(),
      nodeLocal: this.#nodeLocal?.status(),
      ready: this.#unready() ?? 'yes',
      objects: {
        synced: tables.syncedSources.rows.size > 0,
        services: tables.services.rows.size,
        endpointSlices: tables.endpointSlices.rows.size,
        namespaces: tables.namespaces.rows.size,
        problems: [...tables.stale.rows.values(), ...tables.flawed.rows.values()].map(({ ref, reason }) => ({
          kind: ref.kind,
          namespace: ref.namespace,
          name: ref.name,
          reason,
        })),
      },
      upstreams,
      components: this.#states.all(),
    };
  }
}

type OpenForwarder = (metrics: ForwardMetrics) => Forwarding | undefined;

/** Where others reach this server: what the zone says of its name servers. */
function ownAddressesOf({ ownAddresses, bind }: DnsOptions): readonly string[] {
  if (ownAddresses.length > 0) return ownAddresses;
  const machine = Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.flatMap(({ address, internal }) => (internal ? [] : (parseIp(address) ?? []))),
  );
  if (isEverywhere(bind)) return machine;
  return bind.map(({ host }) => host).filter((ip) => !isLoopback(ip));
}
