/** A relay of TCP. */
import type { Server, Socket } from 'node:net';
import { KernelError } from '@menwei/netlink';
import { Balancer } from './balancer.ts';
import type {
  Listener,
  ListenFailure,
  Relay,
  RelayContext,
  RelayEndpoint,
  RelayKey,
  RunningRelay,
} from './contract.ts';
import { Dial, type DialOutcome, isShortage } from './dial.ts';
import { connectToEndpoint, type EndpointSocket } from './endpoint-socket.ts';
import { TcpConnection } from './tcp-connection.ts';
import { TcpConnections } from './tcp-connections.ts';
import { listenTcp } from './tcp-listener.ts';

/** Of the client, and of its endpoint. */
const DESCRIPTORS_PER_CONNECTION = 2;

export class TcpRelay implements RunningRelay {
  readonly key: RelayKey;
  readonly #context: RelayContext;
  readonly #balancer: Balancer;
  readonly #connections: TcpConnections;
  readonly #dials = new Map<TcpConnection, Dial<EndpointSocket>>();
  /** By address and port. */
  readonly #servers = new Map<string, Server>();
  #closing: Promise<void> | undefined;

  /** Listens on nothing until the first {@link update}. */
  constructor(relay: Relay, context: RelayContext) {
    this.key = relay.key;
    this.#context = context;
    this.#balancer = new Balancer(relay, context.random);
    this.#connections = new TcpConnections(context.limits, (why) =>
      context.report({ event: 'ended', key: relay.key, why }),
    );
  }

  get openCount(): number {
    return this.#connections.count;
  }

  async update(relay: Relay): Promise<readonly ListenFailure[]> {
    this.#balancer.update(relay);
    this.#connections.stayWith(new Set(relay.usable), new Set(relay.reset));
    for (const dial of this.#dials.values()) dial.keepTo(this.#balancer.has);
    const wanted = new Map(relay.listeners.map((listener) => [`${listener.ip} ${listener.port}`, listener]));
    for (const place of this.#servers.keys()) if (!wanted.has(place)) this.#closeServer(place);
    const missing = [...wanted].filter(([place]) => !this.#servers.has(place));
    const failures = await Promise.all(
      missing.map(([place, listener]) => this.#listen(place, listener, relay)),
    );
    return failures.filter((failure) => failure !== undefined);
  }

  close(): Promise<void> {
    this.#closing ??= this.#connections.drain();
    for (const place of this.#servers.keys()) this.#closeServer(place);
    return this.#closing;
  }

  async #listen(place: string, listener: Listener, { family }: Relay): Promise<ListenFailure | undefined> {
    const { key } = this;
    const { ip, port } = listener;
    try {
      const server = await listenTcp({
        family,
        place: listener,
        sharesPorts: this.#context.sharesPorts,
        accepted: (client) => this.#serve(client, port),
        failed: (error) => {
          if (isShortage(error)) this.#context.report({ event: 'no-descriptor', key });
        },
      });
      if (this.#closing !== undefined) server.close();
      else this.#servers.set(place, server);
      return undefined;
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      return { key, ip, port, error };
    }
  }

  /** Connections stay, and the port is free at once. */
  #closeServer(place: string): void {
    this.#servers.get(place)?.close();
    this.#servers.delete(place);
  }

  #serve(client: Socket, port: number): void {
    const { key } = this;
    if (!this.#context.descriptors.take(DESCRIPTORS_PER_CONNECTION)) {
      this.#context.report({ event: 'no-descriptor', key });
      client.resetAndDestroy();
      return;
    }
    const startMs = performance.now();
    // Without an address it has gone already.
    const clientIp = client.remoteAddress ?? '';
    const connection = new TcpConnection(client, startMs, this.#ended);
    this.#connections.add(connection);
    const dial = new Dial({
      order: () => this.#balancer.order(port, clientIp, performance.now()),
      connect: connectToEndpoint,
      failed: (endpoint, why) => this.#attemptFailed(endpoint, why),
      done: (outcome) => {
        this.#dials.delete(connection);
        if (outcome.outcome === 'connected') this.#join(connection, clientIp, startMs, outcome);
        else this.#sendAway(connection, outcome);
      },
    });
    this.#dials.set(connection, dial);
    dial.start();
  }

  #attemptFailed(endpoint: RelayEndpoint, why: string): void {
    this.#balancer.failed(endpoint, performance.now());
    this.#context.report({ event: 'attempt-failed', key: this.key, endpoint: endpoint.text, why });
  }

  #join(
    connection: TcpConnection,
    clientIp: string,
    startMs: number,
    { socket, endpoint, attempts }: DialOutcome<EndpointSocket> & { readonly outcome: 'connected' },
  ): void {
    const nowMs = performance.now();
    this.#balancer.succeeded(endpoint, clientIp, nowMs);
    if (!connection.join(socket, endpoint)) return;
    this.#connections.joined(connection);
    const seconds = (nowMs - startMs) / 1000;
    this.#context.report({ event: 'connected', key: this.key, attempts, seconds });
  }

  #sendAway(
    connection: TcpConnection,
    { outcome, attempts }: { readonly outcome: 'unserved' | 'no-descriptor'; readonly attempts: number },
  ): void {
    const { key } = this;
    this.#context.report(
      outcome === 'unserved' ? { event: outcome, key, attempts } : { event: outcome, key },
    );
    connection.reset();
  }

  /** The client may have gone before there was an endpoint. */
  readonly #ended = (connection: TcpConnection): void => {
    this.#dials.get(connection)?.abort();
    this.#dials.delete(connection);
    this.#context.descriptors.give(DESCRIPTORS_PER_CONNECTION);
    this.#connections.delete(connection);
  };
}
