/**
 * The part of the process that announces load-balancer addresses: reads who may announce what, decides who does, sees to it
 * that this node does its part, and tells the others by its Lease.
 */
import type { Logger } from '../log/logger.ts';
import { pause, untilAborted } from '../scheduling/pause.ts';
import type { ObjectTables } from '../state/object-tables.ts';
import type { AnnounceReports } from './announce-reports.ts';
import { ClaimAgain } from './claim-again.ts';
import { Duties } from './duties.ts';
import { type Holder, isAnswering } from './duty.ts';
import { Election } from './election/election.ts';
import { ForeignHolders } from './foreign-holders.ts';
import { FormerOwners } from './former-owners.ts';
import { GivenUp } from './given-up.ts';
import { followHeartbeats, type RunHeartbeats } from './heartbeat/peer-heartbeats.ts';
import { LEASE_ANNOTATIONS, NODE_LEASE_PREFIX, type NodeAnnouncement } from './node-lease.ts';
import { parseNodeLease } from './node-lease-text.ts';
import { NodeMacs } from './node-macs.ts';
import { NodeView } from './node-view.ts';
import { type LeaseTiming, OwnLease, type OwnLeaseOptions } from './own-lease.ts';
import { OwnerWatch } from './owner-watch.ts';
import type { ProgrammedServices } from './programmed.ts';
import { CHECK_MS, SelfTest } from './self-test.ts';
import { ServiceView } from './service-view.ts';
import type { Speaker } from './speaker.ts';

export interface AnnouncerOptions {
  /** Name of this node. */
  readonly node: string;
  readonly tables: ObjectTables;
  /** How many sources fill the tables: before all have, nothing is announced. */
  readonly sources: number;
  readonly speaker: Speaker;
  /** Made once; told when something of it may be otherwise. */
  readonly openProgrammed: (onChange: () => void) => ProgrammedServices & Disposable;
  /** Undefined: there is no API server, and no node knows the others. */
  readonly lease:
    | (Pick<OwnLeaseOptions, 'client'> & { readonly namespace: string; readonly timing: LeaseTiming })
    | undefined;
  readonly classes: ReadonlySet<string>;
  readonly ignoresExcludeLabel: boolean;
  readonly announcesWithoutEndpoints: boolean;
  /** After a signal to stop, others leave the addresses alone for so long; 0: they take them over at once. */
  readonly restartGraceMs: number;
  /** Undefined: there are no heartbeats between nodes. */
  readonly runHeartbeats: RunHeartbeats | undefined;
  readonly reports: AnnounceReports;
  readonly logger: Logger;
}

/** How often a new process looks whether its Lease has come back to it. */
const PROOF_MS = 50;
/** How long this process goes on after it has handed over (load-balancer § 5.7). */
const STOP_MS = 2_000;

export class Announcer implements Disposable {
  readonly election: Election;
  readonly nodes: NodeView;
  readonly duties: Duties;
  readonly #options: AnnouncerOptions;
  readonly #services: ServiceView;
  readonly #programmed: ProgrammedServices & Disposable;
  readonly #lease: OwnLease | undefined;
  readonly #foreign: ForeignHolders;
  readonly #macs: NodeMacs;
  readonly #selfTest = new SelfTest();
  readonly #givenUp = new GivenUp();
  readonly #watch: OwnerWatch;
  readonly #interfaces: Disposable;
  readonly #standstills: Disposable;
  readonly #end = new AbortController();
  readonly #startedAtMs = Date.now();
  readonly #formerOwners: FormerOwners;
  readonly #claims: ClaimAgain;
  /** What this node owned before it was started anew, and since when. */
  readonly #adopted = new Map<string, number>();
  /** When this process ran again after a standstill, on the clock of `performance.now()`. */
  #stoodStillMs = Number.NEGATIVE_INFINITY;
  #isHandingOver = false;
  #restartingUntilMs = 0;
  #isLooking = false;
  #isBegun = false;
  #own: NodeAnnouncement | undefined;
  #isOver = false;
  #expiry: NodeJS.Timeout | undefined;
  #checks: NodeJS.Timeout | undefined;

