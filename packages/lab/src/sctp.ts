/**
 * SCTP, which Node does not speak: one-to-one style sockets through the C library, looked at every few milliseconds.
 * The server sends its answer to whoever connects and hangs up. Every function also works with another stream
 * protocol, so that it can be tested on a kernel without SCTP.
 */
import { createSocket } from 'node:dgram';
import { closeSync, readSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatErrno, KernelError } from '@menwei/netlink';
import * as ffi from '@menwei/netlink/native';
import {
  decodeSocketAddress,
  domainOf,
  encodeSocketAddress,
  type SocketAddress,
} from '@menwei/netlink/native';
import { type EchoServer, encodeAnswer, type ServerIdentity } from './echo-server.ts';
import { failureOf, type Outcome } from './outcome.ts';
import { DEFAULT_TIMEOUT_MS, decodeAnswer, type RequestOptions, type Target, timedOut } from './request.ts';

export const IPPROTO_SCTP = 132;

const LOOK_EVERY_MS = 2;
const BACKLOG = 128;
/** "Tell errors as they come" (linux/in.h, linux/in6.h): level and option. */
const RECEIVE_ERRORS = { 4: [0, 11], 6: [41, 25] } as const;
const YES = new Uint8Array(new Int32Array([1]).buffer);

function openSocket(ip: string, protocol: number): number {
  const fd = ffi.socket(domainOf(ip), ffi.SOCK_STREAM | ffi.SOCK_NONBLOCK, protocol);
  ffi.setSocketOption(fd, ffi.SOL_SOCKET, ffi.SO_REUSEADDR, YES);
  // An SCTP socket keeps ICMP "unreachable" to itself otherwise and goes on trying.
  const [level, option] = RECEIVE_ERRORS[ip.includes(':') ? 6 : 4];
  ffi.setSocketOption(fd, level, option, YES);
  return fd;
}

/**
 * Serves the port on one address of the calling thread's namespace, or with `::` on all of both families. On several
 * addresses SCTP answers from the one it prefers, whichever was asked.
 */
export function serveStream(
  identity: ServerIdentity,
  address: SocketAddress,
  protocol = IPPROTO_SCTP,
): EchoServer {
  const fd = openSocket(address.ip, protocol);
  ffi.bind(fd, encodeSocketAddress(address));
  ffi.listen(fd, BACKLOG);
  const timer = setInterval(() => {
    for (let taken = ffi.accept(fd); taken !== undefined; taken = ffi.accept(fd)) {
      const peer = decodeSocketAddress(taken.peer);
      writeSync(taken.fd, encodeAnswer(identity, peer.ip, peer.port));
      closeSync(taken.fd);
    }
  }, LOOK_EVERY_MS);
  return {
    close: async () => {
      clearInterval(timer);
      closeSync(fd);
    },
  };
}

/** Connects and reads the answer. */
export async function requestStream(
  target: Target,
  options: RequestOptions = {},
  protocol = IPPROTO_SCTP,
): Promise<Outcome> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const deadline = performance.now() + timeoutMs;
  const fd = openSocket(target.address, protocol);
  try {
    const source = options.from ?? (await routeSource(target));
    if (source !== undefined || options.sourcePort !== undefined) {
      const anyAddress = target.address.includes(':') ? '::' : '0.0.0.0';
      ffi.bind(fd, encodeSocketAddress({ ip: source ?? anyAddress, port: options.sourcePort ?? 0 }));
    }
    ffi.connect(fd, encodeSocketAddress({ ip: target.address, port: target.port }));
    const buffer = Buffer.alloc(4096);
    let isConnected = false;
    while (performance.now() < deadline) {
      const events = ffi.poll(fd, isConnected ? ffi.POLLIN : ffi.POLLOUT);
      if (events === 0) {
        // What an ICMP message said while `connect` still held the socket is told to who asks, and wakes nobody.
        if (!isConnected) throwPendingError(fd);
        await sleep(LOOK_EVERY_MS);
        continue;
      }
      if (isConnected) return decodeAnswer(buffer.toString('utf8', 0, readSync(fd, buffer)));
      throwPendingError(fd);
      isConnected = true;
    }
    return timedOut(timeoutMs);
  } catch (error) {
    return failureOf(error);
  } finally {
    closeSync(fd);
  }
}

/**
 * The address that the route to a target prefers, undefined if there is no route. Left to itself SCTP sends from any of
 * the machine's addresses, also from those that carry Services, to which no answer finds back.
 */
function routeSource({ address, port }: Target): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    const finish = (source: string | undefined): void => {
      socket.close();
      resolve(source);
    };
    socket.once('error', () => finish(undefined));
    // Nothing is sent.
    socket.connect(port, address, () => finish(socket.address().address));
  });
}

/** Throws what became of a connection attempt in the background. */
function throwPendingError(fd: number): void {
  const errno =
    new Int32Array(ffi.getSocketOption(fd, ffi.SOL_SOCKET, ffi.SO_ERROR, 4).slice().buffer)[0] ?? 0;
  if (errno === 0) return;
  throw new KernelError({ operation: 'connect', object: '', detail: formatErrno(errno), errno });
}
