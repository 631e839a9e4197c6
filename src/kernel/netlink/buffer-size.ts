/** How much a socket can hold (socket(7)): more than net.core.[rw]mem_max only with CAP_NET_ADMIN. */
import { constants } from 'node:os';
import { SOL_SOCKET, setSocketOption } from '../ffi.ts';
import { KernelError } from '../kernel-error.ts';

const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;

/** So that a datagram of this many bytes can be sent, if we may. */
export function enlargeSendBuffer(fd: number, bytes: number): void {
  enlarge(fd, bytes, SO_SNDBUFFORCE, SO_SNDBUF);
}

/** So that this many bytes can wait to be received, bookkeeping included; without privilege less. */
export function enlargeReceiveBuffer(fd: number, bytes: number): void {
  enlarge(fd, bytes, SO_RCVBUFFORCE, SO_RCVBUF);
}

function enlarge(fd: number, bytes: number, force: number, ask: number): void {
  // The kernel doubles the number, for its bookkeeping.
  const value = new Uint8Array(new Int32Array([bytes]).buffer);
  try {
    setSocketOption(fd, SOL_SOCKET, force, value);
  } catch (error) {
    if (!(error instanceof KernelError) || error.errno !== constants.errno.EPERM) throw error;
    setSocketOption(fd, SOL_SOCKET, ask, value);
  }
}
