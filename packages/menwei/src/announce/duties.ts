/**
 * Brings what this node answers for to what was decided, address by address: asks before it takes an address that somebody may
 * still have, gives one up when its new owner is heard, and settles with the wire as the last judge (load-balancer §§ 5.6, 5.7).
 */
import { isDeepStrictEqual } from 'node:util';
import type { AnnounceReports } from './announce-reports.ts';
import { Defences } from './defences.ts';
import {
  type Answering,
  type Cause,
  type Duty,
  describeHolder,
  type Holder,
  holderOf,
  isAnswering,
  isFailover,
  needsProbe,
} from './duty.ts';
import type { Election } from './election/election.ts';
import type { Eligible } from './election/eligibility.ts';
import { findHolder } from './find-holder.ts';
import { probeTiming } from './former-owners.ts';
import type { Claim, Speaker } from './speaker.ts';

/** So long may a proxy take before the address is left to another node. */
const PROGRAMMING_MS = 2_000;
/** So long may it fail for a Service whose address the node has. */
const FAILING_MS = 10_000;
/** So long does a node answer for an address that a live node is to have, and does not take. */
const YIELDING_MS = 10_000;
const STAND_BY_MS = 2_000;
/** All stations of the segment hear each question: of many addresses, so many milliseconds are between two. */
const QUESTION_GAP_MS = 20;

interface DutiesOptions {
  /** Name of this node. */
  readonly node: string;
  readonly speaker: Speaker;
  readonly election: Election;
  readonly reports: AnnounceReports;
  /** The proxy of this node has programmed the address of all Services that have it. */
  readonly isProgrammed: (address: string) => boolean;
  /** How the present owner came to lose the address, as far as is known; undefined: nobody had it. */
  readonly causeOf: (address: string) => Cause;
  /** Since when this node had it before it was started anew; undefined: it had not. */
  readonly formerSinceMs: (address: string) => number | undefined;
  /** What this node knows of others may be long over: it asks before it takes anything. */
  readonly isBehind: () => boolean;
  /** Undefined: no node of the cluster has it. */
  readonly nodeOfMac: (mac: string) => string | undefined;
  /** Another node says that it answers for the address. */
  readonly isAnnouncedBy: (node: string, address: string) => boolean;
  /** The Lease of this node says since when it owns the address, and the API server has taken that in. */
  readonly isPublished: (address: string, sinceMs: number) => boolean;
  /** Nothing answers for an address that is this node's, whatever the reason. */
  readonly isMute: (address: string) => boolean;
  /** This process is about to end: it answers for what nobody takes over. */
  readonly isStopping: () => boolean;
  /** Nodes are not known by name: any machine may be one. */
  readonly knowsNoNodes: boolean;
  /** What the Lease has to say is another. */
  readonly onChange: () => void;
}

interface Record {
  duty: Duty;
  timer: NodeJS.Timeout | undefined;
  /** The proxy has failed for a Service of the address since then; undefined: it has not. */
  failingSinceMs: number | undefined;
}

export class Duties implements Disposable {
  readonly #options: DutiesOptions;
  readonly #records = new Map<string, Record>();
  readonly #defences = new Defences();
  /** Who has the addresses that this node stands by for, as it was told last. */
  readonly #holders = new Map<string, string>();
  readonly #claims: Disposable;
  #isApplying = false;

  constructor(options: DutiesOptions) {
    this.#options = options;
    this.#claims = options.speaker.onClaim((claim) => this.#heard(claim));
  }

  get(address: string): Duty | undefined {
    return this.#records.get(address)?.duty;
  }

