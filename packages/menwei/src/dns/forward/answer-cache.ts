/** What upstreams have said lately, bounded in number and bytes; what was not used for longest goes first. Time is an argument. */
import type { AnswerKind, Lifetime } from './lifetime.ts';

export interface CacheLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** How long after its time an answer may still be given, when nobody gives a newer one; 0: not at all. */
  readonly staleMs: number;
}

export interface CachedAnswer {
  readonly message: Uint8Array;
  readonly kind: AnswerKind;
  readonly storedMs: number;
  readonly expiresMs: number;
}

/** `due`: good, and asked for so often that it should be renewed before its time is over. `stale`: its time is over. */
type Freshness = 'fresh' | 'due' | 'stale';

interface Found {
  readonly answer: CachedAnswer;
  readonly freshness: Freshness;
  /** False: that has failed a moment ago. */
  readonly mayRenew: boolean;
}

interface Entry extends CachedAnswer {
  hits: number;
  /** When it may be asked for again. */
  renewMs: number;
  readonly bytes: number;
}

/** Used that often, an answer is renewed in its last tenth. */
const PREFETCH_HITS = 3;
const PREFETCH_SHARE = 0.1;
/** After upstreams have failed to renew an answer, they are left alone with it for so long (RFC 8767 § 5). */
const RENEW_AGAIN_MS = 5_000;
/** Of an entry, beside the message and the key: objects and the place in the map. About. */
const ENTRY_BYTES = 300;

export class AnswerCache {
  readonly #limits: CacheLimits;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  #evictions = 0;

  constructor(limits: CacheLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How many answers had to go for others. */
  get evictions(): number {
    return this.#evictions;
  }

  find(key: string, nowMs: number): Found | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const overdueMs = nowMs - entry.expiresMs;
    if (overdueMs >= (entry.kind === 'failure' ? 0 : this.#limits.staleMs)) {
      this.#remove(key, entry);
      return undefined;
    }
    entry.hits += 1;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return { answer: entry, freshness: freshnessOf(entry, overdueMs), mayRenew: nowMs >= entry.renewMs };
  }

  /** Nobody gives a newer answer. */
  renewalFailed(key: string, nowMs: number): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.renewMs = nowMs + RENEW_AGAIN_MS;
  }

  /** In the place of what was there; but a failure takes no answer's place that may still be given. */
  store(key: string, message: Uint8Array, { kind, seconds }: Lifetime, nowMs: number): void {
    const former = this.#entries.get(key);
    if (former !== undefined) {
      const isOfUse = former.kind !== 'failure' && nowMs < former.expiresMs + this.#limits.staleMs;
      if (kind === 'failure' && isOfUse) {
        this.renewalFailed(key, nowMs);
        return;
      }
      this.#remove(key, former);
    }
    const bytes = message.length + 2 * key.length + ENTRY_BYTES;
    if (seconds <= 0 || bytes > this.#limits.maxBytes) return;
    const expiresMs = nowMs + 1000 * seconds;
    this.#entries.set(key, { message, kind, storedMs: nowMs, expiresMs, hits: 0, renewMs: 0, bytes });
    this.#bytes += bytes;
    this.#evict();
  }

  #evict(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size <= this.#limits.maxEntries && this.#bytes <= this.#limits.maxBytes) return;
      this.#remove(key, entry);
      this.#evictions += 1;
    }
  }

  #remove(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }
}

function freshnessOf({ storedMs, expiresMs, hits }: Entry, overdueMs: number): Freshness {
  if (overdueMs >= 0) return 'stale';
  const isLast = -overdueMs < PREFETCH_SHARE * (expiresMs - storedMs);
  return hits >= PREFETCH_HITS && isLast ? 'due' : 'fresh';
}