  constructor(options: AnnouncerOptions) {
    const { node, tables, speaker, lease, logger } = options;
    this.#options = options;
    const onChange = () => this.#lookSoon();
    this.election = new Election(options);
    this.nodes = new NodeView({
      ...options,
      needsNodeObject: lease !== undefined,
      namespace: lease?.namespace ?? '',
      longestRenewalMs: (lease?.timing.renewMs ?? 0) * 1.5,
      election: this.election,
      onChange,
      onProblem: (name, problem) =>
        logger.warn({ lease: name, err: problem }, 'announcing: a Lease can’t be read as a whole'),
    });
    this.#formerOwners = new FormerOwners(this.election, this.nodes);
    this.#claims = new ClaimAgain(speaker);
    this.#services = new ServiceView(tables, this.election, options.classes, onChange);
    this.#programmed = options.openProgrammed(onChange);
    this.#foreign = new ForeignHolders({
      isNode: (mac) => this.#nodeOfMac(mac) !== undefined,
      lastProvenMs: () => this.nodes.lastProvenMs,
      report: (address, holder) => options.reports.inUse(address, holder),
      onChange: () => this.#leaseChanged(),
    });
    this.#macs = new NodeMacs(options);
    this.#lease = lease === undefined ? undefined : this.#makeLease(lease);
    this.duties = new Duties({
      node,
      speaker,
      election: this.election,
      reports: this.#reports(),
      isProgrammed: (address) => this.#isProgrammed(address),
      causeOf: (address) =>
        this.#formerOwners.causeOf(address) ?? (this.#adopted.has(address) ? 'restart' : 'new'),
      formerSinceMs: (address) => this.#adopted.get(address),
      isBehind: () => this.#stoodStillMs >= (this.nodes.lastProvenMs ?? 0),
      nodeOfMac: (mac) => this.#nodeOfMac(mac),
      isAnnouncedBy: (other, address) => this.nodes.isAnnouncedBy(other, address),
      isPublished: (address, sinceMs) => this.#lease?.isPublished(address, sinceMs) ?? false,
      isMute: (address) => this.#selfTest.isMute(address),
      isStopping: () => this.#isHandingOver,
      knowsNoNodes: lease === undefined,
      onChange: () => {
        this.#leaseChanged();
        this.#lookSoon();
      },
    });
    this.#watch = this.#watchOwners();
    this.#interfaces = speaker.onInterfaces(() => {
      this.#leaseChanged();
      this.#look();
    });
    this.#standstills = speaker.onStandstill(() => this.#stoodStill());
  }

  /** What it owned it owns no longer: if nobody else does, it may have it again. */
  #stoodStill(): void {
    const { logger } = this.#options;
    logger.warn({}, 'announcing: this process did not run for a while; asking who has its addresses');
    this.#stoodStillMs = performance.now();
    this.#leaseChanged();
    this.duties.startAnew();
    for (const address of this.election.decisions.keys()) this.duties.look(address);
  }

  /**
   * Announces until the signal fires; then hands its addresses over, and ends a little later.
   *
   * @param ready called once it knows what there is
   */
  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    await this.#synced(signal);
    if (signal.aborted) return;
    this.#services.take();
    this.nodes.take(this.#announcement());
    const { signal: over } = this.#end;
    const either = AbortSignal.any([signal, over]);
    const renewing = this.#lease?.run(over) ?? untilAborted(over);
    try {
      await Promise.race([this.#begin(either, ready), renewing]);
      this.#beat(over);
      this.#checks = setInterval(() => this.#check(over), CHECK_MS);
      await Promise.race([untilAborted(either), renewing]);
      if (!over.aborted) await this.#handOver();
    } finally {
      this.#isOver = true;
      this.#stopTimers();
      this.#end.abort();
      await renewing;
      this.duties[Symbol.dispose]();
    }
    if (this.#restartingUntilMs === 0) await this.#lease?.release();
  }

  /** Nothing of it goes on, and nobody is told. */
  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#stopTimers();
    this.#end.abort();
    for (const part of [
      this.duties,
      this.nodes,
      this.#services,
      this.#programmed,
      this.#interfaces,
      this.#standstills,
    ])
      part[Symbol.dispose]();
  }

  #stopTimers(): void {
    clearTimeout(this.#expiry);
    clearInterval(this.#checks);
  }

  async #begin(signal: AbortSignal, ready: () => void): Promise<void> {
    // Peers have to know this node by its MAC addresses before they hear of it.
    await Promise.race([this.#lease?.written(), untilAborted(signal)]);
    // What others have written since the lists were read has to be seen, too.
    while (this.#lease !== undefined && this.nodes.lastProvenMs === undefined && !signal.aborted) {
      this.nodes.take(this.#announcement());
      await pause(PROOF_MS, signal);
    }
    if (signal.aborted) return;
    this.#isBegun = true;
    this.#look();
    ready();
  }

  async #synced(signal: AbortSignal): Promise<void> {
    const { tables, sources } = this.#options;
    const reader = tables.syncedLoadBalancing.reader();
    try {
      while (!signal.aborted && tables.syncedLoadBalancing.rows.size < sources) {
        reader.take();
        await reader.changed(signal);
      }
    } finally {
      reader.close();
    }
  }

  #makeLease({ client, timing }: NonNullable<AnnouncerOptions['lease']>): OwnLease {
    return new OwnLease({
      client,
      timing,
      announcement: () => this.#announcement(),
      onWritten: (renewTimeMs, sentAtMs) => {
        this.nodes.renewed(renewTimeMs, sentAtMs);
        this.#lookSoon();
      },
      onRead: (stored) => this.#adopt(stored),
      givenUp: () => this.#givenUp.finished,
      logger: this.#options.logger,
    });
  }

  /** What the process before this one owned it may go on with, unless another node has it now. */
  #adopt({ holderIdentity, annotations }: Parameters<OwnLeaseOptions['onRead']>[0]): void {
    if (this.#isBegun) return;
    const { node } = this.#options;
    const lease = {
      name: `${NODE_LEASE_PREFIX}${node}`,
      holderIdentity,
      annotations: new Map(Object.entries(annotations)),
    };
    const others = [...this.election.nodes.values()].filter(({ name }) => name !== node);
    for (const { address, sinceMs } of parseNodeLease(lease).announcement?.owns ?? []) {
      if (!others.some(({ claims }) => claims.has(address))) this.#adopted.set(address, sinceMs);
    }
    this.#own = undefined;
  }

  #announcement(): NodeAnnouncement {
    this.#own ??= this.#announce();
    return this.#own;
  }

  #announce(): NodeAnnouncement {
    const { node, speaker } = this.#options;
    const owns = [...this.duties.all].flatMap(([address, duty]) =>
      isAnswering(duty) && !this.#givenUp.has(address)
        ? [{ address, sinceMs: duty.ownedSinceMs, interfaces: duty.interfaces }]
        : [],
    );
    return {
      node,
      interfaces: speaker.interfaces
        .filter(({ unusable }) => unusable === undefined)
        .map(({ name, mac, onLink }) => ({ name, mac, onLink })),
      owns: [
        ...owns,
        ...Array.from(this.#adopted, ([address, sinceMs]) => ({ address, sinceMs, interfaces: [] })),
      ],
      declines: this.duties.declined,
      conflicts: this.#foreign.conflicts,
      isHandingOver: this.#isHandingOver,
      restartingUntilMs: this.#restartingUntilMs,
      startedAtMs: this.#startedAtMs,
    };
  }

  #leaseChanged(): void {
    this.#own = undefined;
    this.#lease?.request();
  }

  #lookSoon(): void {
    if (this.#isLooking || this.#isOver) return;
    this.#isLooking = true;
    queueMicrotask(() => {
      this.#isLooking = false;
      this.#look();
    });
  }

  #look(): void {
    if (this.#isOver || !this.#isBegun) return;
    this.#services.take();
    this.nodes.take(this.#announcement());
    this.#foreign.look();
    this.#noteRequest();
    const programmed = this.#programmed.take();
    const changed = new Set(this.election.decide());
    for (const address of changed) this.#noteOwner(address);
    const concerned =
      programmed === 'all'
        ? this.election.decisions.keys()
        : programmed.flatMap((service) => this.election.addressesOf(service));
    for (const address of changed.union(new Set(concerned))) this.duties.look(address);
    this.#settleRequest();
    this.#watchExpiry();
  }

  /** What `menwei lb rebalance` has asked this node for. */
  #noteRequest(): void {
    const { lease, tables, node } = this.#options;
    if (lease === undefined) return;
    const own = tables.leases.get(`${lease.namespace}/${NODE_LEASE_PREFIX}${node}`);
    if (!this.#givenUp.request(own?.annotations.get(LEASE_ANNOTATIONS.giveUp) ?? '')) return;
    this.#leaseChanged();
    this.nodes.take(this.#announcement());
  }

  #settleRequest(): void {
    const isOver = (address: string) =>
      !isAnswering(this.duties.get(address)) ||
      this.election.decisions.get(address)?.owner?.name === this.#options.node;
    if (!this.#givenUp.settle(isOver)) return;
    this.#leaseChanged();
    this.#lookSoon();
  }

  /** What is so may differ from what is believed. */
  #check(signal: AbortSignal): void {
    const { speaker, reports } = this.#options;
    const answering = [...this.duties.all].flatMap(([address, duty]) => (isAnswering(duty) ? [address] : []));
    for (const [address, why] of this.#selfTest.look(speaker, new Set(answering))) {
      reports.failed(address, `this node is its owner, and does not answer for it: ${why}`);
      this.#leaseChanged();
      this.#lookSoon();
    }
    this.#settleRequest();
    this.#watch.look(signal);
    if (this.#lease === undefined || this.isApiAway) this.#claims.claim(answering, this.isApiAway);
  }

  #watchOwners(): OwnerWatch {
    const { node, speaker, reports } = this.#options;
    return new OwnerWatch({
      node,
      speaker,
      election: this.election,
      nodeOfMac: (mac) => this.#nodeOfMac(mac),
      isApiAway: () => this.isApiAway,
      onDead: (dead) => this.nodes.suspect(dead, 'unreachable'),
      onHeard: (heard) => this.#heardOf(heard),
      onStranger: (claim) => void this.#judge(claim.address, { ...claim, node: undefined }),
      onFailed: (address, why) => reports.failed(address, why),
      onChecked: (result) => reports.checked(result),
    });
  }

  /** Nothing that other nodes write has arrived for as long as a Lease is good. */
  get isApiAway(): boolean {
    const { lease } = this.#options;
    const { lastProvenMs } = this.nodes;
    return (
      lease !== undefined &&
      lastProvenMs !== undefined &&
      performance.now() - lastProvenMs > lease.timing.durationMs
    );
  }

  #beat(signal: AbortSignal): void {
    const { runHeartbeats, node, tables, logger } = this.#options;
    if (runHeartbeats === undefined) return;
    const knowsNoNodes = this.#lease === undefined;
    const onDead = () => {
      // Which addresses it had nobody knows without Leases.
      if (knowsNoNodes) this.duties.askAgain();
    };
    const options = { node, tables, nodes: this.nodes, knowsNoNodes, onDead, logger };
    void followHeartbeats(runHeartbeats, options, signal);
  }

  #heardOf(name: string): void {
    if (this.nodes.suspected.get(name) === 'unreachable') this.nodes.suspect(name, undefined);
  }

  /** When a Lease is about to be taken for expired, proof is needed that nothing of it was missed. */
  #watchExpiry(): void {
    clearTimeout(this.#expiry);
    const inMs = this.nodes.nextExpiryInMs;
    if (inMs === undefined) return;
    this.#expiry = setTimeout(
      () => {
        this.#lease?.request();
        this.#watchExpiry();
      },
      Math.max(inMs + 1, 500),
    );
  }

  #noteOwner(address: string): void {
    const owner = this.election.decisions.get(address)?.owner;
    if (owner?.name === this.#options.node) return;
    if (this.#adopted.delete(address)) this.#leaseChanged();
    this.#formerOwners.note(address);
  }

  #isProgrammed(address: string): boolean {
    return this.election
      .users(address)
      .every(({ service }) => this.#programmed.isProgrammed(service, address));
  }

  #reports(): AnnounceReports {
    const { reports } = this.#options;
    return {
      ...reports,
      announced: (address, duty) => {
        this.#adopted.delete(address);
        this.#formerOwners.forget(address);
        this.#foreign.gone(address);
        reports.announced(address, duty);
      },
      stoodBy: (address, holder) => {
        this.#adopted.delete(address);
        if (holder.node !== undefined) this.#heardOf(holder.node);
        reports.stoodBy(address, holder);
      },
      inUse: (address, holder) => void this.#judge(address, holder),
    };
  }

  #nodeOfMac(mac: string): string | undefined {
    return this.nodes.nodeOfMac(mac) ?? this.#macs.nodeOf(mac);
  }

  /** Who answers for an address and has no Lease may be a node all the same, with another program. */
  async #judge(address: string, holder: Holder): Promise<void> {
    const { logger } = this.#options;
    const node = await this.#macs.find(holder, this.#end.signal).catch(() => undefined);
    if (this.#isOver) return;
    if (node === undefined) {
      this.#foreign.seen(address, holder);
      return;
    }
    const { mac } = holder;
    logger.warn(
      { address, node, mac },
      'another program on a node answers for the address; waiting for its end',
    );
    this.duties.askAgain();
  }

  /** Others take over while this node still forwards. */
  async #handOver(): Promise<void> {
    const { restartGraceMs } = this.#options;
    if (this.#lease === undefined || [...this.duties.all].length === 0) return;
    const isRestarting = restartGraceMs > 0;
    if (isRestarting) this.#restartingUntilMs = Date.now() + restartGraceMs;
    else this.#isHandingOver = true;
    this.#leaseChanged();
    if (!isRestarting) this.#look();
    const stopping = pause(STOP_MS, this.#end.signal);
    await Promise.race(isRestarting ? [this.#lease.written(), stopping] : [stopping]);
  }
}
