/** Lists the interfaces of this network namespace and their addresses. Needs no privilege. */
import { openLinkClient } from '@menwei/netlink/route';

const signal = AbortSignal.timeout(5_000);
using links = openLinkClient();
const addresses = [
  ...(await links.observeAddresses('IPv4', signal)),
  ...(await links.observeAddresses('IPv6', signal)),
];
for (const { name, isUp } of await links.observeLinks(signal)) {
  const here = addresses.filter((address) => address.interface === name);
  const texts = here.map(({ ip, prefixLength }) => `${ip}/${prefixLength}`);
  console.log(`${name} is ${isUp ? 'up' : 'down'}: ${texts.join(', ') || 'no addresses'}`);
}
