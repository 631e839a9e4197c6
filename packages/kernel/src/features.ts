/** What this machine's kernel can and cannot do, where that differs between machines. */
import { closeSync } from 'node:fs';
import { KernelError } from '@menwei/netlink';
import { AF_INET, SOCK_STREAM, socket } from '@menwei/netlink/native';

const IPPROTO_SCTP = 132;
const EPROTONOSUPPORT = 93;
const ESOCKTNOSUPPORT = 94;

/** Whether SCTP sockets can be made. Asking makes the kernel load the module if it has one. */
export function hasSctp(): boolean {
  try {
    closeSync(socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP));
    return true;
  } catch (error) {
    const isAbsent =
      error instanceof KernelError && (error.errno === EPROTONOSUPPORT || error.errno === ESOCKTNOSUPPORT);
    if (isAbsent) return false;
    throw error;
  }
}
