/** How fake kernels say no, and with which error number. */
import { constants } from 'node:os';
import { formatErrno, KernelError } from '@menwei/netlink';
import type { Fault } from './faults.ts';

const { ENOBUFS, ENOMEM } = constants.errno;

/** What a fake kernel says no to. */
export class Refused extends Error {
  readonly errno: number;

  constructor(errno: number, message: string) {
    super(message);
    this.name = 'Refused';
    this.errno = errno;
  }
}

/** The error that a client throws, in the words of the number and what else there is to say. */
export function failure(operation: string, object: string, errno: number, words = ''): KernelError {
  const detail = words === '' ? formatErrno(errno) : `${formatErrno(errno)}: ${words}`;
  return new KernelError({ operation, object, detail, errno });
}

/** What comes of a fault that was asked for. */
export function injected(operation: string, object: string, fault: Fault): KernelError {
  return failure(operation, object, fault === 'after' ? ENOBUFS : ENOMEM, `injected fault (${fault})`);
}
