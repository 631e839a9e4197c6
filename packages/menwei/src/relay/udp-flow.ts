/** One client of a UDP relay, and the endpoint that it speaks with. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { DescriptorBudget, RelayEndpoint } from './contract.ts';
import type { FlowStage } from './idle-order.ts';
import { EndpointSocket } from './udp-socket.ts';

/** How many endpoints may refuse the same datagram. */
const MAX_ATTEMPTS = 4;
/** How many datagrams are kept for the next endpoint, or until there is a socket. */
const MAX_KEPT = 64;
/** A refusal comes within a round trip. What was sent longer ago need not be kept for it. */
const REFUSAL_MS = 1000;

/** The endpoint, or its machine, does not want our datagrams. Any other error costs the one datagram. */
const REFUSALS: readonly (string | undefined)[] = [
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
];
/** This machine has no more sockets or ports to give. */
const SHORTAGES: readonly (string | undefined)[] = ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRINUSE'];

/** How a flow ended by itself. */
export type FlowEnd = 'refused' | 'unserved' | 'no-descriptor';

export interface Client {
  readonly address: string;
  readonly port: number;
}

/** Where flows come in. */
export interface FlowListener {
  readonly port: number;
  /** By {@link flowKey}. */
  readonly flows: Map<string, UdpFlow>;
  reply(datagram: Buffer, client: Client): void;
}

/** A client's name among the flows of its listener. */
export function flowKey({ address, port }: Client): string {
  return `${address} ${port}`;
}

/** What a flow needs of its relay. */
export interface FlowOwner {
  readonly family: IpFamily;
  /** Bytes that flows may keep. */
  readonly keepable: DescriptorBudget;
  nowMs(): number;
  /** It has its first socket. */
  connected(flow: UdpFlow): void;
  /** Data from the endpoint. */
  answered(flow: UdpFlow, datagram: Buffer): void;
  attemptFailed(flow: UdpFlow, why: string): void;
  /** It turns to another endpoint. */
  retried(flow: UdpFlow): void;
  /** There is no socket or port left; true: another flow gave way, try again. */
  makeRoom(flow: UdpFlow): boolean;
  ended(flow: UdpFlow, end: FlowEnd): void;
}

export class UdpFlow {
  readonly listener: FlowListener;
  readonly client: Client;
  readonly #owner: FlowOwner;
  readonly #candidates: Iterator<RelayEndpoint, undefined>;
  #endpoint: RelayEndpoint;
  #socket: EndpointSocket | undefined;
  #state: 'connecting' | 'connected' | 'closed' = 'connecting';
  /** Sent or to be sent, and not answered yet. */
  #kept: Buffer[] = [];
  #attempts = 1;
  #sent = 0;
  #received = 0;
  #stage: FlowStage = 'unanswered';
  #lastSentMs = 0;
  #hasConnected = false;
  #hasMadeRoom = false;

  /** @param candidates the endpoints to try after the first one */
  constructor(
    listener: FlowListener,
    client: Client,
    first: RelayEndpoint,
    candidates: Iterator<RelayEndpoint, undefined>,
    owner: FlowOwner,
  ) {
    this.listener = listener;
    this.client = client;
    this.#endpoint = first;
    this.#candidates = candidates;
    this.#owner = owner;
  }

  get endpoint(): RelayEndpoint {
    return this.#endpoint;
  }

  get stage(): FlowStage {
    return this.#stage;
  }

  /** How many endpoints were tried. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Whether it was answered for the first time just now. */
  get isFirstAnswer(): boolean {
    return this.#received === 1;
  }

  /** Makes the socket; what was sent before waits for it. */
  open(): void {
    this.#state = 'connecting';
    const socket = new EndpointSocket(this.#owner.family, this.#endpoint, {
      connected: () => {
        if (this.#socket === socket) this.#connected(socket);
      },
      received: (datagram) => {
        if (this.#socket === socket) this.#receive(datagram);
      },
      // Later, since this one may come before the constructor has returned.
      failed: (error) => {
        queueMicrotask(() => {
          if (this.#socket === socket) this.#failed(error);
        });
      },
    });
    this.#socket = socket;
  }

  /** To the endpoint, at once or as soon as there is a socket. */
  send(datagram: Buffer): void {
    if (this.#state === 'closed') throw new Error(`BUG: the flow of ${flowKey(this.client)} has ended`);
    const nowMs = this.#owner.nowMs();
    this.#sent += 1;
    if (this.#received > 0) this.#stage = 'stream';
    else this.#keep(datagram, nowMs);
    this.#lastSentMs = nowMs;
    if (this.#state === 'connected') this.#socket?.send(datagram);
  }

  /** Closes the socket; the owner is not told. */
  close(): void {
    this.#state = 'closed';
    this.#forget();
    this.#socket?.close();
    this.#socket = undefined;
  }

  #keep(datagram: Buffer, nowMs: number): void {
    if (this.#state === 'connected' && nowMs - this.#lastSentMs > REFUSAL_MS) this.#forget();
    if (this.#kept.length >= MAX_KEPT || !this.#owner.keepable.take(datagram.length)) return;
    this.#kept.push(datagram);
  }

  #forget(): void {
    for (const { length } of this.#kept) this.#owner.keepable.give(length);
    this.#kept = [];
  }

  #connected(socket: EndpointSocket): void {
    this.#state = 'connected';
    if (!this.#hasConnected) this.#owner.connected(this);
    this.#hasConnected = true;
    for (const datagram of this.#kept) socket.send(datagram);
  }

  #receive(datagram: Buffer): void {
    this.#received += 1;
    this.#forget();
    // Two questions at once and their answers (a resolver asks for both families) are not a stream yet.
    if (this.#received > this.#sent) this.#stage = 'stream';
    else if (this.#stage === 'unanswered') this.#stage = 'answered';
    this.#owner.answered(this, datagram);
  }

  #failed(error: NodeJS.ErrnoException): void {
    const isConnecting = this.#state === 'connecting';
    if (isConnecting && SHORTAGES.includes(error.code)) this.#lackRoom();
    else if (isConnecting || REFUSALS.includes(error.code)) this.#refused(error);
  }

  #lackRoom(): void {
    const mayTryAgain = !this.#hasMadeRoom && this.#owner.makeRoom(this);
    this.#hasMadeRoom = true;
    if (mayTryAgain) this.#reopen();
    else this.#end('no-descriptor');
  }

  #refused({ code, message }: NodeJS.ErrnoException): void {
    this.#owner.attemptFailed(this, code ?? message);
    if (this.#received > 0) {
      this.#end('refused');
      return;
    }
    const next = this.#attempts < MAX_ATTEMPTS ? this.#candidates.next().value : undefined;
    if (next === undefined) {
      this.#end('unserved');
      return;
    }
    this.#attempts += 1;
    this.#endpoint = next;
    this.#owner.retried(this);
    this.#reopen();
  }

  #reopen(): void {
    this.#socket?.close();
    this.open();
  }

  #end(end: FlowEnd): void {
    this.close();
    this.#owner.ended(this, end);
  }
}
