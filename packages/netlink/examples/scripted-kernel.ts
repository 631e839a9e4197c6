/** A test of a program that speaks netlink: a scripted kernel instead of a socket. Runs anywhere. */
import { NetlinkConnection } from '@menwei/netlink';
import { KernelLinks } from '@menwei/netlink/route';
import { acknowledgement, datagrams, NetlinkPeer } from '@menwei/netlink/testing';

const EPERM = 1;
const kernel = new NetlinkPeer((requests) =>
  datagrams(requests.map((request) => acknowledgement(request, EPERM, 'not today'))),
);
using links = new KernelLinks(new NetlinkConnection(kernel));
try {
  links.applyDummy('dummy0');
} catch (error) {
  console.log(String(error));
}
console.log(`${kernel.sent.length} datagram was sent`);
