/** Questions that come as datagrams, on one address, through node:dgram: a system call each. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { familyOf } from '@menwei/addresses/ip.ts';
import type { ServerParts } from './responder.ts';

/** For bursts; the kernel gives less where net.core.rmem_max says so. */
const BUFFER_BYTES = 4 << 20;
/** What the kernel does not take at once waits up to here; what comes then is lost, as on any congested way. */
const MOST_QUEUED_BYTES = 1 << 20;

/** Listens, or rejects with what the kernel says. */
export async function listenByDatagram(
  { address, port }: { readonly address: string; readonly port: number },
  parts: ServerParts,
): Promise<Disposable> {
  const socket = createSocket({
    type: familyOf(address) === 'IPv4' ? 'udp4' : 'udp6',
    ipv6Only: familyOf(address) === 'IPv6',
    recvBufferSize: BUFFER_BYTES,
    sendBufferSize: BUFFER_BYTES,
    // An address is no name: nothing is looked up.
    lookup: (host, _options, done) => done(null, host, familyOf(address) === 'IPv4' ? 4 : 6),
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once('error', reject);
  socket.bind({ address, port, exclusive: true }, resolve);
  try {
    await promise;
  } catch (error) {
    socket.close();
    throw error;
  }
  socket.off('error', reject);
  // That an answer can't be sent is its client's business alone.
  socket.on('error', () => parts.observer.socketFailed('udp'));
  socket.on('message', (query, peer) => answer(socket, query, peer, parts));
  return { [Symbol.dispose]: () => void socket.close() };
}

function answer(
  socket: Socket,
  query: Buffer,
  peer: RemoteInfo,
  { clients, responder, observer }: ServerParts,
): void {
  if (!clients.has(peer.address)) {
    observer.refusedClient('udp');
    return;
  }
  const given = responder.answer(query, { address: peer.address, port: peer.port, transport: 'udp' });
  if (given instanceof Uint8Array) send(socket, given, peer, observer);
  else void given?.then((response) => response && send(socket, response, peer, observer));
}

function send(
  socket: Socket,
  response: Uint8Array,
  { port, address }: RemoteInfo,
  observer: ServerParts['observer'],
): void {
  try {
    if (socket.getSendQueueSize() <= MOST_QUEUED_BYTES) {
      socket.send(response, port, address, (error) => error !== null && observer.socketFailed('udp'));
    } else observer.socketFailed('udp');
  } catch {
    // Closed while the answer was looked for.
  }
}
