/** A small cluster on one machine: nodes, pods and a client outside, each in a network namespace of its own. */

import { openNamespace } from '@menwei/kernel/netns.ts';
import type { ServerIdentity } from './echo-server.ts';
import { LabHost } from './host.ts';
import { LabSpecError } from './lab-spec-error.ts';
import { Link } from './link.ts';
import { type Arrival, acceptSharedAddresses, ownAddresses } from './owned-address.ts';
import { checkTopology, DEFAULT_PORTS, type LabSpec, type NodeSpec, type PodSpec } from './topology.ts';
import { addManagementLink, createClient, createNode, createPod, createWire, portOf } from './wiring.ts';

export class LabNode extends LabHost {
  readonly spec: NodeSpec;
  /** Its cable. */
  readonly link: Link;

  constructor(spec: NodeSpec, namespace: LabHost['namespace'], link: Link) {
    super(spec.name, spec, namespace);
    this.spec = spec;
    this.link = link;
  }

  /** Passes on packets whose source is an address of its own, as pods send them that own a virtual address. */
  acceptSharedAddresses(): void {
    acceptSharedAddresses(this.namespace);
  }
}

export class LabPod extends LabHost {
  readonly spec: PodSpec;
  readonly node: LabNode;

  constructor(spec: PodSpec, node: LabNode) {
    if (spec.hostNetwork === true) super(spec.name, node, openNamespace(node.namespace.path));
    else super(spec.name, spec, createPod(node.namespace, node.spec, spec));
    this.spec = spec;
    this.node = node;
  }

  /** Answers on the pod's ports, as it does from the start. */
  async startServing(): Promise<void> {
    await this.serve(this.#identity, this.spec.ports ?? DEFAULT_PORTS);
  }

  /**
   * Gives the pod virtual addresses of its Service, so that it takes packets for them and answers from them. Once for
   * each pod; it must have an own address of each family. The nodes must accept it: see
   * {@link LabNode.acceptSharedAddresses}.
   */
  async own(addresses: readonly string[], arrival: Arrival): Promise<void> {
    const { ip, ip6, ports = DEFAULT_PORTS } = this.spec;
    ownAddresses(this.namespace, addresses, arrival, (family) => {
      const own = family === 'IPv4' ? ip : ip6;
      if (own === undefined)
        throw new LabSpecError(`pod ${this.name}: it has no ${family} address of its own`);
      return own;
    });
    await this.stopServing();
    const all = [ip, ip6, ...addresses].filter((address) => address !== undefined);
    await this.serve(this.#identity, ports, all);
  }

  get #identity(): ServerIdentity {
    return { pod: this.name, node: this.node.name };
  }
}

/**
 * A running lab. It holds its namespaces by open files alone: once this process ends, also by SIGKILL, the kernel
 * takes away every namespace, interface and rule, and the programs started inside are killed.
 */
export class Lab implements AsyncDisposable {
  readonly #spec: LabSpec;
  readonly #wire: LabHost;
  readonly #nodes = new Map<string, LabNode>();
  readonly #pods = new Map<string, LabPod>();
  readonly #client: LabHost | undefined;

  /** Wires nodes and client; {@link createLab} adds the pods. */
  constructor(spec: LabSpec) {
    checkTopology(spec);
    this.#spec = spec;
    const { nodes, client } = spec;
    const wire = createWire(nodes);
    this.#wire = new LabHost('wire', {}, wire);
    for (const [index, node] of nodes.entries()) {
      const others = nodes.filter((other) => other !== node);
      const namespace = createNode(wire, node, others, client);
      const management =
        spec.loadBalancer === undefined ? undefined : addManagementLink(wire, node, namespace, index);
      const link = new Link(wire, { wire: portOf(node), management });
      this.#nodes.set(node.name, new LabNode(node, namespace, link));
    }
    this.#client =
      client === undefined ? undefined : new LabHost('client', client, createClient(wire, client));
  }

  get nodes(): readonly LabNode[] {
    return [...this.#nodes.values()];
  }

  get pods(): readonly LabPod[] {
    return [...this.#pods.values()];
  }

  /** Every host by name: nodes, pods, `client` and `wire`. */
  get hosts(): readonly LabHost[] {
    return [...this.nodes, ...this.pods, ...(this.#client === undefined ? [] : [this.#client]), this.#wire];
  }

  node(name: string): LabNode {
    return found(this.#nodes.get(name), 'node', name);
  }

  pod(name: string): LabPod {
    return found(this.#pods.get(name), 'pod', name);
  }

  /** The router on the wire, at the first address of the nodes' network. */
  get wire(): LabHost {
    return this.#wire;
  }

  /** The client outside the cluster. */
  get client(): LabHost {
    return found(this.#client, 'host', 'client');
  }

  /** Adds a pod that answers at once. Throws {@link LabSpecError} for a pod that cannot be placed. */
  async addPod(spec: PodSpec): Promise<LabPod> {
    checkTopology({ ...this.#spec, pods: [...this.pods.map((pod) => pod.spec), spec] });
    const pod = new LabPod(spec, this.node(spec.node));
    this.#pods.set(spec.name, pod);
    await pod.startServing();
    return pod;
  }

  /** Takes a pod away with its interfaces and routes, as when its node kills it. */
  async removePod(name: string): Promise<void> {
    await this.pod(name).close();
    this.#pods.delete(name);
  }

  /** Takes everything down. */
  async close(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function found<T>(value: T | undefined, kind: string, name: string): T {
  if (value === undefined) throw new Error(`the lab has no ${kind} ${name}`);
  return value;
}

/**
 * Builds a lab and resolves when every pod answers. Needs root. Throws {@link LabSpecError} for a description that
 * cannot be wired and KernelError where the kernel refuses.
 */
export async function createLab(spec: LabSpec): Promise<Lab> {
  const lab = new Lab(spec);
  try {
    await Promise.all((spec.pods ?? []).map((pod) => lab.addPod(pod)));
  } catch (error) {
    await lab.close();
    throw error;
  }
  return lab;
}
