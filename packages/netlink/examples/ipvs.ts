/** Lists the virtual servers of IPVS and their destinations. Needs CAP_NET_ADMIN, and a kernel with IPVS. */
import { formatFrontend, observeIpvsSupport, openIpvsClient } from '@menwei/netlink/ipvs';

const obstacle = observeIpvsSupport();
if (obstacle === undefined) {
  const signal = AbortSignal.timeout(5_000);
  using ipvs = openIpvsClient();
  for (const { frontend, scheduler } of await ipvs.observeServers('IPv4', signal)) {
    console.log(`${formatFrontend(frontend)} ${scheduler}`);
    for (const { ip, port, weight, forwarding } of await ipvs.observeDestinations(frontend, signal)) {
      console.log(`  ${ip}:${port} weight ${weight}, ${forwarding}`);
    }
  }
} else {
  console.log(`no IPVS here: ${obstacle.message}`);
}
