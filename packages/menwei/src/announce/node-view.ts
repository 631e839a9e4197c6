/** Tells the election of nodes: what their objects and Leases say, and whether they are alive. */
import { isDeepStrictEqual } from 'node:util';
import type { Lease } from '../kubernetes/load-balancer-objects.ts';
import type { ObjectTables } from '../state/object-tables.ts';
import { type NodeTestOptions, readAnnouncingNode } from './election/announcing-node.ts';
import type { Election } from './election/election.ts';
import { LeaseClock } from './lease-clock.ts';
import { NODE_LEASE_PREFIX, type NodeAnnouncement } from './node-lease.ts';
import { parseNodeLease } from './node-lease-text.ts';

interface NodeViewOptions extends NodeTestOptions {
  /** Name of this node. */
  readonly node: string;
  /** Of the Leases. */
  readonly namespace: string;
  /** Of this node, from its own renewal that comes back to the next; see {@link LeaseClock}. */
  readonly longestRenewalMs: number;
  readonly tables: Pick<ObjectTables, 'nodes' | 'leases'>;
  readonly election: Election;
  /** Something is to be taken. */
  readonly onChange: () => void;
  /** What can't be read of a Lease. */
  readonly onProblem: (lease: string, problem: string) => void;
}

/** A node other than this one that has a Lease. */
interface Peer {
  readonly announcement: NodeAnnouncement;
  /** What can't be read of its Lease. */
  readonly problems: readonly string[];
  readonly renewTimeMs: number;
  /** On the Lease clock: when a renewal was seen last, and how long that is good for. */
  readonly seenMs: number;
  readonly goodForMs: number;
  readonly isAlive: boolean;
}

export class NodeView implements Disposable {
  readonly #options: NodeViewOptions;
  readonly #clock: LeaseClock;
  readonly #peers = new Map<string, Peer>();
  readonly #suspected = new Map<string, Suspicion>();
  readonly #nodes: ReturnType<ObjectTables['nodes']['reader']>;
  readonly #leases: ReturnType<ObjectTables['leases']['reader']>;
  #macs: ReadonlyMap<string, string> = new Map();
  #own: NodeAnnouncement | undefined;
  /** Renewals of this node that have been sent and not seen yet: by what they say, when. */
  #sent: readonly { readonly renewTimeMs: number; readonly atMs: number }[] = [];

  constructor(options: NodeViewOptions) {
    this.#options = options;
    this.#clock = new LeaseClock(options.longestRenewalMs);
    this.#nodes = options.tables.nodes.reader(options.onChange);
    this.#leases = options.tables.leases.reader(options.onChange);
  }

  get suspected(): ReadonlyMap<string, Suspicion> {
    return this.#suspected;
  }

