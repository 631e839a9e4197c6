/** Whether there is IPVS to be had at all: its modules may be missing, or not loaded yet. */

import { NetlinkConnection } from '../../connection.ts';
import { encodeGenericHeader, observeGenericFamily } from '../../generic.ts';
import { KernelError } from '../../kernel-error.ts';
import { NETLINK_GENERIC } from '../../netlink-protocols.ts';
import { openNetlinkTransport } from '../../transport.ts';
import { FAMILY_NAME, FAMILY_VERSION, IPVS_CMD } from './constants.ts';

/**
 * Undefined if IPVS can be used now in the network namespace of the calling thread, otherwise what is in the way: ENOENT
 * if the kernel does not have it, EPERM without CAP_NET_ADMIN in the first user namespace. Asking makes the kernel load its
 * module if it can; schedulers have modules of their own.
 */
export function observeIpvsSupport(): KernelError | undefined {
  try {
    using connection = new NetlinkConnection(openNetlinkTransport(NETLINK_GENERIC));
    connection.request({
      operation: 'observe',
      object: 'IPVS',
      type: observeGenericFamily(connection, FAMILY_NAME),
      write: (writer) => encodeGenericHeader(writer, IPVS_CMD.GET_INFO, FAMILY_VERSION),
    });
    return undefined;
  } catch (error) {
    if (error instanceof KernelError) return error;
    throw error;
  }
}
