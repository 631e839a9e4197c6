/** A relay of UDP: each client of a listener is a flow of its own, to one endpoint. */
import type { Socket } from 'node:dgram';
import { KernelError } from '@menwei/netlink';
import { Balancer } from './balancer.ts';
import type { Listener, ListenFailure, Relay, RelayContext, RelayKey, RunningRelay } from './contract.ts';
import type { Client, FlowListener, UdpFlow } from './udp-flow.ts';
import { UdpFlows } from './udp-flows.ts';
import { listenUdp, sendTo } from './udp-socket.ts';

const REOPEN_MS = 1000;

/** Opens the socket of a listener; rejects with KernelError. */
type OpenSocket = (listener: Listener) => Promise<Socket>;

export class UdpRelay implements RunningRelay {
  readonly key: RelayKey;
  readonly #context: RelayContext;
  readonly #balancer: Balancer;
  readonly #flows: UdpFlows;
  readonly #openSocket: OpenSocket;
  /** By address and port. */
  readonly #listeners = new Map<string, UdpListener>();
  #isClosed = false;

  /** Listens on nothing until the first {@link update}. */
  constructor(
    relay: Relay,
    context: RelayContext,
    openSocket: OpenSocket = (place) => listenUdp(relay.family, place, context.sharesPorts),
  ) {
    this.key = relay.key;
    this.#context = context;
    this.#openSocket = openSocket;
    this.#balancer = new Balancer(relay, context.random);
    this.#flows = new UdpFlows(relay, this.#balancer, context);
  }

  get openCount(): number {
    return this.#flows.count;
  }

  async update({ listeners, usable, ...relay }: Relay): Promise<readonly ListenFailure[]> {
    this.#balancer.update({ listeners, usable, ...relay });
    const wanted = new Map(listeners.map((listener) => [placeText(listener), listener]));
    for (const place of this.#listeners.keys()) if (!wanted.has(place)) this.#closeListener(place);
    const stay = new Set(usable);
    this.#flows.leaveThose(({ endpoint }) => !stay.has(endpoint.text));
    const missing = [...wanted].filter(([place]) => !this.#listeners.has(place));
    const failures = await Promise.all(missing.map(([place, listener]) => this.#open(place, listener)));
    return failures.filter((failure) => failure !== undefined);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const place of this.#listeners.keys()) this.#closeListener(place);
  }

  async #open(place: string, { ip, port, endpoints }: Listener): Promise<ListenFailure | undefined> {
    const { key } = this;
    try {
      const socket = await this.#openSocket({ ip, port, endpoints });
      if (this.#isClosed) {
        socket.close();
        return undefined;
      }
      const listener = new UdpListener(port, socket, {
        received: (datagram, client) => this.#flows.forward(listener, client, datagram),
        lost: (why) => this.#context.report({ event: 'listener-lost', key, why }),
        reopen: () => this.#openSocket({ ip, port, endpoints }),
      });
      this.#listeners.set(place, listener);
      return undefined;
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      return { key, ip, port, error };
    }
  }

  #closeListener(place: string): void {
    const listener = this.#listeners.get(place);
    if (listener === undefined) return;
    this.#listeners.delete(place);
    listener.close();
    this.#flows.endThose((flow) => flow.listener === listener);
  }
}

interface ListenerEvents {
  readonly received: (datagram: Buffer, client: Client) => void;
  readonly lost: (why: string) => void;
  readonly reopen: () => Promise<Socket>;
}

/** An open listener. Its flows outlive a socket that fails, which is replaced. */
class UdpListener implements FlowListener {
  readonly port: number;
  readonly flows = new Map<string, UdpFlow>();
  readonly #events: ListenerEvents;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(port: number, socket: Socket, events: ListenerEvents) {
    this.port = port;
    this.#events = events;
    this.#use(socket);
  }

  reply(datagram: Buffer, client: Client): void {
    if (this.#socket !== undefined) sendTo(this.#socket, datagram, client);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = undefined;
  }

  #use(socket: Socket): void {
    this.#socket = socket;
    socket.on('message', this.#events.received);
    socket.on('error', (error) => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      socket.close();
      this.#events.lost(error.message);
      void this.#reopen();
    });
  }

  async #reopen(): Promise<void> {
    try {
      const socket = await this.#events.reopen();
      if (this.#isClosed) socket.close();
      else this.#use(socket);
    } catch (error) {
      if (this.#isClosed) return;
      this.#events.lost(error instanceof Error ? error.message : String(error));
      this.#timer = setTimeout(() => void this.#reopen(), REOPEN_MS).unref();
    }
  }
}

function placeText({ ip, port }: Listener): string {
  return `${ip} ${port}`;
}
