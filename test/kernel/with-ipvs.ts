/** Set-up of every test file that needs IPVS, so that a kernel without says so once and clearly. */
import { observeIpvsSupport } from '@menwei/netlink/ipvs';

const obstacle = observeIpvsSupport();
if (obstacle !== undefined) {
  throw new Error(`this kernel has no IPVS; npm run test:guest brings one along (${obstacle.message})`);
}
