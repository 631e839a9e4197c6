/** The sockets of a DNS server: UDP and TCP on every address, always both (RFC 7766 § 5). */
import type { Socket } from 'node:dgram';
import { formatHostPort, type HostPort } from '@menwei/addresses/ip.ts';
import type { ServerParts } from './responder.ts';
import { listenTcp, type TcpListener } from './tcp-listener.ts';
import { listenUdp } from './udp-listener.ts';

export class DnsServer {
  readonly #udp: readonly Socket[];
  readonly #tcp: readonly TcpListener[];

  private constructor(udp: readonly Socket[], tcp: readonly TcpListener[]) {
    this.#udp = udp;
    this.#tcp = tcp;
  }

  /** Rejects with one line that names the address where it can't listen; then it listens nowhere. */
  static async listen(places: readonly HostPort[], parts: ServerParts): Promise<DnsServer> {
    const udp: Socket[] = [];
    const tcp: TcpListener[] = [];
    try {
      for (const { ip, port } of places) {
        const place = { address: ip, port };
        udp.push(await listenOrName('UDP', place, () => listenUdp(place, parts)));
        tcp.push(await listenOrName('TCP', place, () => listenTcp(place, parts)));
      }
    } catch (error) {
      new DnsServer(udp, tcp).close();
      throw error;
    }
    return new DnsServer(udp, tcp);
  }

  close(): void {
    for (const socket of this.#udp) socket.close();
    for (const listener of this.#tcp) listener.close();
  }
}

async function listenOrName<T>(
  protocol: 'UDP' | 'TCP',
  { address, port }: { readonly address: string; readonly port: number },
  listen: () => Promise<T>,
): Promise<T> {
  try {
    return await listen();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new Error(`can't listen on ${formatHostPort(address, port)} (${protocol}): ${code}`, { cause });
  }
}
