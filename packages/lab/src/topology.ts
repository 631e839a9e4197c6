/** What a lab consists of, as its user writes it down, and the checks that it can be wired. */
import { cidrContains, familyOf, parseCidr, parseIp } from '@menwei/addresses/ip.ts';

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
}

export interface PodSpec {
  readonly name: string;
  readonly node: string;
  /** Left out for a pod on the host network, which has its node's addresses. */
  readonly ip?: string | undefined;
  readonly ip6?: string | undefined;
  /** Ports on which the pod answers, HTTP and UDP on each; [80] unless given. An empty list serves nothing. */
  readonly ports?: readonly number[] | undefined;
  readonly hostNetwork?: boolean | undefined;
  /** Whether an EndpointSlice made from this pod says so; the lab's own servers answer in either case. */
  readonly ready?: boolean | undefined;
}

export interface ClientSpec {
  readonly ip: string;
  readonly ip6?: string | undefined;
  /** Further addresses of either family to send from; outside the wire's network too. */
  readonly moreAddresses?: readonly string[] | undefined;
}

export interface LabSpec {
  readonly nodes: readonly NodeSpec[];
  readonly pods?: readonly PodSpec[] | undefined;
  /** The client outside the cluster. It has routes to the nodes' network only. */
  readonly client?: ClientSpec | undefined;
}

/** A mistake in the description of a lab, in one line. */
export class LabSpecError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LabSpecError';
  }
}

/** Throws {@link LabSpecError} for the first mistake. */
export function checkTopology(spec: LabSpec): void {
  const taken = new Set(['client', 'wire']);
  const claimName = (kind: string, name: string): void => {
    if (!/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/.test(name)) {
      throw new LabSpecError(
        `${kind} ${JSON.stringify(name)}: a name is lower-case letters, digits, dots and dashes`,
      );
    }
    if (taken.has(name)) throw new LabSpecError(`${kind} ${name}: there is already a host of that name`);
    taken.add(name);
  };

  const [first] = spec.nodes;
  if (first === undefined) throw new LabSpecError('a lab needs at least one node');
  for (const node of spec.nodes) {
    claimName('node', node.name);
    checkNode(node, first);
  }
  for (const pod of spec.pods ?? []) {
    claimName('pod', pod.name);
    checkPod(pod, spec.nodes);
  }
  if (spec.client !== undefined) checkClient(spec.client, first);
}

function checkNode(node: NodeSpec, first: NodeSpec): void {
  const where = `node ${node.name}`;
  requireIp(`${where}: ip`, node.ip, 'IPv4');
  requireOnWire(`${where}: ip`, node.ip, first.ip);
  requireCidr(`${where}: podCIDR`, node.podCIDR);
  if (node.ip6 !== undefined) {
    requireIp(`${where}: ip6`, node.ip6, 'IPv6');
    if (first.ip6 === undefined) throw new LabSpecError(`${where}: ip6: node ${first.name} has none`);
    requireOnWire(`${where}: ip6`, node.ip6, first.ip6);
  } else if (first.ip6 !== undefined) {
    throw new LabSpecError(`${where}: ip6 is missing, and node ${first.name} has one`);
  }
  if (node.podCIDR6 !== undefined) {
    requireCidr(`${where}: podCIDR6`, node.podCIDR6);
    if (node.ip6 === undefined) throw new LabSpecError(`${where}: podCIDR6 needs ip6`);
  }
}

/** Throws {@link LabSpecError} unless the pod can be placed on its node. */
export function checkPod(pod: PodSpec, nodes: readonly NodeSpec[]): void {
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

function requireIp(where: string, text: string, family: 'IPv4' | 'IPv6'): void {
  if (parseIp(text) !== text || familyOf(text) !== family) {
    throw new LabSpecError(`${where}: ${text} is not an ${family} address in its usual form`);
  }
}

function requireCidr(where: string, text: string): void {
  if (parseCidr(text)?.text !== text)
    throw new LabSpecError(`${where}: ${text} is not a network in its usual form`);
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