  /** All addresses that this node has to do with. */
  get all(): Iterable<readonly [string, Duty]> {
    return Array.from(this.#records, ([address, { duty }]) => [address, duty] as const);
  }

  /** Addresses that are left to others, since the proxy of this node has not programmed their Services. */
  get declined(): readonly string[] {
    return [...this.#records].flatMap(([address, record]) =>
      this.#declines(record) || (isAnswering(record.duty) && this.#options.isMute(address)) ? [address] : [],
    );
  }

  /** Something is different that this node's part in the address depends on. */
  look(address: string): void {
    const owner = this.#options.election.decisions.get(address)?.owner;
    this.#noteGate(address);
    if (owner?.name === this.#options.node) this.#own(address, owner);
    else this.#leave(address, owner);
  }

  /** Asks again at once where another node was found to have the address. */
  askAgain(): void {
    for (const [address, { duty }] of this.#records) if (duty.phase === 'standing by') this.#retry(address);
  }

  /**
   * This process did not run for a while, and somebody else may have its addresses now: it answers for none before it has asked.
   * What it hears until then was said to one that is no more.
   */
  startAnew(): void {
    for (const [address, { duty }] of [...this.#records])
      if (isAnswering(duty)) this.#set(address, undefined);
    this.#apply();
  }

  /** Nothing is answered any more, and nobody is told. */
  [Symbol.dispose](): void {
    this.#claims[Symbol.dispose]();
    for (const address of [...this.#records.keys()]) this.#set(address, undefined);
    this.#options.speaker.apply([]);
  }

  #own(address: string, { interfaces }: Eligible): void {
    const duty = this.get(address);
    switch (duty?.phase) {
      case 'answering':
        if (!isDeepStrictEqual(duty.interfaces, interfaces)) this.#set(address, { ...duty, interfaces });
        break;
      case 'yielding': {
        const { cause, ownedSinceMs } = duty;
        this.#set(address, { phase: 'answering', cause, interfaces, ownedSinceMs });
        break;
      }
      case 'probing':
        if (!isDeepStrictEqual(duty.interfaces, interfaces)) this.#begin(address, interfaces);
        break;
      case 'standing by':
        break;
      default:
        this.#begin(address, interfaces);
    }
  }

  #begin(address: string, interfaces: readonly string[]): void {
    const { isProgrammed, causeOf, isBehind } = this.#options;
    if (!isProgrammed(address)) {
      if (this.get(address) === undefined) {
        this.#set(address, { phase: 'waiting', sinceMs: performance.now() });
        this.#after(address, PROGRAMMING_MS, () => this.#options.onChange());
      }
      return;
    }
    const cause = causeOf(address);
    if (needsProbe(cause) || isBehind()) this.#probe(address, interfaces, cause);
    else this.#answer(address, interfaces, cause);
  }

  #probe(address: string, interfaces: readonly string[], cause: Cause): void {
    const { speaker, nodeOfMac } = this.#options;
    const stop = new AbortController();
    this.#set(address, { phase: 'probing', cause, interfaces, stop });
    const isOver = () => stop.signal.aborted;
    findHolder(speaker, address, interfaces, probeTiming(cause), stop.signal).then(
      (claim) => {
        if (isOver()) return;
        if (claim === undefined) this.#answer(address, interfaces, cause);
        else this.#standBy(address, holderOf(claim, nodeOfMac(claim.mac)));
      },
      (error: unknown) => {
        if (isOver()) return;
        const reason = `can’t ask whether somebody has it: ${error instanceof Error ? error.message : String(error)}`;
        this.#set(address, { phase: 'standing by', holder: undefined, reason });
        this.#askLater(address);
      },
    );
  }

  #answer(address: string, interfaces: readonly string[], cause: Cause): void {
    const ownedSinceMs =
      (cause === 'restart' ? this.#options.formerSinceMs(address) : undefined) ?? Date.now();
    const duty: Answering = { phase: 'answering', cause, interfaces, ownedSinceMs };
    this.#holders.delete(address);
    this.#set(address, duty);
    this.#options.reports.announced(address, duty);
    if (isFailover(cause)) this.#options.reports.failedOver(address, cause);
  }

  #standBy(address: string, holder: Holder): void {
    const described = describeHolder(holder);
    const isKnown = this.#holders.get(address) === described;
    this.#holders.set(address, described);
    const isForeign = holder.node === undefined && !this.#options.knowsNoNodes;
    this.#set(address, { phase: 'standing by', holder, reason: `${described} has it` });
    if (!isKnown) this.#options.reports.stoodBy(address, holder);
    if (isForeign) this.#options.reports.inUse(address, holder);
    this.#askLater(address);
  }

  #askLater(address: string): void {
    const delayMs = Math.max(STAND_BY_MS, this.#holders.size * QUESTION_GAP_MS);
    this.#after(address, delayMs, () => this.#retry(address));
  }

  #retry(address: string): void {
    this.#set(address, undefined);
    this.look(address);
  }

  /** Another node is the owner, or none. */
  #leave(address: string, owner: Eligible | undefined): void {
    const duty = this.get(address);
    switch (duty?.phase) {
      case undefined:
        this.#holders.delete(address);
        break;
      case 'waiting':
      case 'declining':
        this.#leaveWaiting(address);
        break;
      case 'answering':
        if (owner !== undefined) this.#yield(address, duty, owner.name);
        else if (!this.#options.isStopping()) this.#stop(address, 'no node may announce it');
        break;
      case 'yielding':
        if (owner === undefined) this.#stop(address, 'no node may announce it');
        else if (this.#options.isAnnouncedBy(owner.name, address))
          this.#stop(address, `${owner.name} announces it`);
        break;
      default:
        this.#holders.delete(address);
        this.#set(address, undefined);
    }
  }

  /** What it has declined it goes on to decline, lest it gets the address back. */
  #leaveWaiting(address: string): void {
    const record = this.#records.get(address);
    const isUsed = this.#options.election.decisions.has(address);
    const goesOn =
      record !== undefined && isUsed && this.#declines(record) && !this.#options.isProgrammed(address);
    if (!goesOn) this.#set(address, undefined);
    else if (record.duty.phase !== 'declining') this.#set(address, { phase: 'declining' });
  }

  #yield(address: string, duty: Answering, to: string): void {
    if (this.#options.isAnnouncedBy(to, address)) {
      this.#stop(address, `${to} announces it`);
      return;
    }
    this.#set(address, { ...duty, phase: 'yielding', to });
    this.#after(address, YIELDING_MS, () =>
      this.#stop(address, `${to} is to announce it, and has not begun to`),
    );
  }

