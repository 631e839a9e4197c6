/** A client behind a router that lets only small packets through to it, as behind a tunnel. */
import { createNamespace } from '@menwei/kernel/netns.ts';
import { LabHost } from '@menwei/lab/host.ts';
import { configure } from '@menwei/lab/wiring.ts';
import type { Cluster } from './cluster.ts';

const FAR = { ip: '198.18.0.2', ip6: 'fd00:198:18::2' };
const ROUTER = { ip: '198.18.0.1', ip6: 'fd00:198:18::1' };
/** What IPv6 demands at least. */
const MTU = 1280;

/** The outside client of the cluster becomes the router. Its own interfaces take larger packets, so that only it can tell of it. */
export async function addNarrowPath(cluster: Cluster): Promise<LabHost> {
  const router = cluster.host('client');
  const far = new LabHost('far', FAR, createNamespace());
  configure(router.namespace, [
    `link add far type veth peer name eth0 netns ${far.namespace.path}`,
    'link set far up',
    `addr add ${ROUTER.ip}/32 dev far`,
    `addr add ${ROUTER.ip6}/128 dev far nodad`,
    `route add ${FAR.ip}/32 dev far mtu lock ${MTU}`,
    `route add ${FAR.ip6}/128 dev far mtu lock ${MTU}`,
  ]);
  configure(far.namespace, [
    'link set lo up',
    'link set eth0 up',
    `addr add ${FAR.ip}/32 dev eth0`,
    `addr add ${FAR.ip6}/128 dev eth0 nodad`,
    `route add ${ROUTER.ip} dev eth0`,
    `route add default via ${ROUTER.ip}`,
    `route add ${ROUTER.ip6} dev eth0`,
    `route add default via ${ROUTER.ip6}`,
  ]);
  const settings = ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1'];
  const { status, stderr } = await router.exec('sysctl', ['-w', ...settings]);
  if (status !== 0) throw new Error(`client: ${stderr}`);
  for (const node of cluster.lab.nodes) for (const ip of Object.values(FAR)) node.route(ip, router);
  return far;
}
