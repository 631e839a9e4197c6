/** Both ends of UDP relays, for tests: clients and endpoints on loopback addresses. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { familyOf } from '@menwei/addresses/ip.ts';
import type { RelayEndpoint } from 'menwei/relay/contract.ts';
import { aRelayEndpoint } from './testing.ts';

/** A UDP socket that keeps what comes. */
export class UdpPeer implements AsyncDisposable {
  readonly socket: Socket;
  /** Text of the datagrams that came, first first. */
  readonly received: string[] = [];
  /** The senders of these, `127.0.0.1:1234`. */
  readonly senders: string[] = [];
  #isOpen = true;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('message', (datagram, { address, port }) => {
      this.received.push(datagram.toString('latin1'));
      this.senders.push(`${address}:${port}`);
      socket.emit('kept');
    });
  }

  static async open(ip = '127.0.0.1', port = 0): Promise<UdpPeer> {
    const type = familyOf(ip) === 'IPv4' ? 'udp4' : 'udp6';
    const socket = createSocket({ type, recvBufferSize: 4 << 20 });
    socket.bind(port, ip);
    await once(socket, 'listening');
    return new UdpPeer(socket);
  }

  get endpoint(): RelayEndpoint {
    const { address, port } = this.socket.address();
    return aRelayEndpoint(address, port);
  }

  /** Sends back what comes, with its own mark in front. */
  answer(mark = ''): this {
    this.socket.on('message', (datagram, { address, port }) =>
      this.socket.send(Buffer.concat([Buffer.from(mark), datagram]), port, address),
    );
    return this;
  }

  send(text: string, port: number, ip = '127.0.0.1'): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.send(Buffer.from(text, 'latin1'), port, ip, (error) =>
        error === null ? resolve() : reject(error),
      );
    });
  }

  /** The datagrams, as soon as there are as many. */
  async got(count: number): Promise<readonly string[]> {
    while (this.received.length < count) await once(this.socket, 'kept');
    return this.received;
  }

  /** One datagram, and the next that comes. */
  async ask(text: string, port: number, ip = '127.0.0.1'): Promise<string> {
    const before = this.received.length;
    await this.send(text, port, ip);
    return (await this.got(before + 1))[before] ?? '';
  }

  close(): void {
    if (this.#isOpen) this.socket.close();
    this.#isOpen = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

/** A port that nobody has now. */
export async function freeUdpPort(ip = '127.0.0.1'): Promise<number> {
  const peer = await UdpPeer.open(ip);
  const { port } = peer.endpoint;
  peer.close();
  return port;
}
