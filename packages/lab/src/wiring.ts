/**
 * Joins namespaces to a cluster, the way a routed network plug-in does on real nodes.
 *
 *   client ─┐                          node side of each pod: veth…, 169.254.1.1 and fe80::1
 *   node a ─┼─ wire (a bridge and the  pod side: eth0 with a /32, default route to 169.254.1.1
 *   node b ─┘  router to nowhere)
 *
 * The wire stands for the network that the nodes are on and for the world: it is everybody's default gateway and
 * answers "unreachable" for what it does not know, so that no test waits for a timeout in vain. The client has
 * no such gateway and knows the nodes' network alone. The API server of a lab is at the wire's address.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cidrContains, familyOf, parseCidr } from '@menwei/addresses/ip.ts';
import { createNamespace, type NetworkNamespace, withNamespace } from '@menwei/kernel/netns.ts';
import { writeSysctl } from '@menwei/kernel/sysctl.ts';
import { KernelError } from '@menwei/netlink';
import {
  type ClientSpec,
  type NodeSpec,
  type PodSpec,
  wireGateway,
  wireNetwork,
  wirePrefixLength,
} from './topology.ts';

const POD_GATEWAY = '169.254.1.1';
const POD_GATEWAY6 = 'fe80::1';
/** Its first three numbers; a pair of addresses for each node. */
const MANAGEMENT_NETWORK = '169.254.254';

/** Set before any interface exists, since interfaces copy `default` when they appear. */
const EVERY_HOST = {
  // Addresses are usable at once, without waiting for a duplicate to speak up.
  'net/ipv6/conf/default/accept_dad': 0,
  'net/ipv6/conf/default/dad_transmits': 0,
  'net/ipv6/conf/all/disable_ipv6': 0,
  'net/ipv6/conf/default/disable_ipv6': 0,
  'net/ipv6/conf/default/accept_ra': 0,
  // "Refused" must come at once, also for the hundredth time in a second.
  'net/ipv4/icmp_ratelimit': 0,
  'net/ipv6/icmp/ratelimit': 0,
} as const;

const EVERY_ROUTER = {
  'net/ipv4/ip_forward': 1,
  'net/ipv6/conf/all/forwarding': 1,
  'net/ipv4/conf/all/rp_filter': 0,
  'net/ipv4/conf/default/rp_filter': 0,
  'net/ipv4/conf/all/send_redirects': 0,
  'net/ipv4/conf/default/send_redirects': 0,
} as const;

/** Bridged frames on the wire are not the wire's own business: no rule or connection tracking sees them. */
const WIRE = {
  'net/bridge/bridge-nf-call-iptables': 0,
  'net/bridge/bridge-nf-call-ip6tables': 0,
  'net/bridge/bridge-nf-call-arptables': 0,
} as const;

type Settings = Readonly<Record<string, number>>;

function createHost(...settings: readonly Settings[]): NetworkNamespace {
  const namespace = createNamespace();
  withNamespace(namespace, () => {
    for (const group of [EVERY_HOST, ...settings]) {
      for (const [name, value] of Object.entries(group)) writeSysctl(name, value);
    }
  });
  return namespace;
}

/** Runs `ip` commands inside a namespace, all in one process. Throws {@link KernelError} at the first refusal. */
export function configure(namespace: NetworkNamespace, commands: readonly string[]): void {
  const result = withNamespace(namespace, () =>
    spawnSync('ip', ['-batch', '-'], { input: `${commands.join('\n')}\n`, encoding: 'utf8' }),
  );
  if (result.status === 0) return;
  const missing = result.error !== undefined && 'code' in result.error && result.error.code === 'ENOENT';
  const failedLine = /Command failed -:(\d+)/.exec(result.stderr)?.[1];
  throw new KernelError({
    operation: 'ip',
    object: failedLine === undefined ? '' : (commands[Number(failedLine) - 1] ?? ''),
    detail: missing
      ? 'not found; install the package iproute2'
      : (result.error?.message ?? result.stderr.trim().split('\n')[0] ?? ''),
    cause: result.error,
  });
}

/** Creates the wire: a bridge that is also the default gateway of all that hangs on it. */
export function createWire(nodes: readonly NodeSpec[]): NetworkNamespace {
  const wire = createHost(EVERY_ROUTER);
  const gateways = addressesOf(nodes[0] ?? {}).map(wireGateway);
  configure(wire, [
    'link set lo up',
    'link add wire type bridge forward_delay 0 mcast_snooping 0',
    ...gateways.map((ip) => `addr add ${ip}/${wirePrefixLength(ip)} dev wire${nodad(ip)}`),
    'link set wire up',
    // So that its "unreachable" finds the way back to a pod.
    ...nodes.flatMap(podRoutes),
    'route add unreachable 0.0.0.0/0',
    'route add unreachable ::/0',
  ]);
  withNamespace(wire, () => {
    for (const [name, value] of Object.entries(WIRE)) writeSysctl(name, value);
  });
  return wire;
}

function addressesOf(host: {
  readonly ip?: string | undefined;
  readonly ip6?: string | undefined;
}): readonly string[] {
  return [host.ip, host.ip6].filter((ip) => ip !== undefined);
}

