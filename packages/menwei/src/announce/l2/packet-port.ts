/** An interface through a packet socket, and the groups that it is told of. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { decode, encode } from '@menwei/neighbor/frame.ts';
import { GroupMemberships } from '@menwei/neighbor/group-memberships.ts';
import type { NeighborMessage } from '@menwei/neighbor/message.ts';
import { openPacketSocket, type PacketSocket } from '@menwei/neighbor/packet-socket.ts';
import type { Port, PortListener } from './wire.ts';

export class PacketPort implements Port {
  readonly #socket: PacketSocket;
  readonly #groups: GroupMemberships;
  readonly #closed: () => void;
  readonly interfaceIndex: number;

  constructor(
    interfaceIndex: number,
    family: IpFamily,
    { onMessage, onError }: PortListener,
    closed: () => void,
  ) {
    this.interfaceIndex = interfaceIndex;
    this.#closed = closed;
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
    this.#socket.send(encode(message));
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
}
