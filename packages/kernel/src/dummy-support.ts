/** Whether dummy interfaces can be made, asked without making one. */
import { constants } from 'node:os';
import {
  KernelError,
  NETLINK_ROUTE,
  NetlinkConnection,
  NLM_F_CREATE,
  NLM_F_EXCL,
  openNetlinkTransport,
} from '@menwei/netlink';
import { RTM } from '@menwei/netlink/route';

/** struct ifinfomsg of an interface that does not exist yet. */
const IFINFOMSG = new Uint8Array(16);
const IFLA_LINKINFO = 18;
const IFLA_INFO_KIND = 1;
const IFLA_NUM_TX_QUEUES = 31;

/**
 * Undefined if they can, otherwise what is in the way. What is asked for is an interface without queues, which the kernel
 * refuses when it has found (or loaded) what makes dummy interfaces, and not before (net/core/rtnetlink.c:
 * rtnl_create_link).
 */
export function observeDummySupport(): KernelError | undefined {
  const [operation, object] = ['make', 'dummy interfaces'];
  try {
    using connection = new NetlinkConnection(openNetlinkTransport(NETLINK_ROUTE));
    connection.request({
      operation,
      object,
      type: RTM.NEWLINK,
      flags: NLM_F_CREATE | NLM_F_EXCL,
      write(writer) {
        writer.raw(IFINFOMSG);
        writer.u32(IFLA_NUM_TX_QUEUES, 0);
        const info = writer.beginNested(IFLA_LINKINFO);
        writer.text(IFLA_INFO_KIND, 'dummy');
        writer.endNested(info);
      },
    });
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    return error.errno === constants.errno.EINVAL ? undefined : error;
  }
  throw new Error('BUG: the kernel made an interface without queues');
}
