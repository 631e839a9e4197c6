/** What is known about the node the proxy runs on, as the backends want to see it. */
import { familyOf, IP_FAMILIES, type IpFamily, isLoopback } from '@menwei/addresses/ip.ts';
import { firstCidr, localDetector } from '../config/local-detector.ts';
import { type NodeIPs, nodeIPs, nodePortAddresses, statedAddresses } from '../config/node-addresses.ts';
import type { Settings } from '../config/settings.ts';
import type { Node } from '../kubernetes/objects.ts';
import type { NodeView } from '../services/node-view.ts';
import { objectKey } from '../state/object-key.ts';
import type { ObjectTables } from '../state/object-tables.ts';
import { ServiceCIDRs } from './service-cidrs.ts';

/** The address at which the programs of this machine are reached: the stated one if it is one of them. */
export type OwnAddress = (family: IpFamily, stated: string | undefined) => string | undefined;

/** The addresses of the machine, as they are now. All are canonical. */
export interface MachineView {
  /** Of both families, as far as the settings may mean them; asked for only if the settings need them. */
  readonly all: () => readonly string[];
  /** See NodeView; none in a mode that does not use them. Asked for all the time, so it gives the same list as long as nothing changed. */
  readonly local: (family: IpFamily) => readonly string[];
  /** What stands for the machine, and how it was found, for a node of which nobody says any address. */
  readonly found: (family: IpFamily) => { readonly ip: string; readonly by: string } | undefined;
  /** For a mode that listens there; all others take the node's address for what they are told it is. */
  readonly own: OwnAddress | undefined;
}

export class NodeState {
  readonly #settings: Settings;
  readonly #machine: MachineView;
  /** The same on every node; they reach the backends the same way. */
  readonly serviceCIDRs = new ServiceCIDRs();
  #node: Node | undefined;

  constructor(settings: Settings, machine: MachineView) {
    this.#settings = settings;
    this.#machine = machine;
  }

  /** The pods of this node are told by the podCIDRs of its Node object. */
  get usesPodCIDRs(): boolean {
    return this.#settings.detectLocalMode === 'NodeCIDR';
  }

  /** The last own Node object; undefined as long as none was seen. */
  get node(): Node | undefined {
    return this.#node;
  }

  /** Takes in the own Node object. Manifests may have other nodes' as well; they are passed over. */
  update(node: Node): void {
    if (node.name === this.#settings.nodeName) this.#node = node;
  }

  /**
   * Takes in these objects, and what becomes of them from now on. As upstream, a Node that is deleted stays in use as it was last.
   *
   * @param onChange called when the own Node or a ServiceCIDR came or changed
   */
  follow(
    objects: Pick<ObjectTables, 'nodes' | 'serviceCIDRs'>,
    onChange: () => void = () => undefined,
  ): void {
    const ownNode = objectKey('', this.#settings.nodeName);
    const noteNodes = () => {
      const own = nodes.take().find(({ key }) => key === ownNode);
      if (own?.after !== undefined) this.update(own.after);
      if (own !== undefined) onChange();
    };
    const noteCIDRs = () => {
      for (const { key, after } of serviceCIDRs.take()) this.serviceCIDRs.set(key, after?.cidrs ?? []);
      onChange();
    };
    const nodes = objects.nodes.reader(noteNodes);
    const serviceCIDRs = objects.serviceCIDRs.reader(noteCIDRs);
    noteNodes();
    noteCIDRs();
  }

  get ips(): NodeIPs {
    const found = IP_FAMILIES.flatMap((family) => this.#machine.found(family) ?? []);
    const onMachine = found.map(({ ip, by }) => ({ ip, source: by }));
    return nodeIPs(this.#settings, this.#node?.addresses ?? [], onMachine);
  }

  /** Those that the node has addresses of, as far as the Node object and the settings tell; none while nobody does. */
  get families(): readonly IpFamily[] {
    const addresses = statedAddresses(this.#settings, this.#node?.addresses ?? []);
    return IP_FAMILIES.filter((family) => addresses.some(({ ip }) => familyOf(ip) === family));
  }

  /** All addresses of a family that the Node object and the settings know of: canonical, sorted, without loopback. */
  knownAddresses(family: IpFamily): readonly string[] {
    const known = [this.ips.byFamily[family], ...(this.#node?.addresses ?? [])];
    return [...new Set(known)].filter((ip) => familyOf(ip) === family && !isLoopback(ip)).sort();
  }

  view(family: IpFamily): NodeView {
    const ip = this.#ip(family);
    return {
      name: this.#settings.nodeName,
      family,
      zone: this.#node?.zone ?? '',
      ip,
      ownIP: this.#ownIP(family, ip),
      detectLocal: localDetector(this.#settings, family, this.#node?.podCIDRs ?? []),
      podCIDR: firstCidr(this.#node?.podCIDRs ?? [], family),
      nodePortAddresses: this.nodePortAddresses(family),
      localAddresses: this.#machine.local(family),
      serviceCIDRs: this.serviceCIDRs.of(family),
      largeCluster: false,
    };
  }

  #ownIP(family: IpFamily, ip: string | undefined): string | undefined {
    if (this.#settings.answeredVIPs === 'none') return undefined;
    if (ip !== undefined && !isLoopback(ip) && this.#machine.all().includes(ip)) return ip;
    return this.#machine.found(family)?.ip;
  }

  /** What is wrong with the node's address; undefined: nothing. */
  addressObstacle(family: IpFamily): string | undefined {
    const stated = this.#statedIP(family);
    const own = this.#machine.own?.(family, stated);
    if (this.#machine.own === undefined || stated === undefined || own === stated) return undefined;
    const instead = own === undefined ? 'no other address can stand in for it' : `taking ${own} instead`;
    return `no interface has the node's address ${stated}; ${instead}`;
  }

  #ip(family: IpFamily): string | undefined {
    if (this.#machine.own === undefined) return this.ips.byFamily[family];
    return this.#machine.own(family, this.#statedIP(family));
  }

  #statedIP(family: IpFamily): string | undefined {
    const ip = this.ips.byFamily[family];
    return isLoopback(ip) ? undefined : ip;
  }

  /** Why nobody reaches NodePorts; undefined: somebody may. */
  nodePortObstacle(family: IpFamily): string | undefined {
    const accepted = this.nodePortAddresses(family);
    if (accepted === 'all' || accepted.length > 0) return undefined;
    const { nodePortAddresses: setting } = this.#settings;
    if (setting === 'primary') return `no interface has the node's address ${this.ips.byFamily[family]}`;
    const cidrs = setting.filter((cidr) => cidr.family === family).map(({ text }) => text);
    return `no address of this node matches nodePortAddresses ${cidrs.join(', ')}`;
  }

  nodePortAddresses(family: IpFamily): 'all' | readonly string[] {
    const restricted = this.#settings.nodePortAddresses.length > 0;
    return nodePortAddresses(this.#settings, family, this.ips, restricted ? this.#machine.all() : []);
  }
}
