/** What is known about the node the proxy runs on, as the backends want to see it. */
import type { IpFamily } from '../addresses/ip.ts';
import { localDetector } from '../config/local-detector.ts';
import { type NodeIPs, nodeIPs, nodePortAddresses } from '../config/node-addresses.ts';
import type { Settings } from '../config/settings.ts';
import type { Node } from '../kubernetes/objects.ts';
import type { NodeView } from '../services/node-view.ts';

export class NodeState {
  readonly #settings: Settings;
  readonly #interfaceAddresses: () => readonly string[];
  #node: Node | undefined;

  /** @param interfaceAddresses the machine's addresses now, canonical; asked for only if the settings need them. */
  constructor(settings: Settings, interfaceAddresses: () => readonly string[]) {
    this.#settings = settings;
    this.#interfaceAddresses = interfaceAddresses;
  }

  /** The last own Node object; undefined as long as none was seen. */
  get node(): Node | undefined {
    return this.#node;
  }

  /** Takes in the own Node object. Manifests may have other nodes' as well; they are passed over. */
  update(node: Node): void {
    if (node.name === this.#settings.nodeName) this.#node = node;
  }

  get ips(): NodeIPs {
    return nodeIPs(this.#settings, this.#node?.addresses ?? []);
  }

  view(family: IpFamily): NodeView {
    return {
      name: this.#settings.nodeName,
      family,
      zone: this.#node?.zone ?? '',
      ip: this.ips.byFamily[family],
      detectLocal: localDetector(this.#settings, family, this.#node?.podCIDRs ?? []),
      nodePortAddresses: this.nodePortAddresses(family),
      largeCluster: false,
    };
  }

  nodePortAddresses(family: IpFamily): 'all' | readonly string[] {
    const restricted = this.#settings.nodePortAddresses.length > 0;
    return nodePortAddresses(this.#settings, family, this.ips, restricted ? this.#interfaceAddresses() : []);
  }
}
