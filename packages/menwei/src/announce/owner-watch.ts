/**
 * Asks the segment whether the owners of addresses answer for them: now and then while their Leases are renewed, since a Lease is
 * no answer (load-balancer § 10), and often while the API server can't be reached, since then it is all there is (§ 5.2).
 */

import type { Election } from './election/election.ts';
import type { Eligibility } from './election/eligibility.ts';
import { inOrderOfRank } from './election/rank.ts';
import { findHolder } from './find-holder.ts';
import type { Claim, ProbeTiming, Speaker } from './speaker.ts';

interface OwnerWatchOptions {
  readonly node: string;
  readonly speaker: Speaker;
  readonly election: Election;
  readonly nodeOfMac: (mac: string) => string | undefined;
  /** Nothing that other nodes write arrives. */
  readonly isApiAway: () => boolean;
  /** An owner did not answer, again and again: it is dead, as far as this node can tell. */
  readonly onDead: (node: string) => void;
  readonly onHeard: (node: string) => void;
  readonly onStranger: (claim: Claim) => void;
  readonly onFailed: (address: string, why: string) => void;
  readonly onChecked: (result: 'ok' | 'silent' | 'mismatch') => void;
}

/** All addresses are asked for once in this time, each by the node that would be its next owner. */
const ROUND_MS = 30_000;
const MOST_AT_ONCE = 50;
/** Without the API server, each owner is asked so often, by an address of its. */
const AWAY_ROUND_MS = 5_000;
const QUESTION: ProbeTiming = { count: 2, intervalMs: 250 };
const REPEATED: ProbeTiming = { count: 3, intervalMs: 1_000 };

export class OwnerWatch {
  readonly #options: OwnerWatchOptions;
  #queue: string[] = [];
  #askedOwnersMs = Number.NEGATIVE_INFINITY;
  /** How often owners have not answered in a row. */
  readonly #silences = new Map<string, number>();
  readonly #troubles = new Set<string>();

  constructor(options: OwnerWatchOptions) {
    this.#options = options;
  }

  /** To be called once a second. */
  look(signal: AbortSignal): void {
    if (this.#options.isApiAway()) this.#askOwners(signal);
    else {
      this.#silences.clear();
      this.#askSome(signal);
    }
  }

  #askSome(signal: AbortSignal): void {
    const { decisions } = this.#options.election;
    if (this.#queue.length === 0) this.#queue = [...decisions.keys()];
    const share = Math.min(Math.ceil((decisions.size * 1_000) / ROUND_MS), MOST_AT_ONCE);
    for (const address of this.#queue.splice(0, share)) {
      if (this.#isNext(address)) void this.#check(address, signal);
    }
  }

  /** This node would have the address if its owner had not. */
  #isNext(address: string): boolean {
    const { election, node } = this.#options;
    const owner = election.decisions.get(address)?.owner;
    if (owner?.sinceMs === undefined || owner.name === node) return false;
    const { eligible } = election.eligibility(address);
    const others = [...eligible.values()].filter(({ name }) => name !== owner.name);
    return eligible.has(node) && inOrderOfRank(address, others)[0]?.name === node;
  }

  async #check(address: string, signal: AbortSignal): Promise<void> {
    const first = await this.#ask(address, QUESTION, signal);
    const trouble = first === undefined ? undefined : this.#troubleOf(address, first.holder);
    if (signal.aborted || first === undefined) return;
    if (trouble === undefined) return this.#settled(address);
    const second = await this.#ask(address, REPEATED, signal);
    const again = second === undefined ? undefined : this.#troubleOf(address, second.holder);
    if (signal.aborted || again === undefined || second === undefined) return;
    const { onChecked, onFailed, onStranger } = this.#options;
    onChecked(second.holder === undefined ? 'silent' : 'mismatch');
    if (second.holder !== undefined && this.#options.nodeOfMac(second.holder.mac) === undefined)
      onStranger(second.holder);
    if (!this.#troubles.has(address)) onFailed(address, again);
    this.#troubles.add(address);
  }

  #settled(address: string): void {
    this.#troubles.delete(address);
    this.#options.onChecked('ok');
  }

  /** What differs from what its owner says; undefined: nothing does, or it has no owner now. */
  #troubleOf(address: string, holder: Claim | undefined): string | undefined {
    const { election, nodeOfMac, node } = this.#options;
    const owner = election.decisions.get(address)?.owner?.name;
    if (owner === undefined || owner === node) return undefined;
    if (holder === undefined) return `${owner} is its owner, and does not answer for it on the segment`;
    const other = nodeOfMac(holder.mac);
    if (other === owner) return undefined;
    return `${owner} is its owner, and ${other ?? 'a foreign machine'} (${holder.mac}) answers for it`;
  }

  #askOwners(signal: AbortSignal): void {
    const now = performance.now();
    if (now - this.#askedOwnersMs < AWAY_ROUND_MS) return;
    this.#askedOwnersMs = now;
    const asked = new Set<string>([this.#options.node]);
    for (const [address, { owner }] of this.#options.election.decisions) {
      if (owner === undefined || asked.has(owner.name) || this.#interfaces(address).length === 0) continue;
      asked.add(owner.name);
      void this.#askOwner(owner.name, address, signal);
    }
  }

  async #askOwner(owner: string, address: string, signal: AbortSignal): Promise<void> {
    const { election, nodeOfMac, onDead, onHeard } = this.#options;
    const answer = await this.#ask(address, QUESTION, signal);
    if (answer === undefined || signal.aborted) return;
    const heard = answer.holder && nodeOfMac(answer.holder.mac);
    if (heard !== undefined) {
      this.#silences.delete(heard);
      onHeard(heard);
    }
    if (answer.holder !== undefined) return;
    const silences = (this.#silences.get(owner) ?? 0) + 1;
    this.#silences.set(owner, silences);
    // One that has only just come to own it asks first, too.
    const isOwner = election.nodes.get(owner)?.claims.has(address) === true;
    if (silences >= (isOwner ? 1 : 3)) onDead(owner);
  }

  /** Undefined: it can't be asked. */
  async #ask(
    address: string,
    timing: ProbeTiming,
    signal: AbortSignal,
  ): Promise<{ readonly holder: Claim | undefined } | undefined> {
    try {
      const { speaker } = this.#options;
      return { holder: await findHolder(speaker, address, this.#interfaces(address), timing, signal) };
    } catch {
      return undefined;
    }
  }

  /** Those on which this node would announce it. */
  #interfaces(address: string): readonly string[] {
    const { election, node } = this.#options;
    const eligibility: Eligibility = election.eligibility(address);
    return eligibility.eligible.get(node)?.interfaces ?? [];
  }
}
