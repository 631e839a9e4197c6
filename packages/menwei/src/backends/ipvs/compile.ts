/** One service port → its virtual servers, and what it wants on the interface, in the sets and of the rules. */
import { isLoopback } from '@menwei/addresses/ip.ts';
import type { Rule } from '@menwei/netfilter/iptables/rule.ts';
import { type Destination, type FrontendKey, formatFrontend } from '@menwei/netlink/ipvs';
import type { Forwarding } from '../../kubernetes/objects.ts';
import { answeredVIPs } from '../../services/answered-vips.ts';
import type { NodeView } from '../../services/node-view.ts';
import { assess, type Situation, sourceRangesAllowNode } from '../../services/situation.ts';
import type { Endpoint, ServicePort } from '../../state/service-port.ts';
import { canDrain, destinationOf, scheduling } from './balancing.ts';
import type { IpvsOptions } from './options.ts';
import {
  formatFrontendEntry,
  formatSourceEntry,
  localNodePortSet,
  nodePortSet,
  type SetId,
  setName,
} from './sets.ts';
import type { ServerContent } from './state.ts';
import type { IpvsUnit, Member } from './unit.ts';

export function compile(port: ServicePort, node: NodeView, options: IpvsOptions): IpvsUnit {
  const writer = new UnitWriter(port, node, options);
  writer.clusterIP();
  writer.externalIPs();
  writer.loadBalancerVIPs();
  writer.sourceRanges();
  writer.nodePort();
  writer.healthCheckNodePort();
  writer.hairpins();
  return {
    servers: [...writer.servers.values()],
    addresses: [...writer.addresses],
    members: writer.members,
    outFilterRules: writer.outFilterRules,
  };
}

/** Whose endpoints a virtual server leads to: all, or those of this node. */
type Among = 'cluster' | 'local';

/** Frontends that lead to the same endpoints in the same way share them. */
type Reach = Pick<ServerContent, 'destinations' | 'lingering' | 'severed'>;

class UnitWriter {
  readonly servers = new Map<FrontendKey, ServerContent>();
  readonly addresses = new Set<string>();
  readonly members: Member[] = [];
  readonly outFilterRules: Rule[] = [];
  readonly #port: ServicePort;
  readonly #node: NodeView;
  readonly #options: IpvsOptions;
  readonly #situation: Situation;
  readonly #reaches = new Map<string, Reach>();
  readonly #scheduling: ReturnType<typeof scheduling>;

  constructor(port: ServicePort, node: NodeView, options: IpvsOptions) {
    this.#port = port;
    this.#node = node;
    this.#options = options;
    this.#situation = assess(port, node);
    this.#scheduling = scheduling(port, options);
  }

  /** Dropped if there are endpoints but none on this node (KQ-8); refused by the kernel if there are none at all. */
  clusterIP(): void {
    const { clusterIP, port, internalPolicyLocal, balancing } = this.#port;
    if (clusterIP === undefined) return;
    const entry = this.#entry(clusterIP, port);
    this.#putOnDevice(clusterIP);
    this.#join('KUBE-CLUSTER-IP', entry);
    const { hasEndpoints, hasInternalEndpoints } = this.#situation;
    if (hasEndpoints && !hasInternalEndpoints) this.#join('MENWEI-INTERNAL-NO-LOCAL', entry);
    else this.#serve(clusterIP, port, internalPolicyLocal ? 'local' : 'cluster', balancing.forwarding);
  }

  externalIPs(): void {
    const { clusterIP, externalIPs, port, externalPolicyLocal } = this.#port;
    for (const ip of externalIPs) {
      if (ip === clusterIP) continue;
      this.#join(externalPolicyLocal ? 'KUBE-EXTERNAL-IP-LOCAL' : 'KUBE-EXTERNAL-IP', this.#entry(ip, port));
      this.#serveExternal(ip);
    }
  }

