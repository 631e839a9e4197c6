/**
 * Packet sockets (packet(7)): whole frames of one interface, in and out, whatever addresses the interface has. It takes
 * CAP_NET_RAW and nothing else.
 */
import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { IS_LITTLE_ENDIAN, KernelError } from '@menwei/netlink';
import {
  AF_PACKET,
  attachFilter,
  bind,
  encodeProgram,
  enlargeReceiveBuffer,
  receiveDatagram,
  SOCK_NONBLOCK,
  SOCK_RAW,
  send,
  socket,
  socketName,
  watchReadable,
} from '@menwei/netlink/native';
import type { NumberRange } from './address-ranges.ts';
import { ETHERTYPE, viewOf } from './ethernet.ts';
import { arpFilter, neighborDiscoveryFilter } from './packet-filter.ts';

/** struct sockaddr_ll: family, protocol, interface, hardware type, packet type, address with its length. */
const ADDRESS_SIZE = 20;
/** Larger frames are no messages of neighbours. */
const BUFFER_SIZE = 2048;
/** So many frames may wait while the event loop is busy: about 1,000 (each is counted with the kernel's own bookkeeping). */
const QUEUE_SIZE = 1024 * 1024;
const FILTERS = { ARP: arpFilter, NDP: neighborDiscoveryFilter } as const;
/** Others get a turn after so many. */
const FRAMES_PER_TURN = 256;

interface FrameListener {
  /** Overwritten as soon as this returns. */
  onFrame(frame: Uint8Array): void;
  /** The interface went down, or the like: frames may have been missed, and may come again. */
  onError(error: KernelError): void;
}

export interface PacketSocket extends Disposable {
  /** Sends one whole frame. Throws KernelError. */
  send(frame: Uint8Array): void;
  /** Whether it still hears the interface it was opened on: no longer when that was removed. Throws KernelError. */
  isBound(): boolean;
  /**
   * From now on the kernel keeps out what has to do with no address whose last 32 bits are in one of these ranges: on a large segment
   * that is nearly everything. They should be few. Throws KernelError.
   */
  hearOf(ranges: readonly NumberRange[]): void;
}

/**
 * Opens a socket for one protocol on one interface, and listens until it is disposed of. Frames that this machine itself
 * sends, that are for others, or are of a VLAN on the interface don't arrive. Throws KernelError.
 */
export function openPacketSocket(
  protocol: 'ARP' | 'NDP',
  interfaceIndex: number,
  listener: FrameListener,
): PacketSocket {
  // Without a protocol it hears nothing: with one, it would hear all interfaces until it is bound.
  const fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
  try {
    attachFilter(fd, encodeProgram(FILTERS[protocol](interfaceIndex, undefined)));
    enlargeReceiveBuffer(fd, QUEUE_SIZE);
    bind(fd, encodeAddress(protocol === 'ARP' ? ETHERTYPE.ARP : ETHERTYPE.IPV6, interfaceIndex));
    return new OpenPacketSocket(fd, protocol, interfaceIndex, listener);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

class OpenPacketSocket implements PacketSocket {
  readonly #fd: number;
  readonly #protocol: 'ARP' | 'NDP';
  readonly #index: number;
  readonly #listener: FrameListener;
  readonly #watch: Disposable;
  readonly #buffer = new Uint8Array(BUFFER_SIZE);
  #isClosed = false;

  constructor(fd: number, protocol: 'ARP' | 'NDP', index: number, listener: FrameListener) {
    this.#fd = fd;
    this.#protocol = protocol;
    this.#index = index;
    this.#listener = listener;
    this.#watch = watchReadable(fd, () => this.#receive());
  }

  send(frame: Uint8Array): void {
    if (this.#isClosed) throw new Error('BUG: a closed packet socket is used');
    send(this.#fd, frame);
  }

  isBound(): boolean {
    if (this.#isClosed) return false;
    return viewOf(socketName(this.#fd)).getInt32(4, IS_LITTLE_ENDIAN) === this.#index;
  }

  hearOf(ranges: readonly NumberRange[]): void {
    if (this.#isClosed) return;
    try {
      this.#attach(ranges);
    } catch (error) {
      // net.core.optmem_max is small here: better all than too few.
      if (!(error instanceof KernelError) || error.errno !== constants.errno.ENOMEM) throw error;
      this.#attach(undefined);
    }
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#watch[Symbol.dispose]();
    closeSync(this.#fd);
  }

  #attach(ranges: readonly NumberRange[] | undefined): void {
    attachFilter(this.#fd, encodeProgram(FILTERS[this.#protocol](this.#index, ranges)));
  }

  /** What is left over makes the event loop call again. */
  #receive(): void {
    for (let count = 0; count < FRAMES_PER_TURN && !this.#isClosed; count++) {
      let size: number | undefined;
      try {
        size = receiveDatagram(this.#fd, this.#buffer);
      } catch (error) {
        if (!(error instanceof KernelError)) throw error;
        this.#listener.onError(error);
        return;
      }
      if (size === undefined) return;
      if (size <= BUFFER_SIZE) this.#listener.onFrame(this.#buffer.subarray(0, size));
    }
  }
}

/** The protocol stands in it in the network's byte order, all else in the machine's. */
function encodeAddress(protocol: number, interfaceIndex: number): Uint8Array {
  const bytes = new Uint8Array(ADDRESS_SIZE);
  const view = viewOf(bytes);
  view.setUint16(0, AF_PACKET, IS_LITTLE_ENDIAN);
  view.setUint16(2, protocol);
  view.setInt32(4, interfaceIndex, IS_LITTLE_ENDIAN);
  return bytes;
}
