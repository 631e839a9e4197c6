/**
 * The server in every pod: answers HTTP and UDP on the same port with its own name and the client it saw. The HTTP
 * upgrade `echo` turns a connection into one that sends everything back, for as long as it is open.
 */
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { familyOf } from '@menwei/addresses/ip.ts';
import type { Answer } from './outcome.ts';

/** Who answers. */
export interface ServerIdentity {
  readonly pod: string;
  readonly node: string;
}

export interface EchoServer {
  close(): Promise<void>;
}

/**
 * Every address of the calling thread's namespace. A datagram to one of several is answered from the one that the kernel
 * prefers, which may be another.
 */
const ANY_ADDRESS: readonly string[] = ['0.0.0.0', '::'];

/** Serves every port: HTTP on all addresses, UDP on those that are named, or else on all. */
export async function startEchoServer(
  identity: ServerIdentity,
  ports: readonly number[],
  addresses: readonly string[] = ANY_ADDRESS,
): Promise<EchoServer> {
  const servers = await Promise.all(
    ports.flatMap((port) => [
      serveHttp(identity, port),
      ...addresses.map((address) => serveUdp(identity, port, address)),
    ]),
  );
  return {
    close: async () => {
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}

/** The body of every answer. */
export function encodeAnswer(identity: ServerIdentity, address: string, port: number): string {
  const answer: Answer = { ...identity, client: withoutMapping(address), clientPort: port, status: 200 };
  return `${JSON.stringify(answer)}\n`;
}

/** A socket of both families shows IPv4 peers as `::ffff:10.0.0.1`. */
function withoutMapping(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}

async function serveHttp(identity: ServerIdentity, port: number): Promise<EchoServer> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((request, response) => {
    const body = encodeAnswer(identity, request.socket.remoteAddress ?? '', request.socket.remotePort ?? 0);
    // Without a length the answer lasts until the server closes. So the server always closes first, and it is the one
    // that keeps the connection for a minute (TIME_WAIT): a client may use the same source port again at once.
    response.useChunkedEncodingByDefault = false;
    response.removeHeader('content-length');
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(body);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (_request, socket: Socket) => {
    socket.on('error', () => socket.destroy());
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.write(encodeAnswer(identity, socket.remoteAddress ?? '', socket.remotePort ?? 0));
    socket.pipe(socket);
  });
  server.listen({ port, backlog: 1024 });
  await once(server, 'listening');
  return {
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function serveUdp(identity: ServerIdentity, port: number, address: string): Promise<EchoServer> {
  const type = familyOf(address) === 'IPv4' ? 'udp4' : 'udp6';
  const socket: UdpSocket = createSocket({ type, ipv6Only: type === 'udp6', recvBufferSize: 1 << 20 });
  socket.on('message', (_message: Buffer, peer: RemoteInfo) => {
    socket.send(encodeAnswer(identity, peer.address, peer.port), peer.port, peer.address, () => undefined);
  });
  socket.bind({ address, port });
  await once(socket, 'listening');
  return {
    close: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
}