  loadBalancerVIPs(): void {
    const { clusterIP, loadBalancerVIPs, port, externalPolicyLocal } = this.#port;
    const answered = answeredVIPs(this.#port, this.#options.answeredVIPs);
    for (const ip of loadBalancerVIPs) {
      if (ip === clusterIP) continue;
      const entry = this.#entry(ip, port);
      this.#join('KUBE-LOAD-BALANCER', entry);
      if (externalPolicyLocal) this.#join('KUBE-LOAD-BALANCER-LOCAL', entry);
      this.#serveExternal(ip);
      if (answered.includes(ip) && this.addresses.has(ip)) this.#join('MENWEI-LOAD-BALANCER-IPS', ip);
    }
  }

  /** In force without endpoints too. */
  sourceRanges(): void {
    const { loadBalancerVIPs, loadBalancerSourceRanges, port, protocol } = this.#port;
    if (loadBalancerSourceRanges === undefined) return;
    const allowsNode = sourceRangesAllowNode(this.#port, this.#node);
    for (const ip of loadBalancerVIPs) {
      const entry = this.#entry(ip, port);
      this.#join('KUBE-LOAD-BALANCER-FW', entry);
      for (const range of loadBalancerSourceRanges) {
        this.#join('KUBE-LOAD-BALANCER-SOURCE-CIDR', formatSourceEntry(entry, range));
      }
      if (allowsNode) this.#join('KUBE-LOAD-BALANCER-SOURCE-IP', formatSourceEntry(entry, ip));
      else {
        const virtual = { ip, protocol: protocol.toLowerCase(), port };
        this.outFilterRules.push({ source: ip, virtual, target: 'DROP' });
      }
    }
  }

  /** Always masqueraded: endpoints have another port. */
  nodePort(): void {
    const { nodePort, protocol, externalPolicyLocal } = this.#port;
    const ips = nodePort === 0 ? [] : nodePortIPs(this.#node);
    const entries =
      protocol === 'SCTP'
        ? ips.map((ip) => this.#entry(ip, nodePort))
        : ips.slice(0, 1).map(() => `${nodePort}`);
    for (const entry of entries) {
      this.#join(nodePortSet(protocol), entry);
      if (externalPolicyLocal) this.#join(localNodePortSet(protocol), entry);
    }
    for (const ip of ips) this.#serveByPolicy(ip, nodePort, 'masquerade');
  }

  /** Whether or not the node has an address that takes NodePorts (KQ-38): the health check is of the node's own. */
  healthCheckNodePort(): void {
    const { healthCheckNodePort } = this.#port;
    if (healthCheckNodePort !== 0) this.#join('KUBE-HEALTH-CHECK-NODE-PORT', `${healthCheckNodePort}`);
  }

  /**
   * A pod that is sent to itself must not see its own address as the client's. Only pods that get connections may be
   * (KQ-38), and only if their packets are rewritten.
   */
  hairpins(): void {
    const entries = new Set<string>();
    for (const among of ['cluster', 'local'] as const) {
      const reach = this.#reaches.get(`${among} masquerade`);
      if (reach === undefined) continue;
      for (const { ip, port, text, isLocal } of this.#endpoints(among)) {
        if (isLocal && reach.destinations.has(text))
          entries.add(formatSourceEntry(this.#entry(ip, port), ip));
      }
    }
    for (const entry of entries) this.#join('KUBE-LOOP-BACK', entry);
  }

  #serveExternal(ip: string): void {
    if (!this.#node.localAddresses.includes(ip)) this.#putOnDevice(ip);
    this.#serveByPolicy(ip, this.#port.port, this.#port.balancing.forwarding);
  }

  /**
   * By the external policy. Without an endpoint on this node, the pods here and the node itself still reach those of the
   * cluster, and a rule drops everybody else.
   */
  #serveByPolicy(ip: string, port: number, forwarding: Forwarding): void {
    const { hasEndpoints, hasExternalEndpoints } = this.#situation;
    const isForNeighbours = hasEndpoints && !hasExternalEndpoints;
    const among = this.#port.externalPolicyLocal && !isForNeighbours ? 'local' : 'cluster';
    const isNew = this.#serve(ip, port, among, forwarding);
    if (isNew && isForNeighbours) this.#join('MENWEI-EXTERNAL-NO-LOCAL', this.#entry(ip, port));
  }

  /** A Service may name an address twice, as external IP and by its load balancer: false if it is served already. */
  #serve(ip: string, port: number, among: Among, forwarding: Forwarding): boolean {
    const { family, protocol, key: servicePort } = this.#port;
    const frontend = { family, protocol, ip, port };
    const key = formatFrontend(frontend);
    if (this.servers.has(key)) return false;
    this.servers.set(key, {
      server: { frontend, ...this.#scheduling },
      ...this.#reach(among, forwarding),
      servicePort,
    });
    this.#join('MENWEI-VIRTUAL-SERVERS', formatFrontendEntry(frontend));
    if (forwarding !== 'masquerade') this.#join('MENWEI-DIRECT', formatFrontendEntry(frontend));
    return true;
  }

  #reach(among: Among, forwarding: Forwarding): Reach {
    const id = `${among} ${forwarding}`;
    const present = this.#reaches.get(id);
    if (present !== undefined) return present;
    const destinations = new Map<string, Destination>();
    for (const endpoint of this.#endpoints(among)) {
      const destination = destinationOf(endpoint, this.#port, this.#options, forwarding);
      if (destination !== undefined) destinations.set(endpoint.text, destination);
    }
    const { ejected } = this.#situation.endpoints;
    const mayLinger = canDrain(this.#scheduling);
    const lingering = this.#port.endpoints.filter(
      (endpoint) =>
        mayLinger &&
        !destinations.has(endpoint.text) &&
        keepsConnections(endpoint) &&
        !ejected.includes(endpoint),
    );
    const reach = {
      destinations,
      lingering: new Set(lingering.map(({ text }) => text)),
      ...this.#severed(ejected),
    };
    this.#reaches.set(id, reach);
    return reach;
  }

  /** A client hears of it by its next packet: IPVS has forgotten the connection (expire_nodest_conn), and this machine refuses it. */
  #severed(ejected: readonly Endpoint[]): Pick<Reach, 'severed'> {
    const isReset = this.#port.health?.check.onDown === 'reset' && this.#port.protocol !== 'UDP';
    return isReset && ejected.length > 0 ? { severed: new Set(ejected.map(({ text }) => text)) } : {};
  }

  #endpoints(among: Among): readonly Endpoint[] {
    const { clusterEndpoints, localEndpoints } = this.#situation.endpoints;
    return among === 'cluster' ? clusterEndpoints : localEndpoints;
  }

  #putOnDevice(ip: string): void {
    if (this.addresses.has(ip)) return;
    this.addresses.add(ip);
    this.#join('KUBE-IPVS-IPS', ip);
  }

  #entry(ip: string, port: number): string {
    return formatFrontendEntry({ protocol: this.#port.protocol, ip, port });
  }

  #join(set: SetId, entry: string): void {
    this.members.push({ set: setName(set, this.#port.family), entry });
  }
}

function keepsConnections({ serving, terminating, weight }: Endpoint): boolean {
  return serving && (terminating || weight === 0);
}

function nodePortIPs({ nodePortAddresses, localAddresses }: NodeView): readonly string[] {
  const ips = nodePortAddresses === 'all' ? localAddresses : nodePortAddresses;
  return ips.filter((ip) => !isLoopback(ip));
}
