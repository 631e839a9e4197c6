/** Whole datagrams to and from the kernel, through a netlink socket. What they say is nothing of this file's business. */
import { closeSync, read, write } from 'node:fs';
import { constants } from 'node:os';
import { enlargeReceiveBuffer, enlargeSendBuffer } from './buffer-size.ts';
import { openTraceIfWanted } from './debug/switch.ts';
import type { Trace } from './debug/trace.ts';
import { formatErrno } from './errno.ts';
import {
  AF_NETLINK,
  bind,
  receiveDatagram,
  SOCK_NONBLOCK,
  SOCK_RAW,
  send,
  setSocketOption,
  socket,
  socketName,
} from './ffi.ts';
import { KernelError } from './kernel-error.ts';
import { IS_LITTLE_ENDIAN, viewOf } from './message.ts';

/** Level of the options of netlink sockets. */
export const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const ON = new Uint8Array(new Uint32Array([1]).buffer);
/** struct sockaddr_nl: family, padding, port id, groups. */
const ADDRESS_SIZE = 12;

/** Dumps come in datagrams of 32 KiB at most, other answers may be larger: the buffer grows when one is. */
const READ_BUFFER_SIZE = 64 * 1024;
/** Every message of a large batch may be answered on its own, with about 1 KiB. */
const QUEUE_SIZE = 32 * 1024 * 1024;
/** What a socket can send as it is opened: net.core.wmem_default is 208 KiB. */
const USUAL_DATAGRAM_SIZE = 64 * 1024;

/** Carries whole datagrams to and from the kernel (or a scripted peer in tests). All methods throw KernelError. */
export interface NetlinkTransport extends Disposable {
  /** Who we are: nlmsg_pid of all that the kernel sends because we asked. */
  readonly portId: number;
  send(datagram: Uint8Array): void;
  /**
   * The same on another thread, so that the event loop goes on while the kernel works: for large batches. Not to be
   * disposed of before the promise is settled.
   */
  sendAside(datagram: Uint8Array): Promise<void>;
  /**
   * The next datagram; undefined when there is none now. Valid until the next call. A KernelError with errno ENOBUFS
   * says that datagrams were lost; there may be more to receive after it.
   */
  receive(): Uint8Array | undefined;
}

/** A transport that is a socket: one can wait for it, and receive on another thread. */
export interface NetlinkSocket extends NetlinkTransport {
  readonly fd: number;
  /**
   * As `receive`, so that the event loop goes on while the kernel makes the next piece of a dump; one at a time. The
   * datagram, of 64 KiB at most, is valid until the call after the next. Not to be disposed of before the promise is settled.
   */
  receiveAside(): Promise<Uint8Array | undefined>;
}

/**
 * Opens a netlink socket in the network namespace the calling thread is in; it stays there. Answers say what the kernel
 * has to say (NETLINK_EXT_ACK) but don't repeat the request (NETLINK_CAP_ACK).
 *
 * @param protocol NETLINK_*
 * @param queueSize bytes that may wait to be received; a limit, not memory in use
 */
