/** How much a socket can hold (socket(7)): more than net.core.[rw]mem_max only with CAP_NET_ADMIN. */
import { constants } from 'node:os';
import { getSocketOption, SOL_SOCKET, setSocketOption } from './ffi.ts';
import { KernelError } from './kernel-error.ts';
import { IS_LITTLE_ENDIAN } from './message.ts';

const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;

/** A datagram has to leave room for so much (netlink_sendmsg). */
const SEND_OVERHEAD = 32;

/** So that a datagram of this many bytes can be sent. Throws a KernelError that says what is in the way. */
export function enlargeSendBuffer(fd: number, bytes: number): void {
  enlarge(fd, bytes, SO_SNDBUFFORCE, SO_SNDBUF);
  const most = sizeOf(fd, SO_SNDBUF) - SEND_OVERHEAD;
  if (bytes <= most) return;
  const detail = `a datagram of more than ${most} bytes takes CAP_NET_ADMIN or a larger net.core.wmem_max`;
  throw new KernelError({
    operation: 'send',
    object: `${bytes} bytes`,
    detail: `message too long (EMSGSIZE): ${detail}`,
    errno: constants.errno.EMSGSIZE,
  });
}

/**
 * So that this many bytes can wait to be received, bookkeeping included; without privilege less. Returns what then is to be
 * said of datagrams that were lost; empty if it is as much as was asked for.
 */
export function enlargeReceiveBuffer(fd: number, bytes: number): string {
  enlarge(fd, bytes, SO_RCVBUFFORCE, SO_RCVBUF);
  // The kernel doubles the number, for its bookkeeping.
  const size = sizeOf(fd, SO_RCVBUF) / 2;
  if (size >= bytes) return '';
  return `; ${size} bytes of them may wait: for the ${bytes} that are needed it takes CAP_NET_ADMIN or a larger net.core.rmem_max`;
}

function sizeOf(fd: number, option: number): number {
  return new DataView(getSocketOption(fd, SOL_SOCKET, option, 4).slice().buffer).getInt32(
    0,
    IS_LITTLE_ENDIAN,
  );
}

function enlarge(fd: number, bytes: number, force: number, ask: number): void {
  const value = new Uint8Array(new Int32Array([bytes]).buffer);
  try {
    setSocketOption(fd, SOL_SOCKET, force, value);
  } catch (error) {
    if (!(error instanceof KernelError) || error.errno !== constants.errno.EPERM) throw error;
    setSocketOption(fd, SOL_SOCKET, ask, value);
  }
}