  /** Names of all other nodes that have a Lease. */
  get peers(): readonly string[] {
    return [...this.#peers.keys()];
  }

  /** Since when nothing of what others write has arrived for certain; on the clock of `performance.now()`. */
  get lastProvenMs(): number | undefined {
    return this.#clock.lastMs;
  }

  /** Which node has it; undefined: none that is known, or this one. */
  nodeOfMac(mac: string): string | undefined {
    return this.#macs.get(mac);
  }

  /** A node says that it answers for the address; one that was started anew may first have to ask. */
  isAnnouncedBy(node: string, address: string): boolean {
    const owned = this.#peers.get(node)?.announcement.owns.find((one) => one.address === address);
    return owned !== undefined && owned.interfaces.length > 0;
  }

  /** A renewal of this node was sent. */
  renewed(renewTimeMs: number, atMs: number): void {
    this.#sent = [...this.#sent.slice(-9), { renewTimeMs, atMs }];
    this.#noteOwn();
  }

  /** Takes in what has changed, what has expired, and what this node says of itself. */
  take(own: NodeAnnouncement): void {
    const { election, tables, node } = this.#options;
    const changed = new Set<string>();
    for (const { before, after } of this.#nodes.take()) changed.add((after ?? before)?.name ?? '');
    for (const { before, after } of this.#leases.take()) {
      const lease = after ?? before;
      if (lease === undefined || !this.#isOfNode(lease)) continue;
      const name = lease.name.slice(NODE_LEASE_PREFIX.length);
      if (name === node) this.#noteOwn();
      else {
        this.#notePeer(name, after);
        changed.add(name);
      }
    }
    for (const name of this.#expire()) changed.add(name);
    for (const name of changed) if (name !== node) this.#tell(name);
    if (own === this.#own && !changed.has(node)) return;
    this.#own = own;
    const facts = { name: node, node: tables.nodes.get(`/${node}`), announcement: own, isAlive: true };
    election.putNode(readAnnouncingNode(facts, this.#options));
  }

  /** In how many milliseconds the next Lease expires unless it is renewed; undefined: none. */
  get nextExpiryInMs(): number | undefined {
    const alive = [...this.#peers.values()].filter(({ isAlive }) => isAlive);
    if (alive.length === 0) return undefined;
    const due = Math.min(...alive.map((peer) => peer.seenMs + peer.goodForMs));
    return due - this.#clock.at(performance.now());
  }

  /** By other means than its Lease a node was found to be dead, or not. */
  suspect(name: string, suspicion: Suspicion | undefined): void {
    if (this.#suspected.get(name) === suspicion) return;
    if (suspicion === undefined) this.#suspected.delete(name);
    else this.#suspected.set(name, suspicion);
    if (this.#peers.has(name)) this.#tell(name);
    this.#options.onChange();
  }

  [Symbol.dispose](): void {
    this.#nodes.close();
    this.#leases.close();
  }

  #isOfNode({ namespace, name }: Lease): boolean {
    return namespace === this.#options.namespace && name.startsWith(NODE_LEASE_PREFIX);
  }

  #notePeer(name: string, lease: Lease | undefined): void {
    const before = this.#peers.get(name);
    const { announcement, problems } =
      lease === undefined ? { announcement: undefined, problems: [] } : parseNodeLease(lease);
    // Each renewal is news of the Lease, and says the same.
    for (const problem of problems) {
      if (before?.problems.includes(problem) !== true) this.#options.onProblem(lease?.name ?? '', problem);
    }
    if (announcement === undefined || lease === undefined) {
      this.#peers.delete(name);
      this.#suspected.delete(name);
    } else {
      const isRenewed = before?.renewTimeMs !== lease.renewTimeMs;
      const seenMs = isRenewed || before === undefined ? this.#clock.at(performance.now()) : before.seenMs;
      this.#peers.set(name, {
        announcement:
          isDeepStrictEqual(before?.announcement, announcement) && before
            ? before.announcement
            : announcement,
        problems,
        renewTimeMs: lease.renewTimeMs,
        seenMs,
        goodForMs: goodForMs(lease, announcement),
        isAlive: isRenewed || (before?.isAlive ?? true),
      });
      if (isRenewed && this.#suspected.get(name) === 'unreachable') this.#suspected.delete(name);
    }
    const interfaces = this.#peers.get(name)?.announcement.interfaces;
    if (!isDeepStrictEqual(before?.announcement.interfaces, interfaces)) this.#noteMacs();
  }

  #expire(): readonly string[] {
    const expired: string[] = [];
    for (const [name, peer] of this.#peers) {
      if (!peer.isAlive || this.#clock.provenMs < peer.seenMs + peer.goodForMs) continue;
      this.#peers.set(name, { ...peer, isAlive: false });
      expired.push(name);
    }
    return expired;
  }

  #tell(name: string): void {
    const { election, tables } = this.#options;
    const peer = this.#peers.get(name);
    if (peer === undefined) {
      election.deleteNode(name);
      return;
    }
    const isAlive = peer.isAlive && !this.#suspected.has(name);
    const facts = { name, node: tables.nodes.get(`/${name}`), announcement: peer.announcement, isAlive };
    election.putNode(readAnnouncingNode(facts, this.#options));
  }

  /** A renewal that is there was sent before all that is seen now. */
  #noteOwn(): void {
    const { namespace, node, tables } = this.#options;
    const own = tables.leases.get(`${namespace}/${NODE_LEASE_PREFIX}${node}`);
    const seen = this.#sent.findLast(({ renewTimeMs }) => renewTimeMs === own?.renewTimeMs);
    if (seen === undefined) return;
    this.#sent = this.#sent.filter(({ atMs }) => atMs > seen.atMs);
    this.#clock.prove(seen.atMs);
  }

  /** Of two nodes that say they have a MAC address none is believed. */
  #noteMacs(): void {
    const macs = new Map<string, string>();
    const doubtful = new Set<string>();
    for (const [name, { announcement }] of this.#peers) {
      for (const { mac } of announcement.interfaces) {
        if (macs.has(mac) && macs.get(mac) !== name) doubtful.add(mac);
        macs.set(mac, name);
      }
    }
    for (const mac of doubtful) macs.delete(mac);
    this.#macs = macs;
  }
}

/** How a node was found to be dead, though its Lease has not expired. */
type Suspicion = 'heartbeat' | 'unreachable';

/** Both times of a node that is about to restart are of its own clock. */
function goodForMs({ leaseDurationMs, renewTimeMs }: Lease, { restartingUntilMs }: NodeAnnouncement): number {
  const restartMs = restartingUntilMs === 0 ? 0 : restartingUntilMs - renewTimeMs;
  return Math.min(Math.max(leaseDurationMs, restartMs), LONGEST_GOOD_MS);
}

/** No Lease is believed for longer than that. */
const LONGEST_GOOD_MS = 120_000;
