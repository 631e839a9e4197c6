/** Which node has an address, which may have it, and why the others may not (load-balancer § 5.3). */
import { type NodeFacts, readAnnouncingNode } from '../../announce/election/announcing-node.ts';
import { Election } from '../../announce/election/election.ts';
import { describeFailure } from '../../announce/election/eligibility.ts';
import type { OwnedAddress } from '../../announce/node-lease.ts';
import { ServiceView } from '../../announce/service-view.ts';
import { objectKey } from '../../state/object-key.ts';
import { type KnownCluster, leasesOf } from './known-cluster.ts';

export interface NodeVerdict {
  readonly node: string;
  /** `announces`: by its own account; `elected`: it is to, and does not yet; `eligible`: if those do not; `refused`: why not. */
  readonly verdict: 'announces' | 'elected' | 'eligible' | 'refused';
  /** On which it is or would be announced. */
  readonly interfaces: readonly string[];
  /** A sentence without its subject, the node. */
  readonly message: string;
}

/** All nodes together, as each of them decides for itself. */
export class AddressNodes {
  readonly #known: KnownCluster;
  readonly #election = new Election({ announcesWithoutEndpoints: false });
  readonly #owned = new Map<string, readonly OwnedAddress[]>();

  constructor(known: KnownCluster) {
    this.#known = known;
    const services = new ServiceView(known.tables, this.#election, known.claims.classes, () => undefined);
    services.take();
    services[Symbol.dispose]();
    if (known.seesLeases) this.#readNodes();
    this.#election.decide();
  }

  /** Sorted by name; those that have it first, and those that may. */
  verdictsOn(address: string): readonly NodeVerdict[] {
    if (this.#election.users(address).length === 0) return [];
    const { eligible, failures } = this.#election.eligibility(address);
    const elected = this.#election.decisions.get(address)?.owner?.name;
    const verdicts = [...this.#election.nodes.values()].map((node): NodeVerdict => {
      const { name } = node;
      const owned = this.#known.isAlive(name)
        ? this.#owned.get(name)?.find((one) => one.address === address)
        : undefined;
      if (owned !== undefined) return announces(name, owned);
      const may = eligible.get(name);
      const failure = failures.get(name);
      if (may !== undefined) {
        const { interfaces } = may;
        const where = `on ${interfaces.join(', ')}`;
        return name === elected
          ? {
              node: name,
              verdict: 'elected',
              interfaces,
              message: `is to announce it ${where}, and does not yet`,
            }
          : { node: name, verdict: 'eligible', interfaces, message: `may take it over, ${where}` };
      }
      const message =
        failure === undefined
          ? 'is not for all Services that share it'
          : describeFailure(address, failure, node);
      return { node: name, verdict: 'refused', interfaces: [], message };
    });
    return verdicts.sort((a, b) => rank(a) - rank(b) || (a.node < b.node ? -1 : 1));
  }

  #readNodes(): void {
    const { tables, namespace, ignoresExcludeLabel, isAlive } = this.#known;
    const facts = new Map<string, NodeFacts>();
    for (const node of tables.nodes.rows.values()) {
      facts.set(node.name, { name: node.name, node, announcement: undefined, isAlive: false });
    }
    for (const { node: name, announcement } of leasesOf(tables, namespace)) {
      const node = tables.nodes.get(objectKey('', name));
      facts.set(name, { name, node, announcement, isAlive: isAlive(name) });
      this.#owned.set(name, announcement?.owns ?? []);
    }
    for (const fact of facts.values()) {
      this.#election.putNode(readAnnouncingNode(fact, { ignoresExcludeLabel, needsNodeObject: true }));
    }
  }
}

const ORDER: readonly NodeVerdict['verdict'][] = ['announces', 'elected', 'eligible', 'refused'];

function rank({ verdict }: NodeVerdict): number {
  return ORDER.indexOf(verdict);
}

function announces(node: string, { interfaces, sinceMs }: OwnedAddress): NodeVerdict {
  const since = new Date(sinceMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
  const message =
    interfaces.length === 0
      ? `is about to announce it; it has been its owner since ${since}`
      : `announces it on ${interfaces.join(', ')} since ${since}`;
  return { node, verdict: 'announces', interfaces, message };
}
