/** Accepting TCP connections at one address. */
import { createServer, type Server, type Socket } from 'node:net';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { SOCKET_OPTIONS } from './endpoint-socket.ts';
import { listenError, type Place } from './listen-error.ts';

/** What the kernel keeps for us while we are busy; it allows no more than net.core.somaxconn. */
const BACKLOG = 4096;

interface TcpListenerOptions {
  readonly family: IpFamily;
  readonly place: Place;
  /** Whether other threads listen there too. */
  readonly sharesPorts: boolean;
  /** It has an error listener only when this gives it one. */
  readonly accepted: (client: Socket) => void;
  /** The kernel could not give a connection to us: EMFILE, ENFILE, … */
  readonly failed: (error: NodeJS.ErrnoException) => void;
}

/** Starts to listen. Rejects with KernelError (operation `listen`, errno). */
export function listenTcp(options: TcpListenerOptions): Promise<Server> {
  const { family, place, sharesPorts, accepted, failed } = options;
  const server = createServer(SOCKET_OPTIONS, accepted);
  return new Promise((resolve, reject) => {
    const refuse = (cause: NodeJS.ErrnoException) => reject(listenError('TCP', place, cause));
    server.once('error', refuse);
    server.once('listening', () => {
      server.off('error', refuse);
      server.on('error', failed);
      resolve(server);
    });
    server.listen({
      host: place.ip,
      port: place.port,
      backlog: BACKLOG,
      exclusive: true,
      reusePort: sharesPorts,
      ipv6Only: family === 'IPv6',
    });
  });
}
