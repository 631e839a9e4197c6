/** What a lab consists of, as its user writes it down, and the checks that it can be wired. */
import { cidrContains, familyOf, type IpFamily, parseCidr, parseIp } from '@menwei/addresses/ip.ts';
import { Claims } from './claims.ts';
import { LabSpecError } from './lab-spec-error.ts';
import { checkPool } from './pool-range.ts';

/** Where a pod answers whose ports are not given. */
export const DEFAULT_PORTS: readonly number[] = [80];

/** What the cluster of a lab gives Services, of which a pod may have nothing. */
export const SERVICE_RANGES: Readonly<Record<IpFamily, string>> = {
  IPv4: '10.96.0.0/16',
  IPv6: 'fd00:96::/112',
};

export interface NodeSpec {
  readonly name: string;
  /** Address on the wire that joins the nodes and the outside client; all share one /24. */
  readonly ip: string;
  /** IPv6 address on the wire; all share one /64. */
  readonly ip6?: string | undefined;
  /** Pods of this node have their addresses in these ranges, and the other nodes route them here. */
  readonly podCIDR: string;
  readonly podCIDR6?: string | undefined;
  readonly zone?: string | undefined;
  /** Of its Node object, besides those for its name and zone. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

export interface PodSpec {
  readonly name: string;
  /** Of its Pod object; `default` unless given. */
  readonly namespace?: string | undefined;
  readonly node: string;
  /** Left out for a pod on the host network, which has its node's addresses. */
  readonly ip?: string | undefined;
  readonly ip6?: string | undefined;
  /** Ports on which the pod answers, HTTP and UDP on each; [80] unless given. An empty list serves nothing. */
  readonly ports?: readonly number[] | undefined;
  /** Names of some of them, by which the `targetPort` of a Service may call them over TCP. */
  readonly portNames?: ReadonlyMap<number, string> | undefined;
  readonly hostNetwork?: boolean | undefined;
  /** Of its Pod object; unless given `app`: the name without a number at its end. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Whether its endpoints are ready, as they are unless it says false; the lab's own servers answer in either case. */
  readonly ready?: boolean | undefined;
}

export interface ClientSpec {
  readonly ip: string;
  readonly ip6?: string | undefined;
  /** Further addresses of either family to send from; outside the wire's network too. */
  readonly moreAddresses?: readonly string[] | undefined;
}

export interface LoadBalancerSpec {
  /** Ranges of addresses on the wire, for Services of type LoadBalancer: `192.0.2.200-192.0.2.220`. */
  readonly pools?: readonly string[] | undefined;
}

export interface LabSpec {
  readonly nodes: readonly NodeSpec[];
  readonly pods?: readonly PodSpec[] | undefined;
  /** The client outside the cluster. It has routes to the nodes' network only. */
  readonly client?: ClientSpec | undefined;
  /**
   * Given: Services of type LoadBalancer get addresses, and the nodes announce them on the wire. They reach the API server by a
   * network of its own.
   */
  readonly loadBalancer?: LoadBalancerSpec | undefined;
}

/** Throws {@link LabSpecError} for the first mistake. */
export function checkTopology(spec: LabSpec): void {
  const claims = new Claims();
  const [first] = spec.nodes;
  if (first === undefined) throw new LabSpecError('a lab needs at least one node');
  for (const node of spec.nodes) {
    claims.name('node', node.name);
    checkNode(node, first);
    if (node === first) claimNetworks(claims, first);
    claimNode(claims, node);
  }
  for (const pod of spec.pods ?? []) {
    claims.name('pod', pod.name);
    checkPod(pod, spec.nodes);
    claimPod(claims, pod);
  }
  if (spec.client !== undefined) {
    checkClient(spec.client, first);
    claimClient(claims, spec.client);
  }
  checkPools(spec, first);
}

function checkPools({ nodes, client, loadBalancer }: LabSpec, { ip, ip6 }: NodeSpec): void {
  const own = [ip, ip6].filter((address) => address !== undefined);
  const hosts = [
    ...nodes.map((node) => ({ ...node, owner: `node ${node.name}` })),
    ...(client === undefined ? [] : [{ ...client, owner: 'client' }]),
  ];
  const taken = hosts.flatMap(({ owner, ...host }) =>
    [host.ip, host.ip6].filter((address) => address !== undefined).map((address) => ({ ip: address, owner })),
  );
  const gateways = own.map((address) => ({ ip: wireGateway(address), owner: "the nodes' gateway" }));
  for (const pool of loadBalancer?.pools ?? [])
    checkPool(pool, own.map(wireNetwork), [...taken, ...gateways]);
}

function claimNetworks(claims: Claims, { ip, ip6 }: NodeSpec): void {
  for (const range of Object.values(SERVICE_RANGES)) claims.range('the Services', 'range', range);
  for (const own of [ip, ip6]) {
    if (own !== undefined) claims.range('the nodes', 'ip', wireNetwork(own));
  }
}

function claimNode(claims: Claims, { name, ip, ip6, podCIDR, podCIDR6 }: NodeSpec): void {
  const owner = `node ${name}`;
  claims.address(owner, 'ip', ip);
  claims.address(owner, 'ip6', ip6);
  claims.range(owner, 'podCIDR', podCIDR);
  claims.range(owner, 'podCIDR6', podCIDR6);
}

function claimPod(claims: Claims, { name, node, ip, ip6, hostNetwork, ports }: PodSpec): void {
  const owner = `pod ${name}`;
  claims.address(owner, 'ip', ip);
  claims.address(owner, 'ip6', ip6);
  if (hostNetwork === true) for (const port of ports ?? DEFAULT_PORTS) claims.port(owner, node, port);
}

