/** Why a listener could not be had, whatever its protocol. */
import { constants } from 'node:os';
import { formatHostPort } from '@menwei/addresses/ip.ts';
import { formatErrno, KernelError } from '@menwei/netlink';

export interface Place {
  readonly ip: string;
  readonly port: number;
}

export function listenError(protocol: string, place: Place, cause: NodeJS.ErrnoException): KernelError {
  const errno = errnoOf(cause);
  return new KernelError({
    operation: 'listen',
    object: `${protocol} ${formatHostPort(place.ip, place.port)}`,
    detail: errno === undefined ? cause.message : formatErrno(errno),
    errno,
    cause,
  });
}

/** The errno, positive as the kernel names it. */
function errnoOf({ errno, code }: NodeJS.ErrnoException): number | undefined {
  if (errno !== undefined) return Math.abs(errno);
  return Object.entries(constants.errno).find(([name]) => name === code)?.[1];
}
