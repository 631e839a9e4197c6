/**
 * The servers behind `healthCheckNodePort`: they tell a load balancer whether this node has ready endpoints of a
 * Service with externalTrafficPolicy Local (spec § 9.2).
 */
import type { RequestListener, Server, ServerResponse } from 'node:http';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { answer } from '../http/answer.ts';
import { listen } from '../http/http-listener.ts';
import { closeHttpServer, createHttpServer } from '../http/http-server.ts';
import { OpenConnections } from '../http/open-connections.ts';
import { formatErrorChain } from '../log/error-text.ts';
import type { Logger } from '../log/logger.ts';
import { untilAborted } from '../scheduling/pause.ts';
import { Turns } from '../scheduling/turns.ts';
import { type ServiceHealth, ServiceHealthIndex } from '../services/service-health.ts';
import type { FamilyTables } from '../state/family-tables.ts';
import type { ObjectKey } from '../state/object-key.ts';

const DEFAULT_RETRY_MS = 5_000;

export interface ServiceHealthServersOptions {
  readonly family: IpFamily;
  /** The node's addresses to listen on now; none in the list: no server. Asked for at each call of `sync`. */
  readonly addresses: () => 'all' | readonly string[];
  /** Whether the proxy itself keeps up; see ProxyHealth. */
  readonly proxyHealthy: () => boolean;
  readonly nodeName: string;
  readonly logger: Logger;
  /** Told once of each Service and reason why its port can't be bound. */
  readonly failedToListen?: (service: ObjectKey, why: string) => void;
  /** From a port that can't be bound to the next attempt, if nobody calls before. */
  readonly retryMs?: number;
}

interface ServiceServer {
  readonly service: ServiceHealth;
  /** What listens, by address. */
  readonly listeners: Map<string, Server>;
  localEndpoints: number;
  /** Why it isn't listening where it should; undefined when it is. */
  failure: string | undefined;
}

/** The health-check servers of one IP family. */
export class ServiceHealthServers {
  readonly #options: ServiceHealthServersOptions;
  readonly #servers = new Map<string, ServiceServer>();
  readonly #turns = new Turns();
  readonly #connections = new OpenConnections();
  #wanted: ReadonlyMap<string, ServiceHealth> = new Map();
  #retry: NodeJS.Timeout | undefined;

  constructor(options: ServiceHealthServersOptions) {
    this.#options = options;
  }

  /**
   * Follows the service ports from sync to sync until the signal fires; then all servers are closed.
   *
   * @param ready called when those that are wanted by then have been made
   */
  async run(
    { family, servicePorts, syncs }: Pick<FamilyTables, 'family' | 'servicePorts' | 'syncs'>,
    signal: AbortSignal,
    ready: () => void = () => undefined,
  ): Promise<void> {
    const failure = Promise.withResolvers<never>();
    failure.promise.catch(() => undefined);
    const services = new ServiceHealthIndex(servicePorts);
    // As upstream: who was told before the rules are there would send traffic to where it is refused.
    const reader = syncs.reader(() => {
      if (reader.take().some(({ after }) => after?.ok)) this.sync(services.read()).catch(failure.reject);
    });
    reader.take();
    try {
      if ((syncs.get(family)?.fullCount ?? 0) > 0) await this.sync(services.read());
      ready();
      await Promise.race([failure.promise, untilAborted(signal)]);
    } finally {
      reader.close();
      services.close();
      await this.close();
    }
  }

  /**
   * Brings the servers in line with the Services that want one, by `namespace/name`, and with the node's addresses. A port
   * that can't be bound is logged once and tried again after a while; it is never an error.
   */
  sync(services: ReadonlyMap<string, ServiceHealth>): Promise<void> {
    this.#wanted = services;
    return this.#turns.take(() => this.#sync(services));
  }

  /** Closes all servers. */
  close(): Promise<void> {
    return this.sync(new Map());
  }

