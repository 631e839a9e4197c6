/**
 * One TCP connection of a client and the one to its endpoint, between which all that comes is passed on: data, the end of
 * one direction, a reset. What nobody reads stays where it is: one side is not read from while the other has not taken
 * what came before.
 *
 * There may be thousands that are idle, so nothing here is kept for each of them that can be shared: listeners are
 * functions that know their connection by the socket they are called on.
 */
import type { Socket } from 'node:net';
import type { RelayEndpoint } from './contract.ts';
import type { EndpointSocket } from './endpoint-socket.ts';

/** A client and, once there is one, its endpoint. Lasts until both sockets are closed. */
export class TcpConnection {
  readonly client: Socket;
  readonly #ended: (connection: TcpConnection) => void;
  #toEndpoint: EndpointSocket | undefined;
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
   * Starts to pass on. The socket is connected; it is closed at once if the client has gone meanwhile, and false
   * returned.
   */
  join(socket: EndpointSocket, endpoint: RelayEndpoint): boolean {
    if (this.client.destroyed) {
      socket.resetAndDestroy();
      return false;
    }
    this.#toEndpoint = socket;
    this.#endpoint = endpoint;
    this.#openSockets++;
    socket.connection = this;
    socket.on('drain', onDrain).on('end', onEndpointEnd).on('error', onError).on('close', onClose);
    this.client.on('drain', onDrain).on('end', onClientEnd).on('data', passToEndpoint);
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

/** What listeners see of the socket they are called on. */
interface LinkedSocket extends Socket {
  readonly connection: TcpConnection | undefined;
}

function passToEndpoint(this: LinkedSocket, data: Buffer): void {
  if (this.connection?.peerOf(this)?.write(data) === false) this.pause();
}

function onDrain(this: LinkedSocket): void {
  this.connection?.peerOf(this)?.resume();
}

function onClientEnd(this: LinkedSocket): void {
  this.connection?.peerOf(this)?.end();
}

function onEndpointEnd(this: EndpointSocket & LinkedSocket): void {
  if (this.hasLostWrites) this.connection?.reset();
  else this.connection?.client.end();
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