export function openNetlinkTransport(protocol: number, queueSize = QUEUE_SIZE): NetlinkSocket {
  const fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, protocol);
  try {
    setSocketOption(fd, SOL_NETLINK, NETLINK_CAP_ACK, ON);
    setSocketOption(fd, SOL_NETLINK, NETLINK_EXT_ACK, ON);
    const shortage = enlargeReceiveBuffer(fd, queueSize);
    return new OpenSocket(fd, bindToAnyPort(fd), shortage, openTraceIfWanted(protocol));
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Gives a socket a port id of the kernel's choice, which is returned. */
function bindToAnyPort(fd: number): number {
  const address = new Uint8Array(ADDRESS_SIZE);
  viewOf(address).setUint16(0, AF_NETLINK, IS_LITTLE_ENDIAN);
  bind(fd, address);
  return viewOf(socketName(fd)).getUint32(4, IS_LITTLE_ENDIAN);
}

class OpenSocket implements NetlinkSocket {
  readonly portId: number;
  readonly fd: number;
  readonly #shortage: string;
  readonly #trace: Trace | undefined;
  #buffer = new Uint8Array(READ_BUFFER_SIZE);
  /** The one that is received into aside, and the one before. */
  #asideBuffers: readonly [Uint8Array, Uint8Array] | undefined;
  #largestDatagram = USUAL_DATAGRAM_SIZE;
  #isClosed = false;

  /** `shortage`: why datagrams may be lost that should not be. */
  constructor(fd: number, portId: number, shortage: string, trace: Trace | undefined) {
    this.fd = fd;
    this.portId = portId;
    this.#shortage = shortage;
    this.#trace = trace;
  }

  send(datagram: Uint8Array): void {
    this.#makeRoom(datagram);
    this.#trace?.('sent', datagram);
    send(this.fd, datagram);
  }

  sendAside(datagram: Uint8Array): Promise<void> {
    this.#makeRoom(datagram);
    this.#trace?.('sent', datagram);
    return writeAside(this.fd, datagram);
  }

  receive(): Uint8Array | undefined {
    this.#refuseIfClosed();
    const size = this.#receive();
    if (size === undefined) return undefined;
    if (size <= this.#buffer.length) return this.#traced(this.#buffer.subarray(0, size));
    const detail = `a datagram of ${size} bytes was cut off: there was room for ${this.#buffer.length}`;
    this.#buffer = new Uint8Array(size);
    throw new KernelError({ operation: 'receive', object: '', detail, errno: constants.errno.ENOBUFS });
  }

  receiveAside(): Promise<Uint8Array | undefined> {
    this.#refuseIfClosed();
    const [former, buffer] = this.#asideBuffers ?? [
      new Uint8Array(READ_BUFFER_SIZE),
      new Uint8Array(READ_BUFFER_SIZE),
    ];
    this.#asideBuffers = [buffer, former];
    const datagram = readAside(this.fd, buffer);
    return this.#trace === undefined ? datagram : datagram.then((bytes) => bytes && this.#traced(bytes));
  }

  #traced(datagram: Uint8Array): Uint8Array {
    this.#trace?.('received', datagram);
    return datagram;
  }

  #receive(): number | undefined {
    try {
      return receiveDatagram(this.fd, this.#buffer);
    } catch (error) {
      if (!(error instanceof KernelError) || error.errno !== constants.errno.ENOBUFS) throw error;
      throw new KernelError({ ...error, detail: error.detail + this.#shortage, cause: error.cause });
    }
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeSync(this.fd);
  }

  #makeRoom(datagram: Uint8Array): void {
    this.#refuseIfClosed();
    if (datagram.length <= this.#largestDatagram) return;
    enlargeSendBuffer(this.fd, datagram.length);
    this.#largestDatagram = datagram.length;
  }

  #refuseIfClosed(): void {
    if (this.#isClosed) throw new Error('BUG: a closed netlink socket is used');
  }
}

function readAside(fd: number, buffer: Uint8Array): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    read(fd, buffer, (cause, size) => {
      if (cause === null) return resolve(buffer.subarray(0, size));
      if (errnoOf(cause) === constants.errno.EAGAIN) return resolve(undefined);
      reject(asideError('receive', '', cause));
    });
  });
}

function writeAside(fd: number, datagram: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    write(fd, datagram, (cause) => {
      if (cause === null) resolve();
      else reject(asideError('send', `${datagram.length} bytes`, cause));
    });
  });
}

function errnoOf(cause: NodeJS.ErrnoException): number {
  return Math.abs(cause.errno ?? 0);
}

function asideError(operation: string, object: string, cause: NodeJS.ErrnoException): KernelError {
  const errno = errnoOf(cause);
  const detail = errno === 0 ? cause.message : formatErrno(errno);
  return new KernelError({ operation, object, detail, errno, cause });
}
