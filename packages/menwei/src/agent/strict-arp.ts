/** Whether a foreign proxy in ipvs mode makes every node answer ARP for load-balancer addresses (load-balancer § 5.5). */
import type { KernelFiles } from '@menwei/kernel/kernel-file.ts';
import { UserError } from '../setup/failure.ts';

const CONF = '/proc/sys/net/ipv4/conf';
/** Where ipvs mode puts the addresses of Services, in kube-proxy and in this project. */
const IPVS_INTERFACE = 'kube-ipvs0';

/** Throws UserError. */
export function requireStrictArp(files: Pick<KernelFiles, 'read'>): void {
  const hasAddresses = files.read(`${CONF}/${IPVS_INTERFACE}/arp_ignore`) !== undefined;
  if (!hasAddresses || Number(files.read(`${CONF}/all/arp_ignore`) ?? 0) >= 1) return;
  throw new UserError(
    `the proxy of this node is in ipvs mode (${IPVS_INTERFACE} is there) without strict ARP: every node would answer ARP for the addresses; ` +
      'set ipvs.strictARP of kube-proxy, or --ipvs-strict-arp',
  );
}