function plugIn(wire: NetworkNamespace, host: NetworkNamespace, port: string): void {
  configure(wire, [
    `link add ${port} type veth peer name eth0 netns ${host.path}`,
    `link set ${port} master wire up`,
  ]);
}

/** Creates a node on the wire that routes the other nodes' pods to them, and answers to the client's addresses. */
export function createNode(
  wire: NetworkNamespace,
  node: NodeSpec,
  others: readonly NodeSpec[],
  client: ClientSpec | undefined,
): NetworkNamespace {
  const namespace = createHost(EVERY_ROUTER);
  plugIn(wire, namespace, portOf(node));
  const addresses = addressesOf(node);
  configure(namespace, [
    'link set lo up',
    'link set eth0 up',
    ...addresses.map((ip) => `addr add ${ip}/${wirePrefixLength(ip)} dev eth0${nodad(ip)}`),
    ...addresses.map((ip) => `route add default via ${wireGateway(ip)} dev eth0`),
    ...others.flatMap(podRoutes),
    ...(client?.moreAddresses ?? [])
      .filter((ip) => !isOnWire(ip, node))
      .map((ip) => `route add ${ip} dev eth0`),
  ]);
  return namespace;
}

/** The interface of the wire that a node hangs on. */
export function portOf(node: NodeSpec): string {
  return interfaceName('port', node.name);
}

/**
 * A network of its own between a node and the machine of the API server, as many clusters have one: what happens on the wire does not
 * cut them off from each other.
 *
 * @param index of the node among all nodes
 * @returns the interface at the other end
 */
export function addManagementLink(
  wire: NetworkNamespace,
  { name, ip }: NodeSpec,
  namespace: NetworkNamespace,
  index: number,
): string {
  const port = interfaceName('mgmt', name);
  const [there, here] = [2 * index, 2 * index + 1].map((host) => `${MANAGEMENT_NETWORK}.${host}`);
  configure(wire, [
    `link add ${port} type veth peer name mgmt0 netns ${namespace.path}`,
    `addr add ${there}/31 dev ${port}`,
    `link set ${port} up`,
  ]);
  configure(namespace, [
    `addr add ${here}/31 dev mgmt0`,
    'link set mgmt0 up',
    `route add ${wireGateway(ip)}/32 via ${there} dev mgmt0`,
  ]);
  return port;
}

function podRoutes(node: NodeSpec): readonly string[] {
  return [
    `route add ${node.podCIDR} via ${node.ip}`,
    ...(node.podCIDR6 === undefined ? [] : [`route add ${node.podCIDR6} via ${node.ip6}`]),
  ];
}

function isOnWire(ip: string, node: NodeSpec): boolean {
  return addressesOf(node).some((own) => {
    const cidr = parseCidr(wireNetwork(own));
    return cidr !== undefined && cidrContains(cidr, ip);
  });
}

function nodad(ip: string): string {
  return familyOf(ip) === 'IPv6' ? ' nodad' : '';
}

/** Creates the client outside the cluster. */
export function createClient(wire: NetworkNamespace, client: ClientSpec): NetworkNamespace {
  const namespace = createHost();
  plugIn(wire, namespace, 'port-client');
  configure(namespace, [
    'link set lo up',
    'link set eth0 up',
    ...addressesOf(client).map((ip) => `addr add ${ip}/${wirePrefixLength(ip)} dev eth0${nodad(ip)}`),
    ...(client.moreAddresses ?? []).map(
      (ip) => `addr add ${ip}/${familyOf(ip) === 'IPv4' ? 32 : 128} dev eth0${nodad(ip)}`,
    ),
  ]);
  return namespace;
}

/** Creates a pod that is routed through its node. */
export function createPod(node: NetworkNamespace, nodeSpec: NodeSpec, pod: PodSpec): NetworkNamespace {
  const namespace = createHost();
  const veth = interfaceName('veth', pod.name);
  configure(node, [
    `link add ${veth} type veth peer name eth0 netns ${namespace.path}`,
    `link set ${veth} up`,
    // Of link scope, so that masquerading never picks it as the source of a packet.
    `addr add ${POD_GATEWAY}/32 dev ${veth} scope link`,
    `addr add ${POD_GATEWAY6}/64 dev ${veth} nodad`,
    ...(pod.ip === undefined ? [] : [`route add ${pod.ip}/32 dev ${veth} src ${nodeSpec.ip}`]),
    ...(pod.ip6 === undefined ? [] : [`route add ${pod.ip6}/128 dev ${veth} src ${nodeSpec.ip6}`]),
  ]);
  configure(namespace, [
    'link set lo up',
    'link set eth0 up',
    ...(pod.ip === undefined
      ? []
      : [
          `addr add ${pod.ip}/32 dev eth0`,
          `route add ${POD_GATEWAY} dev eth0 scope link`,
          `route add default via ${POD_GATEWAY} dev eth0`,
        ]),
    ...(pod.ip6 === undefined
      ? []
      : [`addr add ${pod.ip6}/128 dev eth0 nodad`, `route add default via ${POD_GATEWAY6} dev eth0`]),
  ]);
  return namespace;
}

/** An interface name as network plug-ins make them: a prefix and a hash, within the kernel's 15 characters. */
function interfaceName(prefix: string, host: string): string {
  return `${prefix}${createHash('sha256').update(host).digest('hex').slice(0, 8)}`;
}
