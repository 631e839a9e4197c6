/**
 * A socket to the kernel's connection tracking. A listing makes the kernel walk over its table while the request is sent and
 * the answers are read, for tens of milliseconds: that is done on another thread.
 */
import { read } from 'node:fs';
import { constants } from 'node:os';
import { formatErrno } from '../../acknowledgement.ts';
import { KernelError } from '../../kernel-error.ts';
import { NETLINK_NETFILTER, type NetlinkTransport, openNetlinkTransport } from '../../transport.ts';

/** Twice as much as the kernel puts into one datagram of a listing. */
const BUFFER_SIZE = 64 * 1024;

export interface ConntrackSocket extends NetlinkTransport {
  /**
   * As `receive`, without stopping the event loop while the kernel works; one at a time. The datagram is valid until the
   * call after the next. Not to be disposed of before the promise is settled.
   */
  receiveAside(): Promise<Uint8Array | undefined>;
}

/** Opens a socket in the network namespace the calling thread is in. Throws KernelError. */
export function openConntrackSocket(): ConntrackSocket {
  const socket = openNetlinkTransport(NETLINK_NETFILTER);
  let [buffer, other] = [new Uint8Array(BUFFER_SIZE), new Uint8Array(BUFFER_SIZE)];
  return {
    portId: socket.portId,
    send: (datagram) => socket.send(datagram),
    sendAside: (datagram) => socket.sendAside(datagram),
    receive: () => socket.receive(),
    receiveAside() {
      [buffer, other] = [other, buffer];
      return readAside(socket.fd, buffer);
    },
    [Symbol.dispose]: () => socket[Symbol.dispose](),
  };
}

function readAside(fd: number, buffer: Uint8Array): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    read(fd, buffer, (cause, size) => {
      if (cause === null) return resolve(buffer.subarray(0, size));
      const errno = Math.abs(cause.errno ?? 0);
      if (errno === constants.errno.EAGAIN) return resolve(undefined);
      const detail = errno === 0 ? cause.message : formatErrno(errno);
      reject(new KernelError({ operation: 'receive', object: '', detail, errno, cause }));
    });
  });
}
