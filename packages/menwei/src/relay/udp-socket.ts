/** Datagram sockets as relays use them. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { RelayEndpoint } from './contract.ts';
import { listenError, type Place } from './listen-error.ts';

/** For bursts; the kernel gives less where net.core.rmem_max says so. */
const LISTENER_BUFFER_BYTES = 4 << 20;
/** What the kernel does not take at once waits up to here; what comes then is lost, as on any congested way. */
const MAX_QUEUED_BYTES = 1 << 20;

/** Binds a socket. Rejects with KernelError (operation `listen`, errno). */
export function listenUdp(family: IpFamily, place: Place, sharesPorts: boolean): Promise<Socket> {
  const socket = createSocket({
    type: family === 'IPv4' ? 'udp4' : 'udp6',
    ipv6Only: family === 'IPv6',
    reusePort: sharesPorts,
    recvBufferSize: LISTENER_BUFFER_BYTES,
    sendBufferSize: LISTENER_BUFFER_BYTES,
    lookup: addressItself,
  });
  return new Promise((resolve, reject) => {
    const refuse = (cause: NodeJS.ErrnoException): void => {
      socket.close();
      reject(listenError('UDP', place, cause));
    };
    socket.once('error', refuse);
    socket.once('listening', () => {
      socket.off('error', refuse);
      resolve(socket);
    });
    // Not shared with other processes of a cluster; nothing else would be meant by the word here.
    socket.bind({ address: place.ip, port: place.port, exclusive: true });
  });
}

interface EndpointSocketEvents {
  readonly connected: () => void;
  readonly received: (datagram: Buffer) => void;
  /** The socket could not be made, or a datagram not be sent, or the endpoint's machine sent an ICMP error. */
  readonly failed: (error: NodeJS.ErrnoException) => void;
}

/** A socket that speaks with one endpoint only, and learns when that refuses. After `close` it tells nothing any more. */
export class EndpointSocket {
  readonly #socket: Socket;
  readonly #events: EndpointSocketEvents;
  #isClosed = false;

  constructor(family: IpFamily, endpoint: RelayEndpoint, events: EndpointSocketEvents) {
    this.#events = events;
    this.#socket = createSocket({ type: family === 'IPv4' ? 'udp4' : 'udp6', lookup: addressItself });
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('message', events.received);
    this.#socket.on('connect', events.connected);
    this.#socket.connect(endpoint.port, endpoint.ip);
  }

  send(datagram: Buffer): void {
    if (this.#socket.getSendQueueSize() > MAX_QUEUED_BYTES) return;
    this.#socket.send(datagram, (error) => {
      if (error !== null) this.#fail(error);
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.close();
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (!this.#isClosed) this.#events.failed(error);
  }
}

/** Sends one datagram to a client. That it can't be sent is the client's business alone. */
export function sendTo(socket: Socket, datagram: Buffer, client: Pick<RemoteInfo, 'address' | 'port'>): void {
  if (socket.getSendQueueSize() > MAX_QUEUED_BYTES) return;
  socket.send(datagram, client.port, client.address, () => undefined);
}

/** Addresses are never names: nothing to look up, and nothing to wait for. */
function addressItself(
  address: string,
  _family: unknown,
  done: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  done(null, address, address.includes(':') ? 6 : 4);
}
