/** Class `menwei.dev/node`: the addresses of the nodes are those of the Service, one Service a port. */
import { familyOf } from '@menwei/addresses/ip.ts';
import type { Node, Service } from '../kubernetes/objects.ts';
import { type ObjectKey, objectKey } from '../state/object-key.ts';
import { addTo, removeFrom } from '../state/sets-by-key.ts';

/**
 * External addresses where any node has one, else internal ones; of the Service's families, in their order.
 *
 * @param localNodes policy Local: the nodes that have endpoints; undefined: policy Cluster
 */
export function nodeAddresses(
  { loadBalancer }: Pick<Service, 'loadBalancer'>,
  nodes: readonly Node[],
  localNodes: ReadonlySet<string> | undefined,
): readonly string[] {
  const { ipFamilies = [], ipFamilyPolicy = 'SingleStack' } = loadBalancer ?? {};
  const families = ipFamilyPolicy === 'SingleStack' ? ipFamilies.slice(0, 1) : ipFamilies;
  const chosen = nodes.filter(({ name }) => localNodes === undefined || localNodes.has(name));
  return families.flatMap((family) => {
    const of = (addresses: (node: Node) => readonly string[]) =>
      chosen.flatMap((node) => addresses(node).filter((ip) => familyOf(ip) === family));
    const external = of(({ externalIPs }) => externalIPs);
    return [...new Set(external.length > 0 ? external : of(({ internalIPs }) => internalIPs))].sort();
  });
}

/** What nodes themselves listen at, and nobody who may only create Services may have: SSH, etcd, API server, kubelet and their likes. */
const OWN_PORTS = new Set([22, 2379, 2380, 6443, 10248, 10249, 10250, 10255, 10256, 10257, 10258, 10259]);

interface Claimant {
  readonly service: ObjectKey;
  readonly createdAtMs: number;
  readonly ports: readonly string[];
}

/** Which Service has which port of the nodes: of several that want one, the oldest. */
export class NodePortClaims {
  readonly #claimants = new Map<ObjectKey, Claimant>();
  readonly #byPort = new Map<string, Set<ObjectKey>>();

  /** Returns the other Services that may be concerned. */
  put({ namespace, name, createdAtMs, ports }: Service): readonly ObjectKey[] {
    const service = objectKey(namespace, name);
    const before = this.delete(service);
    const claimed = ports.map(({ port, protocol }) => `${port}/${protocol}`);
    this.#claimants.set(service, { service, createdAtMs, ports: claimed });
    for (const port of claimed) addTo(this.#byPort, port, service);
    return [...new Set([...before, ...this.#others(service, claimed)])];
  }

  /** Returns the other Services that may be concerned. */
  delete(service: ObjectKey): readonly ObjectKey[] {
    const { ports = [] } = this.#claimants.get(service) ?? {};
    const others = this.#others(service, ports);
    this.#claimants.delete(service);
    for (const port of ports) removeFrom(this.#byPort, port, service);
    return others;
  }

  /** What stands in its way, as people read it; undefined: all its ports are its own. */
  conflictOf(service: ObjectKey): string | undefined {
    const own = this.#claimants.get(service);
    for (const port of own?.ports ?? []) {
      if (OWN_PORTS.has(Number.parseInt(port, 10)) && port.endsWith('/TCP')) {
        return `port ${port} is one that nodes have for themselves`;
      }
      for (const other of this.#byPort.get(port) ?? []) {
        const claimant = this.#claimants.get(other);
        if (own === undefined || claimant === undefined || other === service) continue;
        if (isOlder(claimant, own)) return `port ${port} of the nodes is used by ${other}`;
      }
    }
    return undefined;
  }

  #others(service: ObjectKey, ports: readonly string[]): readonly ObjectKey[] {
    return ports.flatMap((port) => [...(this.#byPort.get(port) ?? [])]).filter((other) => other !== service);
  }
}

function isOlder(a: Claimant, b: Claimant): boolean {
  return a.createdAtMs !== b.createdAtMs ? a.createdAtMs < b.createdAtMs : a.service < b.service;
}
