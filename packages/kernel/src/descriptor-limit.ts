/** How many file descriptors this process may have open. */

import { KernelError } from '@menwei/netlink';
import { type ResourceLimit, resourceLimit } from '@menwei/netlink/native';

const RLIMIT_NOFILE = 7;

/**
 * Raises the limit to the greater of `wanted` and the hard limit, or as far as the kernel lets us, and returns what it is
 * now. Throws KernelError where it can't even be read.
 */
export function raiseDescriptorLimit(wanted: number): number {
  const { soft, hard } = resourceLimit(RLIMIT_NOFILE);
  const most = BigInt(wanted) > hard ? BigInt(wanted) : hard;
  for (const limit of [most, hard]) {
    if (limit === soft && limit === hard) break;
    if (isAllowed({ soft: limit, hard: limit })) return Number(limit);
  }
  return Number(soft);
}

/** Only the privileged may raise the hard limit, and nobody above the sysctl fs.nr_open. */
function isAllowed(limit: ResourceLimit): boolean {
  try {
    resourceLimit(RLIMIT_NOFILE, limit);
    return true;
  } catch (error) {
    if (error instanceof KernelError) return false;
    throw error;
  }
}