  #stop(address: string, why: string): void {
    this.#set(address, undefined);
    this.#options.reports.withdrawn(address, why);
  }

  #heard(claim: Claim): void {
    const { address, mac } = claim;
    const { election, node, nodeOfMac, knowsNoNodes, isPublished, reports, speaker } = this.#options;
    const duty = this.get(address);
    if (!isAnswering(duty)) {
      if (duty?.phase === 'probing') this.#standBy(address, holderOf(claim, nodeOfMac(mac)));
      return;
    }
    const peer = nodeOfMac(mac);
    const holder = holderOf(claim, peer);
    if (peer === undefined && !knowsNoNodes) {
      if (!this.#defences.mayDefendAgainstStranger(address)) return;
      reports.conflict(address, holder, 'defended');
      reports.inUse(address, holder);
      speaker.defend(address);
      return;
    }
    if (duty.phase === 'yielding') {
      this.#stop(address, `${describeHolder(holder)} announces it`);
      return;
    }
    const own = speaker.interfaces.find(({ name }) => name === claim.interface)?.mac ?? '';
    const verdict = this.#defences.judge({
      address,
      peer: peer ?? mac,
      self: peer === undefined ? own : node,
      selfSinceMs: duty.ownedSinceMs,
      isPublished: isPublished(address, duty.ownedSinceMs),
      peerSinceMs: peer === undefined ? undefined : election.nodes.get(peer)?.claims.get(address),
      isChosen: election.decisions.get(address)?.owner?.name === node,
    });
    if (verdict === 'stop') {
      this.#standBy(address, holder);
      reports.conflict(address, holder, 'stopped');
    } else if (verdict === 'defend') {
      speaker.defend(address);
      reports.conflict(address, holder, 'defended');
    }
  }

  #declines({ duty, failingSinceMs }: Record): boolean {
    const now = performance.now();
    if (duty.phase === 'declining') return true;
    if (duty.phase === 'waiting') return now - duty.sinceMs >= PROGRAMMING_MS;
    return failingSinceMs !== undefined && now - failingSinceMs >= FAILING_MS;
  }

  #noteGate(address: string): void {
    const record = this.#records.get(address);
    if (record?.duty.phase !== 'answering') return;
    const isProgrammed = this.#options.isProgrammed(address);
    if (isProgrammed) record.failingSinceMs = undefined;
    else if (record.failingSinceMs === undefined) {
      record.failingSinceMs = performance.now();
      this.#after(address, FAILING_MS, () => this.#options.onChange());
    }
  }

  #set(address: string, duty: Duty | undefined): void {
    const record = this.#records.get(address);
    clearTimeout(record?.timer);
    if (record?.duty.phase === 'probing') record.duty.stop.abort();
    if (!isAnswering(duty)) this.#defences.forget(address);
    if (duty === undefined) this.#records.delete(address);
    else this.#records.set(address, { duty, timer: undefined, failingSinceMs: record?.failingSinceMs });
    if (isAnswering(record?.duty) || isAnswering(duty)) this.#applySoon();
    this.#options.onChange();
  }

  /** All that changes in one go is one word to the speaker. */
  #applySoon(): void {
    if (this.#isApplying) return;
    this.#isApplying = true;
    queueMicrotask(() => {
      this.#isApplying = false;
      this.#apply();
    });
  }

  #apply(): void {
    const wanted = [...this.#records].flatMap(([address, { duty }]) =>
      isAnswering(duty) ? { address, interfaces: duty.interfaces } : [],
    );
    this.#options.speaker.apply(wanted);
  }

  #after(address: string, delayMs: number, work: () => void): void {
    const record = this.#records.get(address);
    if (record === undefined) return;
    clearTimeout(record.timer);
    record.timer = setTimeout(work, delayMs);
  }
}
