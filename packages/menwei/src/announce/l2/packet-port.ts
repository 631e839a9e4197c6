/** An interface through a packet socket, and the groups that it is told of. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { decode, encode } from '@menwei/neighbor/frame.ts';
import { GroupMemberships } from '@menwei/neighbor/group-memberships.ts';
import type { NeighborMessage } from '@menwei/neighbor/message.ts';
import { openPacketSocket, type PacketSocket } from '@menwei/neighbor/packet-socket.ts';
import { HeardBlocks } from './heard-blocks.ts';
import type { Port, PortListener } from './wire.ts';

export class PacketPort implements Port {
  readonly #socket: PacketSocket;
  readonly #groups: GroupMemberships;
  readonly #closed: () => void;
  readonly interfaceIndex: number;
  readonly #onError: (error: Error) => void;
  readonly #heard = new HeardBlocks();
  #isChanged = false;

  constructor(
    interfaceIndex: number,
    family: IpFamily,
    { onMessage, onError }: PortListener,
    closed: () => void,
  ) {
    this.interfaceIndex = interfaceIndex;
    this.#closed = closed;
    this.#onError = onError;
    this.#groups = new GroupMemberships(interfaceIndex);
    this.#socket = openPacketSocket(family === 'IPv4' ? 'ARP' : 'NDP', interfaceIndex, {
      onFrame(frame) {
        const message = decode(frame);
        if (message !== undefined) onMessage(message);
      },
      onError,
    });
  }

  send(message: NeighborMessage): void {
    // What is asked now may be answered before this returns.
    this.#change();
    this.#socket.send(encode(message));
  }

  hearOf(ip: string): void {
    if (this.#heard.add(ip)) this.#changeSoon();
  }

  ignore(ip: string): void {
    this.#heard.delete(ip, performance.now());
  }

  join(ip: string): void {
    this.#groups.join(ip);
  }

  leave(ip: string): void {
    this.#groups.leave(ip);
  }

  isBound(): boolean {
    return this.#socket.isBound();
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
    this.#groups[Symbol.dispose]();
    this.#closed();
  }

  /** All that changes in one go is one program for the kernel. */
  #changeSoon(): void {
    if (this.#isChanged) return;
    this.#isChanged = true;
    queueMicrotask(() => {
      try {
        this.#change();
      } catch (error) {
        this.#onError(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  #change(): void {
    if (!this.#isChanged) return;
    this.#isChanged = false;
    this.#socket.hearOf(this.#heard.ranges(performance.now()));
  }
}
