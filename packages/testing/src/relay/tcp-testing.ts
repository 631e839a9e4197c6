/** Clients, endpoints and relays of TCP on the loopback interface, for tests. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import type { Relay, RelayContext, RelayEndpoint, RelayEvent } from 'menwei/relay/contract.ts';
import { TcpRelay } from 'menwei/relay/tcp-relay.ts';
import { expect, vi } from 'vitest';
import { freePort } from './free-ports.ts';
import { aRelay, aRelayContext, aRelayEndpoint } from './testing.ts';

const LOOPBACK = '127.0.0.1';

/** Sockets that a test leaves open end with it, and so does all else. */
export class TcpStage {
  readonly #cleanups: (() => unknown)[] = [];

  async end(): Promise<void> {
    for (const cleanup of this.#cleanups.reverse()) await cleanup();
  }

  async endpoint(serve: (socket: Socket) => void = () => undefined): Promise<TcpEndpoint> {
    const server = createServer({ allowHalfOpen: true });
    const endpoint = new TcpEndpoint(server, await listen(server));
    server.on('connection', (socket) => {
      this.#own(socket);
      serve(socket);
    });
    this.#cleanups.push(() => server.close());
    return endpoint;
  }

  /** An endpoint that says all that it is told. */
  echo(): Promise<TcpEndpoint> {
    return this.endpoint((socket) => socket.pipe(socket));
  }

  /** An endpoint that does not answer: its queue of connections is full, and nobody takes any from there. */
  async silentEndpoint(): Promise<RelayEndpoint> {
    const worker = new Worker(SILENT_SERVER, { eval: true });
    this.#cleanups.push(() => worker.terminate());
    const [port] = await once(worker, 'message');
    for (let queued = 0; queued < 4; queued++) this.#own(connect(port, LOOPBACK));
    return aRelayEndpoint(LOOPBACK, port);
  }

  async relay(endpoints: readonly RelayEndpoint[], changes: RelayChanges = {}): Promise<StagedRelay> {
    const { context, events } = aRelayContext(changes.context);
    const wanted = aRelay(await freePort(), endpoints, changes.relay);
    const relay = new TcpRelay(wanted, context);
    this.#cleanups.push(() => relay.close());
    const failures = await relay.update(wanted);
    if (failures.length > 0) throw new Error(`BUG: ${failures[0]?.error.message}`);
    return { relay, wanted, events };
  }

  async client({ wanted }: { readonly wanted: Relay }): Promise<Socket> {
    const [listener] = wanted.listeners;
    if (listener === undefined) throw new Error('BUG: a relay without listener');
    const socket = this.#own(connect({ port: listener.port, host: LOOPBACK, allowHalfOpen: true }));
    await once(socket, 'connect');
    return socket;
  }

  /** A client that has its endpoint already, which says all that it is told. */
  async joinedClient(relay: { readonly wanted: Relay }): Promise<Socket> {
    const client = await this.client(relay);
    const answer = await answersTo(client, 'hello');
    if (answer !== 'hello') throw new Error(`BUG: the endpoint said ${answer}`);
    return client;
  }

  /** A client, and what a server gets of it. */
  async acceptedClient(): Promise<{ readonly client: Socket; readonly accepted: Socket }> {
    const server = await this.endpoint();
    const client = this.#own(connect({ port: server.port, host: LOOPBACK, allowHalfOpen: true }));
    return { client, accepted: await server.accept() };
  }

  #own(socket: Socket): Socket {
    this.#cleanups.push(() => socket.destroy());
    return socket.on('error', () => undefined);
  }
}

interface RelayChanges {
  readonly relay?: Partial<Relay>;
  readonly context?: Parameters<typeof aRelayContext>[0] & Partial<Omit<RelayContext, 'limits'>>;
}

export interface StagedRelay {
  readonly relay: TcpRelay;
  readonly wanted: Relay;
  readonly events: readonly RelayEvent[];
}

/** A server, of which connections are taken one by one. */
export class TcpEndpoint implements RelayEndpoint {
  readonly ip = LOOPBACK;
  readonly port: number;
  readonly text: string;
  readonly server: Server;
  readonly #accepted: Socket[] = [];
  readonly #waiting: ((socket: Socket) => void)[] = [];

  constructor(server: Server, port: number) {
    this.server = server;
    this.port = port;
    this.text = aRelayEndpoint(LOOPBACK, port).text;
    server.on('connection', (socket: Socket) => {
      const next = this.#waiting.shift();
      if (next === undefined) this.#accepted.push(socket);
      else next(socket);
    });
  }

  /** The next connection that comes, or came already. */
  accept(): Promise<Socket> {
    const socket = this.#accepted.shift();
    return socket === undefined
      ? new Promise((resolve) => this.#waiting.push(resolve))
      : Promise.resolve(socket);
  }
}

/** What the endpoint says to this. */
export async function answersTo(client: Socket, question: string): Promise<string> {
  client.write(question);
  const [answer] = await once(client, 'data');
  return String(answer);
}

export function eventsOf({ events }: StagedRelay, name: RelayEvent['event']): readonly RelayEvent[] {
  return events.filter(({ event }) => event === name);
}

export function allEnded({ relay }: StagedRelay): Promise<void> {
  return vi.waitFor(() => expect(relay.openCount).toBe(0));
}

/** All that comes until the other side has ended; rejects if it does not end well. */
export async function readAll(socket: Socket): Promise<string> {
  let text = '';
  for await (const data of socket.setEncoding('utf8')) text += String(data);
  return text;
}

/** Why the socket was closed: the code of its error, or `end`. */
export function endOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.once('close', () => resolve('end'));
    socket.resume();
  });
}

async function listen(server: Server): Promise<number> {
  server.listen(0, LOOPBACK);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('BUG: a TCP server without an address');
  return address.port;
}

const SILENT_SERVER = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '${LOOPBACK}', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;
