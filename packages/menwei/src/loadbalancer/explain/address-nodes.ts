/** Which node has an address, which may have it, and why the others may not (load-balancer § 5.3). */
import { type NodeFacts, readAnnouncingNode } from '../../announce/election/announcing-node.ts';
import { Election } from '../../announce/election/election.ts';
import { describeFailure, type Eligible } from '../../announce/election/eligibility.ts';
import type { OwnedAddress } from '../../announce/node-lease.ts';
import { ServiceView } from '../../announce/service-view.ts';
import { objectKey } from '../../state/object-key.ts';
import { formatTime } from '../wanted-status.ts';
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

/** All nodes together, as each of them decides for itself. Who has an address is cheap to tell; why others do not, is not. */
export class AddressNodes {
  readonly #known: KnownCluster;
  /** Knows no node: only which Services have which addresses. */
  readonly #services = new Election(OPTIONS);
  readonly #nodes: readonly NodeFacts[];
  readonly #owners = new Map<string, NodeVerdict[]>();

  constructor(known: KnownCluster) {
    this.#known = known;
    const services = new ServiceView(known.tables, this.#services, known.claims.classes, () => undefined);
    services.take();
    services[Symbol.dispose]();
    this.#nodes = known.seesLeases ? factsOf(known) : [];
    for (const { name, announcement, isAlive } of this.#nodes) {
      if (!isAlive || announcement === undefined) continue;
      for (const owned of announcement.owns) {
        const owners = this.#owners.get(owned.address) ?? [];
        this.#owners.set(owned.address, [...owners, announces(name, owned)].sort(compareVerdicts));
      }
    }
  }

  /** Those that have it, by their own account. */
  ownersOf(address: string): readonly NodeVerdict[] {
    return this.#owners.get(address) ?? [];
  }

  /** Those that have it first, then those that may, sorted by name. */
  verdictsOn(address: string): readonly NodeVerdict[] {
    if (this.#services.users(address).length === 0) return [];
    const election = this.#electionOn(address);
    const { eligible, failures } = election.eligibility(address);
    const elected = election.decisions.get(address)?.owner?.name;
    const owners = new Map(this.ownersOf(address).map((verdict) => [verdict.node, verdict]));
    const verdicts = [...election.nodes.values()].map((node): NodeVerdict => {
      const { name } = node;
      const owner = owners.get(name);
      if (owner !== undefined) return owner;
      const may = eligible.get(name);
      if (may !== undefined) return eligibleVerdict(may, name === elected);
      const failure = failures.get(name);
      const message =
        failure === undefined
          ? 'is not for all Services that share it'
          : describeFailure(address, failure, node);
      return { node: name, verdict: 'refused', interfaces: [], message };
    });
    return verdicts.sort(compareVerdicts);
  }

  /** In a line: `192.0.2.10 is not announced: n1 is not Ready, and so gets no new address; n2 …`. Empty: there are no nodes. */
  describe(address: string): string {
    const verdicts = this.verdictsOn(address);
    if (verdicts.length === 0) return '';
    const told = verdicts.slice(0, MOST_NAMED).map(({ node, message }) => `${node} ${message}`);
    const rest = verdicts.length - told.length;
    return `${address} is not announced: ${told.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`;
  }

  /** Of all addresses that hang together with this one. */
  #electionOn(address: string): Election {
    const election = new Election(OPTIONS);
    const addresses = new Set([address]);
    const services = new Set<string>();
    for (const one of addresses) {
      for (const { service, createdAtMs, policy } of this.#services.users(one)) {
        if (services.has(service)) continue;
        services.add(service);
        const all = this.#services.addressesOf(service);
        for (const other of all) addresses.add(other);
        const known = all.flatMap((other) => {
          const user = this.#services.users(other).find((candidate) => candidate.service === service);
          return user === undefined ? [] : [{ ...user, address: other }];
        });
        election.putService({ service, createdAtMs, policy, addresses: known });
      }
    }
    const { ignoresExcludeLabel } = this.#known;
    for (const facts of this.#nodes) {
      election.putNode(readAnnouncingNode(facts, { ignoresExcludeLabel, needsNodeObject: true }));
    }
    election.decide();
    return election;
  }
}

/** Of nodes with an object, a Lease, or both. */
function factsOf({ tables, namespace, isAlive }: KnownCluster): readonly NodeFacts[] {
  const facts = new Map<string, NodeFacts>();
  for (const node of tables.nodes.rows.values()) {
    facts.set(node.name, { name: node.name, node, announcement: undefined, isAlive: false });
  }
  for (const { node: name, announcement } of leasesOf(tables, namespace)) {
    const node = tables.nodes.get(objectKey('', name));
    facts.set(name, { name, node, announcement, isAlive: isAlive(name) });
  }
  return [...facts.values()];
}

const MOST_NAMED = 5;

const OPTIONS = { announcesWithoutEndpoints: false };

const ORDER: readonly NodeVerdict['verdict'][] = ['announces', 'elected', 'eligible', 'refused'];

function rank({ verdict }: NodeVerdict): number {
  return ORDER.indexOf(verdict);
}

function compareVerdicts(a: NodeVerdict, b: NodeVerdict): number {
  return rank(a) - rank(b) || (a.node < b.node ? -1 : 1);
}

function eligibleVerdict({ name, interfaces }: Eligible, isElected: boolean): NodeVerdict {
  const where = `on ${interfaces.join(', ')}`;
  return isElected
    ? { node: name, verdict: 'elected', interfaces, message: `is to announce it ${where}, and does not yet` }
    : { node: name, verdict: 'eligible', interfaces, message: `may take it over, ${where}` };
}

function announces(node: string, { interfaces, sinceMs }: OwnedAddress): NodeVerdict {
  const since = formatTime(sinceMs);
  const message =
    interfaces.length === 0
      ? `is about to announce it; it has been its owner since ${since}`
      : `announces it on ${interfaces.join(', ')} since ${since}`;
  return { node, verdict: 'announces', interfaces, message };
}
