/** Questions that come over connections, at one address. */
import { createServer, type Server, type Socket } from 'node:net';
import { familyOf } from '@menwei/addresses/ip.ts';
import type { ServerParts } from './responder.ts';
import { TcpConnection, type TcpLimits } from './tcp-connection.ts';

/** What the kernel keeps for us while we are busy; it allows no more than net.core.somaxconn. */
const BACKLOG = 1024;
const LIMITS: TcpLimits = { connections: 1000, idleMs: 10_000, messageMs: 5000 };

/** The connections of all listeners of a server. */
export class TcpConnections {
  readonly #parts: ServerParts;
  readonly #limits: TcpLimits;
  /** The one whose last message is the longest ago is the first. */
  readonly #open = new Set<TcpConnection>();

  constructor(parts: ServerParts, limits: TcpLimits = LIMITS) {
    this.#parts = parts;
    this.#limits = limits;
  }

  get count(): number {
    return this.#open.size;
  }

  accept(socket: Socket): void {
    const { clients, observer } = this.#parts;
    const { remoteAddress: address, remotePort: port = 0 } = socket;
    // Without an address it has gone already.
    if (address === undefined || !clients.has(address)) {
      if (address !== undefined) observer.refusedClient('tcp');
      socket.on('error', () => undefined);
      socket.resetAndDestroy();
      return;
    }
    const [longestIdle] = this.#open;
    if (this.#open.size >= this.#limits.connections) longestIdle?.close();
    const connection = new TcpConnection(socket, {
      responder: this.#parts.responder,
      peer: { address, port, transport: 'tcp' },
      limits: this.#limits,
      used: () => {
        this.#open.delete(connection);
        this.#open.add(connection);
      },
      ended: () => this.#open.delete(connection),
    });
    this.#open.add(connection);
  }

  closeAll(): void {
    for (const connection of this.#open) connection.close();
  }
}

/** Listens, or rejects with what the kernel says. */
export async function listenTcp(
  { address, port }: { readonly address: string; readonly port: number },
  connections: TcpConnections,
  failed: () => void,
): Promise<Server> {
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => connections.accept(socket));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  const ipv6Only = familyOf(address) === 'IPv6';
  server.listen({ host: address, port, backlog: BACKLOG, exclusive: true, ipv6Only }, resolve);
  await promise;
  server.off('error', reject);
  server.on('error', failed);
  return server;
}