function claimClient(claims: Claims, { ip, ip6, moreAddresses }: ClientSpec): void {
  claims.address('client', 'ip', ip);
  claims.address('client', 'ip6', ip6);
  for (const address of moreAddresses ?? []) claims.address('client', 'moreAddresses', address);
}

function checkNode(node: NodeSpec, first: NodeSpec): void {
  const where = `node ${node.name}`;
  requireIp(`${where}: ip`, node.ip, 'IPv4');
  requireOnWire(`${where}: ip`, node.ip, first.ip);
  requireCidr(`${where}: podCIDR`, node.podCIDR, 'IPv4');
  if (node.ip6 !== undefined) {
    requireIp(`${where}: ip6`, node.ip6, 'IPv6');
    if (first.ip6 === undefined) throw new LabSpecError(`${where}: ip6: node ${first.name} has none`);
    requireOnWire(`${where}: ip6`, node.ip6, first.ip6);
  } else if (first.ip6 !== undefined) {
    throw new LabSpecError(`${where}: ip6 is missing, and node ${first.name} has one`);
  }
  if (node.podCIDR6 !== undefined) {
    requireCidr(`${where}: podCIDR6`, node.podCIDR6, 'IPv6');
    if (node.ip6 === undefined) throw new LabSpecError(`${where}: podCIDR6 needs ip6`);
  }
}

function checkPod(pod: PodSpec, nodes: readonly NodeSpec[]): void {
  const where = `pod ${pod.name}`;
  const node = nodes.find(({ name }) => name === pod.node);
  if (node === undefined) throw new LabSpecError(`${where}: there is no node ${pod.node}`);
  for (const port of pod.ports ?? []) {
    if (!Number.isInteger(port) || port < 1 || port > 65535) {
      throw new LabSpecError(`${where}: ports: ${port} is outside 1-65535`);
    }
  }
  if (pod.hostNetwork === true) {
    if (pod.ip !== undefined || pod.ip6 !== undefined) {
      throw new LabSpecError(`${where}: a pod on the host network has its node's addresses`);
    }
    return;
  }
  if (pod.ip === undefined && pod.ip6 === undefined) throw new LabSpecError(`${where}: ip is missing`);
  if (pod.ip !== undefined) {
    requireIp(`${where}: ip`, pod.ip, 'IPv4');
    requireIn(`${where}: ip`, pod.ip, node.podCIDR);
  }
  if (pod.ip6 !== undefined) {
    requireIp(`${where}: ip6`, pod.ip6, 'IPv6');
    if (node.podCIDR6 === undefined)
      throw new LabSpecError(`${where}: ip6: node ${node.name} has no podCIDR6`);
    requireIn(`${where}: ip6`, pod.ip6, node.podCIDR6);
  }
}

function checkClient(client: ClientSpec, first: NodeSpec): void {
  requireIp('client: ip', client.ip, 'IPv4');
  requireOnWire('client: ip', client.ip, first.ip);
  if (client.ip6 !== undefined) {
    requireIp('client: ip6', client.ip6, 'IPv6');
    if (first.ip6 === undefined) throw new LabSpecError('client: ip6: the nodes have none');
    requireOnWire('client: ip6', client.ip6, first.ip6);
  }
  for (const address of client.moreAddresses ?? []) {
    if (parseIp(address) !== address)
      throw new LabSpecError(`client: moreAddresses: ${address} is not an IP address`);
    if (familyOf(address) === 'IPv6' && client.ip6 === undefined) {
      throw new LabSpecError(`client: moreAddresses: ${address} needs ip6`);
    }
  }
}

/** The network of the wire, given one address on it: its /24 or /64. */
export function wireNetwork(ip: string): string {
  const cidr = parseCidr(`${ip}/${wirePrefixLength(ip)}`);
  if (cidr === undefined) throw new Error(`BUG: ${ip} was not checked`);
  return cidr.text;
}

export function wirePrefixLength(ip: string): number {
  return familyOf(ip) === 'IPv4' ? 24 : 64;
}

/** The first address of the wire's network: the router that everything else in the world lies behind. */
export function wireGateway(ip: string): string {
  const [network = ''] = wireNetwork(ip).split('/');
  return familyOf(ip) === 'IPv4' ? network.replace(/\.0$/, '.1') : `${network.replace(/::$/, '')}::1`;
}

function requireIp(where: string, text: string, family: IpFamily): void {
  if (parseIp(text) !== text || familyOf(text) !== family) {
    throw new LabSpecError(`${where}: ${text} is not an ${family} address in its usual form`);
  }
}

function requireCidr(where: string, text: string, family: IpFamily): void {
  const cidr = parseCidr(text);
  if (cidr?.text !== text || cidr.family !== family)
    throw new LabSpecError(`${where}: ${text} is not an ${family} network in its usual form`);
}

function requireIn(where: string, ip: string, network: string): void {
  const cidr = parseCidr(network);
  if (cidr === undefined || !cidrContains(cidr, ip)) {
    throw new LabSpecError(`${where}: ${ip} is outside ${network}`);
  }
}

function requireOnWire(where: string, ip: string, neighbour: string): void {
  requireIn(where, ip, wireNetwork(neighbour));
  if (ip === wireGateway(ip)) throw new LabSpecError(`${where}: ${ip} is the gateway of the nodes' network`);
}
