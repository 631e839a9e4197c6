/**
 * One TCP connection of a client and the one to its endpoint, between which all that comes is passed on: data, the end of
 * one direction, a reset. What nobody reads stays where it is: one side is not read from while the other has not taken
 * what came before.
 *
 * There may be thousands that are idle, so nothing here is kept for each of them that can be shared: listeners are
 * functions that know their connection by the socket they are called on, and what comes from endpoints is received into
 * the same buffer for all of a thread.
 */
import { connect, type Socket } from 'node:net';
import type { RelayEndpoint } from './contract.ts';

/** Probes are sent over connections where nothing goes, which finds peers that vanished (as Go does for kube-proxy). */
const KEEP_ALIVE_MS = 15_000;
const BUFFER_BYTES = 65_536;

/** What both sockets have in common. */
export const SOCKET_OPTIONS = {
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: KEEP_ALIVE_MS,
} as const;

interface Link {
  connection: TcpConnection | undefined;
}
type LinkedSocket = Socket & Link;

/** A socket to an endpoint, of which a {@link TcpConnection} may be made when it has connected. */
export function connectToEndpoint(
  { ip, port }: RelayEndpoint,
  settled: (error: NodeJS.ErrnoException | undefined) => void,
): LinkedSocket {
  const onread = { buffer: received, callback: passToClient };
  const socket: LinkedSocket = Object.assign(connect({ ...SOCKET_OPTIONS, host: ip, port, onread }), {
    connection: undefined,
  });
  const connected = () => {
    socket.off('error', refused);
    // Nobody listens there, and chance gave our end the very same port: TCP takes that for a connection.
    if (socket.localPort !== port || socket.localAddress !== ip) return settled(undefined);
    socket.on('error', ignore).destroy();
    settled(Object.assign(new Error('connected to itself'), { code: 'ECONNREFUSED' }));
  };
  const refused = (error: NodeJS.ErrnoException) => {
    socket.off('connect', connected);
    settled(error);
  };
  return socket.once('connect', connected).once('error', refused);
}

/** A client and, once there is one, its endpoint. Lasts until both sockets are closed. */
export class TcpConnection {
  readonly client: Socket;
  readonly #ended: (connection: TcpConnection) => void;
  #toEndpoint: Socket | undefined;
  #endpoint: RelayEndpoint | undefined;
  #openSockets = 1;
  #isReset = false;
  #progress = 0;
  #progressMs: number;

  /** @param ended called once, when all is closed */
  constructor(client: Socket, nowMs: number, ended: (connection: TcpConnection) => void) {
    this.client = Object.assign(client, { connection: this }).on('error', onError).on('close', onClose);
    this.#progressMs = nowMs;
    this.#ended = ended;
  }

  get endpoint(): RelayEndpoint | undefined {
    return this.#endpoint;
  }

  /**
   * Starts to pass on. The socket comes from {@link connectToEndpoint}, and is connected; it is closed at once if the client
   * has gone meanwhile, and false returned.
   */
  join(socket: LinkedSocket, endpoint: RelayEndpoint): boolean {
    if (this.client.destroyed) {
      socket.on('error', ignore).resetAndDestroy();
      return false;
    }
    this.#toEndpoint = socket;
    this.#endpoint = endpoint;
    this.#openSockets++;
    socket.connection = this;
    socket.on('drain', onDrain).on('end', onEnd).on('error', onError).on('close', onClose);
    this.client.on('drain', onDrain).on('end', onEnd).on('data', passToEndpoint);
    // It has said nothing, and will not: that was told when there was no endpoint yet.
    if (this.client.readableEnded) socket.end();
    return true;
  }

  peerOf(socket: Socket): Socket | undefined {
    return socket === this.client ? this.#toEndpoint : this.client;
  }

  /** Ends both at once, in a way that tells them that this was not the end of the data. False: that was done before. */
  reset(): boolean {
    if (this.#isReset) return false;
    this.#isReset = true;
    resetSocket(this.client);
    if (this.#toEndpoint !== undefined) resetSocket(this.#toEndpoint);
    return true;
  }

  socketClosed(): void {
    this.#openSockets--;
    if (this.#openSockets === 0) this.#ended(this);
  }

  /** For how long nothing has been passed on, as far as calls of this one could see. */
  quietMs(nowMs: number): number {
    const progress =
      passedOn(this.client) + (this.#toEndpoint === undefined ? 0 : passedOn(this.#toEndpoint));
    if (progress !== this.#progress) this.#progressMs = nowMs;
    this.#progress = progress;
    return nowMs - this.#progressMs;
  }

  /** Data waits for somebody who does not take it. */
  get isWaiting(): boolean {
    return this.client.writableLength > 0 || (this.#toEndpoint?.writableLength ?? 0) > 0;
  }

  /** One direction has ended. */
  get isHalfClosed(): boolean {
    return this.client.readableEnded || this.#toEndpoint?.readableEnded === true;
  }
}

/** Bytes that came from here or went there, without those that wait to go; grows with all that gets through. */
function passedOn(socket: Socket): number {
  return socket.bytesRead - socket.writableLength;
}

/** Where data from endpoints arrives; it is copied before the next comes. */
const received = Buffer.allocUnsafeSlow(BUFFER_BYTES);
/** The copy. It can be used again if the kernel took all of it at once, which is the rule. */
let passing = Buffer.allocUnsafeSlow(BUFFER_BYTES);

/** What a socket of an endpoint does with data, `length` bytes of {@link received}; false: no more for now. */
function passToClient(this: LinkedSocket, length: number): boolean {
  const client = this.connection?.client;
  if (client === undefined) throw new Error('BUG: data from an endpoint that nobody was connected to');
  // It has to wait, so no more is kept than what there is.
  if (client.writableLength > 0) return client.write(Buffer.from(received.subarray(0, length)));
  received.copy(passing, 0, 0, length);
  const goOn = client.write(passing.subarray(0, length));
  if (client.writableLength > 0) passing = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  return goOn;
}

function passToEndpoint(this: LinkedSocket, data: Buffer): void {
  if (this.connection?.peerOf(this)?.write(data) === false) this.pause();
}

function onDrain(this: LinkedSocket): void {
  this.connection?.peerOf(this)?.resume();
}

function onEnd(this: LinkedSocket): void {
  this.connection?.peerOf(this)?.end();
}

function onError(this: LinkedSocket): void {
  const peer = this.connection?.peerOf(this);
  if (peer !== undefined) resetSocket(peer);
}

function onClose(this: LinkedSocket): void {
  this.connection?.socketClosed();
}

function resetSocket(socket: Socket): void {
  if (socket.destroyed) return;
  // The kernel is being told that no more will come; libuv can't reset meanwhile, and would lose the descriptor.
  const isShutting = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (isShutting) socket.destroy();
  else socket.resetAndDestroy();
}

function ignore(): void {
  // There is nobody to tell.
}
