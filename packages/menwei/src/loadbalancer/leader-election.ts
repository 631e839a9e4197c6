/**
 * One of several processes leads, by a Lease: who holds it renews it, and whoever finds it not renewed for its duration takes
 * it (as client-go's leader election does). Clocks of different machines are not compared: how old a Lease is, is counted from
 * when its change was seen.
 */
import type { LeaseClient, LeaseContent, StoredLease } from '../kubernetes/lease-client.ts';
import type { Logger } from '../log/logger.ts';
import { pause } from '../scheduling/pause.ts';

interface LeaderTiming {
  /** Without a renewal the Lease is anybody's after this time. */
  readonly durationMs: number;
  /** Who can't renew it for this time leads no more. */
  readonly renewDeadlineMs: number;
  readonly retryMs: number;
}

const LEADER_TIMING: LeaderTiming = { durationMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 };

interface LeaderElectionOptions {
  readonly leases: Pick<LeaseClient, 'read' | 'create' | 'update'>;
  /** Of this process: another one than that of any other, also of one before it. */
  readonly identity: string;
  readonly logger: Logger;
  readonly timing?: LeaderTiming;
  /** Milliseconds since the epoch, as it is written. */
  readonly now?: () => number;
}

interface Seen {
  readonly lease: StoredLease;
  /** On the clock of `performance.now()`. */
  readonly atMs: number;
}

export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #timing: LeaderTiming;
  #seen: Seen | undefined;
  #isLeading = false;
  /** What was logged last of why the Lease can't be written; empty: it can. */
  #trouble = '';

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#timing = options.timing ?? LEADER_TIMING;
  }

  get isLeading(): boolean {
    return this.#isLeading;
  }

  /** Who holds the Lease, as far as is known; empty: nobody. */
  get leader(): string {
    return this.#seen?.lease.holderIdentity ?? '';
  }

  /**
   * Waits until this process leads, lets it lead, and begins again when it has lost that, until the signal fires. The signal
   * that `lead` gets fires at once when leadership is lost.
   */
  async run(lead: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (await this.#attempt(signal)) await this.#lead(lead, signal);
      else await pause(this.#timing.retryMs * (1 + Math.random() / 5), signal);
    }
  }

  async #lead(lead: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    const { logger, identity } = this.#options;
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    this.#isLeading = true;
    logger.info({ identity }, 'leading: this controller writes from now on');
    const renewing = this.#renew(over, either);
    try {
      await lead(either);
    } finally {
      this.#isLeading = false;
      over.abort();
      await renewing;
      if (signal.aborted) await this.#giveUp();
      else logger.warn({ identity, leader: this.leader }, 'no longer leading: nothing is written any more');
    }
  }

  /** Ends `over` when the Lease is another's, or could not be renewed in time. */
  async #renew(over: AbortController, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const deadline = setTimeout(() => this.#lose(over), this.#timing.renewDeadlineMs);
      let isRenewed = false;
      while (!signal.aborted && !isRenewed) {
        await pause(this.#timing.retryMs, signal);
        if (signal.aborted) break;
        isRenewed = await this.#attempt(signal);
        if (!isRenewed && this.#isAnothers()) this.#lose(over);
      }
      clearTimeout(deadline);
    }
  }

  #lose(over: AbortController): void {
    this.#isLeading = false;
    over.abort();
  }

  #isAnothers(): boolean {
    const { leader } = this;
    return leader !== '' && leader !== this.#options.identity;
  }

  /** Takes or renews the Lease; false: it could not. */
  async #attempt(signal: AbortSignal): Promise<boolean> {
    const within = AbortSignal.any([signal, AbortSignal.timeout(this.#timing.renewDeadlineMs)]);
    try {
      const isOurs = await this.#takeOrRenew(within);
      this.#trouble = '';
      return isOurs;
    } catch (error) {
      if (!signal.aborted) this.#tell(error);
      return false;
    }
  }

  /** It is tried again every other second: one line says so. */
  #tell(error: unknown): void {
    const trouble = error instanceof Error ? error.message : String(error);
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    this.#options.logger.warn({ err: error }, 'the Lease of the leader could not be written; trying again');
  }

  async #takeOrRenew(signal: AbortSignal): Promise<boolean> {
    const { leases, identity } = this.#options;
    // Who leads has it as it was written last, unless somebody took it.
    const known = this.#isLeading ? this.#seen?.lease : await leases.read(signal);
    if (known === undefined) return this.#written(await leases.create(this.#content(undefined), signal));
    if (!this.#isLeading) this.#see(known);
    if (known.holderIdentity !== identity && known.holderIdentity !== '' && !this.#isExpired()) return false;
    const outcome = await leases.update(known, this.#content(known), signal);
    if (outcome.outcome === 'lost') {
      const now = await leases.read(signal);
      if (now !== undefined) this.#see(now);
    }
    if (outcome.outcome === 'missing') this.#seen = undefined;
    return this.#written(outcome);
  }

  #written(outcome: Awaited<ReturnType<LeaseClient['update']>>): boolean {
    if (outcome.outcome !== 'written') return false;
    this.#see(outcome.lease);
    return true;
  }

  #see(lease: StoredLease): void {
    if (this.#seen?.lease.resourceVersion === lease.resourceVersion) return;
    this.#seen = { lease, atMs: performance.now() };
  }

  #isExpired(): boolean {
    const { lease, atMs } = this.#seen ?? {};
    if (lease === undefined || atMs === undefined) return true;
    return performance.now() - atMs > Math.max(lease.leaseDurationSeconds * 1000, 1);
  }

  #content(before: StoredLease | undefined): LeaseContent {
    const { identity, now = Date.now } = this.#options;
    const nowMs = now();
    const isOurs = before?.holderIdentity === identity;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.max(1, Math.ceil(this.#timing.durationMs / 1000)),
      acquireTimeMs: isOurs ? before.acquireTimeMs : nowMs,
      renewTimeMs: nowMs,
      leaseTransitions: before === undefined ? 0 : before.leaseTransitions + (isOurs ? 0 : 1),
      annotations: {},
    };
  }

  /** So that nobody has to wait until it has expired. */
  async #giveUp(): Promise<void> {
    const lease = this.#seen?.lease;
    if (lease === undefined || lease.holderIdentity !== this.#options.identity) return;
    const content = { ...this.#content(lease), holderIdentity: '', leaseDurationSeconds: 1 };
    try {
      await this.#options.leases.update(lease, content, AbortSignal.timeout(this.#timing.retryMs));
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'the Lease of the leader could not be given up; it expires');
    }
  }
}
