/** Keeps the Lease of this node renewed, and lets it say what the node says (load-balancer § 5.2). */
import { ApiError } from '../kubernetes/api-error.ts';
import type { LeaseClient, LeaseContent, StoredLease } from '../kubernetes/lease-client.ts';
import type { Logger } from '../log/logger.ts';
import { InterruptiblePause } from '../scheduling/pause.ts';
import { retryDelayMs } from '../scheduling/retry.ts';
import { LEASE_ANNOTATIONS, type NodeAnnouncement, type OwnedAddress } from './node-lease.ts';
import { formatNodeLease } from './node-lease-text.ts';

export interface LeaseTiming {
  readonly renewMs: number;
  readonly durationMs: number;
}

export interface OwnLeaseOptions {
  readonly client: Pick<LeaseClient, 'read' | 'create' | 'update'>;
  readonly timing: LeaseTiming;
  /** What it has to say now. */
  readonly announcement: () => NodeAnnouncement;
  /** It was written; when it was sent is on the clock of `performance.now()`. */
  readonly onWritten: (renewTimeMs: number, sentAtMs: number) => void;
  /** Annotations that somebody else has put there, whenever it is read. */
  readonly onRead: (lease: StoredLease) => void;
  /** The text of `menwei.dev/give-up` that has been dealt with; it is taken away, and a newer one is not. */
  readonly givenUp: () => string | undefined;
  readonly logger: Logger;
}

/** Changes that come one upon the other are one write. */
const SETTLE_MS = 5;
const RELEASE_MS = 1_000;

export class OwnLease {
  readonly #options: OwnLeaseOptions;
  readonly #pause = new InterruptiblePause();
  #stored: StoredLease | undefined;
  #isRequested = false;
  #published: ReadonlyMap<string, OwnedAddress> = new Map();
  #failures = 0;
  #waiting: (() => void)[] = [];

  constructor(options: OwnLeaseOptions) {
    this.#options = options;
  }

  /** The API server has taken in that this node owns the address since then. */
  isPublished(address: string, sinceMs: number): boolean {
    return this.#published.get(address)?.sinceMs === sinceMs;
  }

  /** What the node has to say has changed, or a proof is needed that what is written is seen. */
  request(): void {
    this.#isRequested = true;
    this.#pause.end();
  }

  /** Resolves once what the node says now is written; it may never be. */
  async written(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    this.request();
    await promise;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { renewMs } = this.#options.timing;
    while (!signal.aborted) {
      this.#isRequested = false;
      const waiting = this.#waiting;
      this.#waiting = [];
      if (await this.#write(signal)) for (const resolve of waiting) resolve();
      else this.#waiting.push(...waiting);
      const waitMs =
        this.#failures === 0
          ? renewMs
          : retryDelayMs(this.#failures, { firstMs: 100, maxMs: renewMs }, Math.random);
      if (!this.#isRequested || this.#failures > 0) await this.#pause.wait(waitMs, signal);
      if (this.#isRequested && this.#failures === 0)
        await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    }
  }

  /** Nobody holds it any more, unless the node is about to be back. */
  async release(): Promise<void> {
    if (this.#stored === undefined) return;
    using deadline = new Deadline(RELEASE_MS, new AbortController().signal);
    const content = { ...this.#content(), holderIdentity: '' };
    try {
      await this.#options.client.update(this.#stored, content, deadline.signal);
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'announcing: the Lease of this node could not be released');
    }
  }

  /** Whether it is written. */
  async #write(signal: AbortSignal): Promise<boolean> {
    using deadline = new Deadline(this.#options.timing.renewMs, signal);
    const { signal: either } = deadline;
    try {
      await this.#read(either);
      const announcement = this.#options.announcement();
      const sentAtMs = performance.now();
      const stored = await this.#put(announcement, either);
      if (stored === undefined)
        return this.#failed(new Error('somebody else writes it, or its namespace is not there'));
      this.#stored = stored;
      if (this.#failures > 0)
        this.#options.logger.info({}, 'announcing: the Lease of this node is renewed again');
      this.#failures = 0;
      this.#published = new Map(announcement.owns.map((owned) => [owned.address, owned]));
      this.#options.onWritten(stored.renewTimeMs, sentAtMs);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      if (!(error instanceof ApiError) && !either.aborted) throw error;
      return this.#failed(error);
    }
  }

  async #put(announcement: NodeAnnouncement, signal: AbortSignal): Promise<StoredLease | undefined> {
    const { client } = this.#options;
    for (let attempt = 0; attempt < 3; attempt++) {
      const content = this.#content(announcement);
      const written =
        this.#stored === undefined
          ? await client.create(content, signal)
          : await client.update(this.#stored, content, signal);
      if (written.outcome === 'written') return { ...written.lease, renewTimeMs: content.renewTimeMs };
      this.#stored = undefined;
      await this.#read(signal);
    }
    return undefined;
  }

  async #read(signal: AbortSignal): Promise<void> {
    if (this.#stored !== undefined) return;
    this.#stored = await this.#options.client.read(signal);
    if (this.#stored !== undefined) this.#options.onRead(this.#stored);
  }

  #failed(error: unknown): false {
    this.#failures++;
    if (this.#failures === 1)
      this.#options.logger.warn(
        { err: error },
        'announcing: the Lease of this node can’t be renewed; retrying',
      );
    return false;
  }

  #content(announcement = this.#options.announcement()): LeaseContent {
    const { timing } = this.#options;
    const before = this.#stored;
    const isOurs = before?.holderIdentity === announcement.node;
    const now = Date.now();
    const givenUp = this.#options.givenUp();
    const isGivenUp = givenUp !== undefined && before?.annotations[LEASE_ANNOTATIONS.giveUp] === givenUp;
    return {
      holderIdentity: announcement.node,
      leaseDurationSeconds: Math.ceil(timing.durationMs / 1_000),
      acquireTimeMs: isOurs ? before.acquireTimeMs : now,
      renewTimeMs: now,
      leaseTransitions:
        before === undefined || isOurs ? (before?.leaseTransitions ?? 0) : before.leaseTransitions + 1,
      annotations: {
        ...formatNodeLease(announcement),
        ...(isGivenUp ? { [LEASE_ANNOTATIONS.giveUp]: null } : {}),
      },
    };
  }
}

/** Fires when the time is over, and when the other signal does. */
class Deadline implements Disposable {
  readonly signal: AbortSignal;
  readonly #timer: NodeJS.Timeout;

  constructor(durationMs: number, other: AbortSignal) {
    const over = new AbortController();
    this.signal = AbortSignal.any([over.signal, other]);
    this.#timer = setTimeout(() => over.abort(new Error(`no answer within ${durationMs} ms`)), durationMs);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
