/** The sockets of a DNS server: UDP and TCP on every address, always both (RFC 7766 § 5). */
import type { Server } from 'node:net';
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { formatHostPort, type HostPort, isWildcard } from '@menwei/addresses/ip.ts';
import { KernelError } from '@menwei/netlink';
import { errorCode } from '../../log/error-text.ts';
import type { ServerParts } from './responder.ts';
import type { TcpLimits } from './tcp-connection.ts';
import { listenTcp, TcpConnections } from './tcp-listener.ts';
import { listenUdp } from './udp-listener.ts';

export class DnsServer {
  /** Where it listens: not at `::` on a machine without IPv6, if there are others. */
  readonly places: HostPort[] = [];
  readonly #udp: Disposable[] = [];
  readonly #tcp: Server[] = [];
  readonly #connections: TcpConnections;

  private constructor(connections: TcpConnections) {
    this.#connections = connections;
  }

  /** Rejects with one line that names the address where it can't listen; then it listens nowhere. */
  static async listen(
    places: readonly HostPort[],
    parts: ServerParts,
    tcpLimits?: TcpLimits,
  ): Promise<DnsServer> {
    const server = new DnsServer(new TcpConnections(parts, tcpLimits));
    try {
      for (const place of places) {
        const mayBeMissing = isWildcard(place.ip) && places.length > 1;
        if (await server.#listen(place, parts, mayBeMissing)) server.places.push(place);
      }
    } catch (error) {
      server.close();
      throw error;
    }
    return server;
  }

  get tcpConnections(): number {
    return this.#connections.count;
  }

  close(): void {
    for (const socket of this.#udp.splice(0)) socket[Symbol.dispose]();
    for (const server of this.#tcp.splice(0)) server.close();
    this.#connections.closeAll();
  }

  /** False: the machine does not have the family of a wildcard address. */
  async #listen({ ip, port }: HostPort, parts: ServerParts, mayBeMissing: boolean): Promise<boolean> {
    const place = { address: ip, port };
    const failed = () => parts.observer.socketFailed('tcp');
    try {
      this.#udp.push(await listenOrName('UDP', place, () => listenUdp(place, parts)));
    } catch (error) {
      if (mayBeMissing && error instanceof Error && isWithoutFamily(error.cause)) return false;
      throw error;
    }
    this.#tcp.push(await listenOrName('TCP', place, () => listenTcp(place, this.#connections, failed)));
    return true;
  }
}

function isWithoutFamily(cause: unknown): boolean {
  return cause instanceof KernelError
    ? cause.errno === constants.errno.EAFNOSUPPORT
    : errorCode(cause) === 'EAFNOSUPPORT';
}

interface Place {
  readonly address: string;
  readonly port: number;
}

async function listenOrName<T>(
  protocol: 'UDP' | 'TCP',
  { address, port }: Place,
  listen: () => Promise<T>,
): Promise<T> {
  try {
    return await listen();
  } catch (cause) {
    throw new Error(`can't listen on ${formatHostPort(address, port)} (${protocol}): ${reason(cause)}`, {
      cause,
    });
  }
}

/** `EADDRINUSE` */
function reason(cause: unknown): string {
  if (cause instanceof KernelError && cause.errno !== undefined) return getSystemErrorName(-cause.errno);
  return errorCode(cause) || String(cause);
}
