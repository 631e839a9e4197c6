/**
 * The servers behind `healthCheckNodePort`: they tell a load balancer whether this node has ready endpoints of a
 * Service with externalTrafficPolicy Local (spec § 9.2).
 */
import type { RequestListener, Server, ServerResponse } from 'node:http';
import type { IpFamily } from '../addresses/ip.ts';
import { formatErrorChain } from '../log/error-text.ts';
import type { Logger } from '../log/logger.ts';
import { answer, closeHttpServer, createHttpServer, type ListenAddress, listen } from './http-listener.ts';

/** A Service that wants a health-check server. */
export interface ServiceHealth {
  readonly namespace: string;
  readonly name: string;
  /** The healthCheckNodePort. */
  readonly port: number;
  /** Distinct addresses of ready endpoints on this node. */
  readonly localEndpoints: number;
}

export interface ServiceHealthServersOptions {
  readonly family: IpFamily;
  /** The node's addresses to listen on; none in the list: no server. */
  readonly addresses: 'all' | readonly string[];
  /** Whether the proxy itself keeps up; see ProxyHealth. */
  readonly proxyHealthy: () => boolean;
  readonly nodeName: string;
  readonly logger: Logger;
}

interface ServiceServer {
  readonly service: ServiceHealth;
  readonly servers: readonly Server[];
  localEndpoints: number;
  /** Why it isn't listening; undefined when it is. */
  failure: string | undefined;
}

/** The health-check servers of one IP family. */
export class ServiceHealthServers {
  readonly #options: ServiceHealthServersOptions;
  readonly #servers = new Map<string, ServiceServer>();
  #lastSync: Promise<void> = Promise.resolve();

  constructor(options: ServiceHealthServersOptions) {
    this.#options = options;
  }

  /**
   * Brings the servers in line with the Services that want one, by `namespace/name`. A port that can't be bound is
   * logged once and tried again at the next call; it is never an error.
   */
  sync(services: ReadonlyMap<string, ServiceHealth>): Promise<void> {
    this.#lastSync = this.#lastSync.then(() => this.#sync(services));
    return this.#lastSync;
  }

  /** Closes all servers. */
  close(): Promise<void> {
    return this.sync(new Map());
  }

  async #sync(services: ReadonlyMap<string, ServiceHealth>): Promise<void> {
    await this.#closeOutdated(services);
    for (const [key, service] of services) {
      const existing = this.#servers.get(key);
      if (existing !== undefined && existing.failure === undefined) {
        existing.localEndpoints = service.localEndpoints;
      } else {
        this.#servers.set(key, await this.#open(key, service, existing?.failure));
      }
    }
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
        await Promise.all(entry.servers.map(closeHttpServer));
      }),
    );
  }

  /** @param lastFailure what is already in the log. */
  async #open(key: string, service: ServiceHealth, lastFailure: string | undefined): Promise<ServiceServer> {
    const handler: RequestListener = (_request, response) =>
      answerServiceHealth(response, entry, this.#options.proxyHealthy());
    const listeners = this.#listenAddresses(service.port).map((address) => ({
      address,
      server: createHttpServer(handler),
    }));
    const entry: ServiceServer = {
      service,
      servers: listeners.map(({ server }) => server),
      localEndpoints: service.localEndpoints,
      failure: undefined,
    };
    const attempts = await Promise.allSettled(
      listeners.map(({ server, address }) => listen(server, address)),
    );
    const failed = attempts.find((attempt) => attempt.status === 'rejected');
    const { nodeName, logger } = this.#options;
    if (failed === undefined) {
      logger.info({ service: key, port: service.port }, 'health-check server is listening');
    } else {
      await Promise.all(entry.servers.map(closeHttpServer));
      const reason = formatErrorChain(failed.reason);
      entry.failure = `node ${nodeName} failed to start healthcheck "${key}" on port ${service.port}: ${reason}`;
      if (entry.failure !== lastFailure) logger.warn({ service: key, port: service.port }, entry.failure);
    }
    return entry;
  }

  #listenAddresses(port: number): readonly ListenAddress[] {
    const { family, addresses } = this.#options;
    // Without ipv6Only the IPv6 wildcard would take the port from the servers of the other family.
    const hosts = addresses === 'all' ? [family === 'IPv4' ? '0.0.0.0' : '::'] : addresses;
    return hosts.map((host) => ({ host, port, ipv6Only: family === 'IPv6' }));
  }
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
