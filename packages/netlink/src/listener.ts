/**
 * News that the kernel sends to everybody in a multicast group.
 *
 * The event loop itself waits for the socket, with libuv's poll handle: that costs nothing while there is no news, and
 * nothing has to be woken at the end. A blocking read on the thread pool would take one of its four threads for good, and
 * keep the process from ending until it times out.
 */

import { constants } from 'node:os';
import { EventLoopTurn } from './event-loop.ts';
import { attachFilter, setSocketOption, watchReadable } from './ffi.ts';
import { KernelError } from './kernel-error.ts';
import { type NetlinkMessage, tryDecodeMessages } from './message.ts';
import { type NetlinkSocket, openNetlinkTransport, SOL_NETLINK } from './transport.ts';

const NETLINK_ADD_MEMBERSHIP = 1;
/** About 20,000 pieces of news. */
const QUEUE_SIZE = 8 * 1024 * 1024;

/** What is done with news. What one of the functions throws ends {@link listen}. */
export interface NetlinkListener {
  /**
   * What to keep out of the queue, where it would take room: programs for the kernel (socket-filter.ts), of which the
   * first is in force that the kernel has memory for (net.core.optmem_max), and if it is too little for any, none.
   */
  readonly filters?: readonly Uint8Array[];
  /** All messages of one datagram; overwritten as soon as this returns. */
  onDatagram(messages: readonly NetlinkMessage[]): void;
  /**
   * News was lost, because it came faster than it was read, or can't be decoded. From now on nothing is missed again.
   */
  onLost(): void;
  /** From now on nothing is missed. */
  ready?(): void;
}

/**
 * Listens to multicast groups of the network namespace the calling thread is in, until the signal ends it; then the
 * promise resolves, with the socket closed. It rejects with KernelError, or with what the listener throws.
 *
 * @param protocol NETLINK_*
 * @param groups numbers of groups as the family's header gives them (RTNLGRP_*, NFNLGRP_*), not bits
 */
export async function listen(
  protocol: number,
  groups: readonly number[],
  listener: NetlinkListener,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  using socket = openListeningSocket(protocol, groups, listener.filters);
  await listenOn(socket, listener, signal);
}

/**
 * A socket that keeps news until somebody listens on it, as far as there is room. Throws KernelError.
 *
 * @param filters see {@link NetlinkListener}
 */
export function openListeningSocket(
  protocol: number,
  groups: readonly number[],
  filters: readonly Uint8Array[] = [],
): NetlinkSocket {
  const socket = openNetlinkTransport(protocol, QUEUE_SIZE);
  try {
    attachFirst(socket.fd, filters);
    for (const group of groups) joinGroup(socket.fd, group);
    return socket;
  } catch (error) {
    socket[Symbol.dispose]();
    throw error;
  }
}

/** {@link listen} on a socket that was opened before, and is not closed. */
export async function listenOn(
  socket: NetlinkSocket,
  listener: Omit<NetlinkListener, 'filters'>,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const queue = new Queue(socket, listener);
  using _watch = watchReadable(socket.fd, () => {
    try {
      queue.receivePiece(signal);
    } catch (error) {
      reject(error);
    }
  });
  const end = (): void => resolve();
  signal.addEventListener('abort', end);
  try {
    listener.ready?.();
    await promise;
  } finally {
    signal.removeEventListener('abort', end);
  }
}

function attachFirst(fd: number, [filter, ...others]: readonly Uint8Array[]): void {
  if (filter === undefined) return;
  try {
    attachFilter(fd, filter);
  } catch (error) {
    if (!(error instanceof KernelError) || error.errno !== constants.errno.ENOMEM) throw error;
    attachFirst(fd, others);
  }
}

function joinGroup(fd: number, group: number): void {
  setSocketOption(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, new Uint8Array(new Uint32Array([group]).buffer));
}

/** What one socket hears. */
class Queue {
  readonly #socket: NetlinkSocket;
  readonly #listener: NetlinkListener;
  #hasLost = false;

  constructor(socket: NetlinkSocket, listener: NetlinkListener) {
    this.#socket = socket;
    this.#listener = listener;
  }

  /** Most of the time all there is; all there is in any case after a loss, which is told at the end of the queue. */
  receivePiece(signal: AbortSignal): void {
    const turn = new EventLoopTurn();
    while (!signal.aborted && (this.#hasLost || !turn.isOver)) if (!this.#receive()) return;
  }

  #receive(): boolean {
    const datagram = this.#receiveOrLose();
    if (datagram !== undefined) this.#deliver(datagram);
    else if (this.#hasLost) {
      this.#hasLost = false;
      this.#listener.onLost();
    }
    return datagram !== undefined;
  }

  #deliver(datagram: Uint8Array): void {
    const messages = tryDecodeMessages(datagram);
    if (messages === undefined) this.#hasLost = true;
    else this.#listener.onDatagram(messages);
  }

  /** Once the queue is full the kernel drops all news until it is empty, and says so once, before the rest of the queue. */
  #receiveOrLose(): Uint8Array | undefined {
    for (;;) {
      try {
        return this.#socket.receive();
      } catch (error) {
        if (!(error instanceof KernelError) || error.errno !== constants.errno.ENOBUFS) throw error;
        this.#hasLost = true;
      }
    }
  }
}