  async #sync(services: ReadonlyMap<string, ServiceHealth>): Promise<void> {
    const { logger } = this.#options;
    const hosts = this.#hosts();
    await this.#closeOutdated(services);
    for (const [key, service] of services) {
      const entry = this.#servers.get(key) ?? newServer(service);
      this.#servers.set(key, entry);
      entry.localEndpoints = service.localEndpoints;
      await this.#listenOn(hosts, key, entry);
    }
    const hasFailed = [...this.#servers.values()].some(({ failure }) => failure !== undefined);
    clearTimeout(this.#retry);
    if (!hasFailed) return;
    const retry = () =>
      this.sync(this.#wanted).catch((error) =>
        logger.error({ err: error }, 'health-check servers could not be updated'),
      );
    this.#retry = setTimeout(retry, this.#options.retryMs ?? DEFAULT_RETRY_MS);
    this.#retry.unref();
  }

  async #closeOutdated(services: ReadonlyMap<string, ServiceHealth>): Promise<void> {
    const outdated = [...this.#servers].filter(
      ([key, { service }]) => services.get(key)?.port !== service.port,
    );
    await Promise.all(
      outdated.map(async ([key, entry]) => {
        this.#servers.delete(key);
        // A request that was already on its way gets 503, not the last good news.
        entry.localEndpoints = 0;
        await closeListeners(entry, [...entry.listeners.keys()]);
      }),
    );
  }

  /** What listens already goes on. */
  async #listenOn(hosts: readonly string[], key: string, entry: ServiceServer): Promise<void> {
    const superfluous = [...entry.listeners.keys()].filter((host) => !hosts.includes(host));
    await closeListeners(entry, superfluous);
    const missing = hosts.filter((host) => !entry.listeners.has(host));
    const lastFailure = entry.failure;
    entry.failure = undefined;
    if (missing.length === 0) return;
    const failed = await this.#open(missing, entry);
    const { nodeName, logger } = this.#options;
    const { port } = entry.service;
    if (failed === undefined) {
      logger.info({ service: key, port }, 'health-check server is listening');
      return;
    }
    const reason = formatErrorChain(failed.reason);
    entry.failure = `node ${nodeName} failed to start healthcheck "${key}" on port ${port}: ${reason}`;
    if (entry.failure === lastFailure) return;
    logger.warn({ service: key, port }, entry.failure);
    this.#options.failedToListen?.(key, entry.failure);
  }

  /** At all of them or none; returns the first failure. */
  async #open(hosts: readonly string[], entry: ServiceServer): Promise<PromiseRejectedResult | undefined> {
    const { family, proxyHealthy, logger } = this.#options;
    const handler: RequestListener = (_request, response) =>
      answerServiceHealth(response, entry, proxyHealthy());
    const { port, namespace, name } = entry.service;
    const failedLater = (cause: Error) =>
      logger.error({ service: `${namespace}/${name}`, port, err: cause }, 'health-check server failed');
    for (const host of hosts)
      entry.listeners.set(host, createHttpServer(handler, { connections: this.#connections }));
    // Without ipv6Only the IPv6 wildcard would take the port from the servers of the other family.
    const attempts = await Promise.allSettled(
      [...entry.listeners]
        .filter(([host]) => hosts.includes(host))
        .map(([host, server]) => listen(server, { host, port, ipv6Only: family === 'IPv6' }, failedLater)),
    );
    const failed = attempts.find((attempt) => attempt.status === 'rejected');
    if (failed !== undefined) await closeListeners(entry, hosts);
    return failed;
  }

  #hosts(): readonly string[] {
    const { family, addresses } = this.#options;
    const now = addresses();
    if (now !== 'all') return now;
    return [family === 'IPv4' ? '0.0.0.0' : '::'];
  }
}

function newServer(service: ServiceHealth): ServiceServer {
  return { service, listeners: new Map(), localEndpoints: service.localEndpoints, failure: undefined };
}

async function closeListeners({ listeners }: ServiceServer, hosts: readonly string[]): Promise<void> {
  const servers = hosts.flatMap((host) => listeners.get(host) ?? []);
  for (const host of hosts) listeners.delete(host);
  await Promise.all(servers.map(closeHttpServer));
}

function answerServiceHealth(
  response: ServerResponse,
  entry: ServiceServer,
  serviceProxyHealthy: boolean,
): void {
  const { service, localEndpoints } = entry;
  const { namespace, name } = service;
  const status = localEndpoints > 0 && serviceProxyHealthy ? 200 : 503;
  const health = { service: { namespace, name }, localEndpoints, serviceProxyHealthy };
  answer(response, status, 'application/json', JSON.stringify(health, undefined, '\t'), {
    'X-Load-Balancing-Endpoint-Weight': String(localEndpoints),
  });
}
