/** Names of others: out of the cache at once, or from an upstream, which is asked once however many want to know. */

import type { Logger } from '../../log/logger.ts';
import type { Question } from '../wire/question.ts';
import { AnswerCache, type CachedAnswer, type CacheLimits } from './answer-cache.ts';
import { lifetimeOf, limitTtls, type TtlLimits } from './lifetime.ts';
import { LoopCheck } from './loop-check.ts';
import type { ForwardedAnswer, Forwarder, ForwardFailure } from './upstream.ts';
import type { UpstreamAddress } from './upstream-address.ts';
import { type RouterOptions, UpstreamRouter } from './upstream-router.ts';
import type { ExchangeObserver } from './upstream-server.ts';

export interface ForwardOptions extends RouterOptions {
  /** `maxEntries` 0: nothing is kept. */
  readonly cache: CacheLimits & TtlLimits;
}

export const DEFAULT_CACHE: CacheLimits & TtlLimits = {
  maxEntries: 10_000,
  maxBytes: 32 * 1024 * 1024,
  staleMs: 3_600_000,
  positive: 30,
  negative: 30,
};

/** Who counts what becomes of questions. */
export interface ForwardObserver extends ExchangeObserver {
  cacheHit(kind: 'success' | 'denial' | 'failure'): void;
  cacheMiss(): void;
  prefetched(): void;
  servedStale(): void;
  /** @param failure also of questions for which an answer could be given that is older than it may be */
  failed(failure: ForwardFailure): void;
}

interface ForwarderParts {
  readonly observer: ForwardObserver;
  readonly logger: Logger;
  /** A clock that is never set back. */
  readonly nowMs?: () => number;
}

interface Outcome {
  readonly given: ForwardedAnswer | ForwardFailure;
  /** Somebody knows: there are such records, or there are none. */
  readonly isAnswer: boolean;
}

const LOOP: ForwardFailure = { failure: 'no-upstream', reason: 'this question is out of a forwarding loop' };
const MALFORMED: ForwardFailure = { failure: 'no-answer', reason: 'an upstream has sent a malformed answer' };
/** So long a client waits for a new answer when there is an old one (RFC 8767 § 5). */
const STALE_ANSWER_MS = 1_800;

export class DnsForwarder implements Forwarder {
  readonly #router: UpstreamRouter;
  readonly #cache: AnswerCache;
  readonly #ttls: TtlLimits;
  readonly #observer: ForwardObserver;
  readonly #nowMs: () => number;
  readonly #loops: LoopCheck;
  /** Questions under way, by key. */
  readonly #flights = new Map<string, Promise<Outcome>>();

  constructor(
    options: ForwardOptions,
    { observer, logger, nowMs = () => performance.now() }: ForwarderParts,
  ) {
    this.#router = new UpstreamRouter(options, observer);
    this.#cache = new AnswerCache(options.cache);
    this.#ttls = options.cache;
    this.#observer = observer;
    this.#nowMs = nowMs;
    this.#loops = new LoopCheck(() => this.#router.routes, logger);
  }

  get cache(): { readonly size: number; readonly bytes: number; readonly evictions: number } {
    return this.#cache;
  }

  forward(
    question: Question,
    { dnssec }: { readonly dnssec: boolean },
  ): ForwardedAnswer | Promise<ForwardedAnswer | ForwardFailure> {
    if (this.#loops.isOwn(question)) return Promise.resolve(LOOP);
    const key = `${question.type} ${question.class} ${dnssec ? 1 : 0} ${question.name}`;
    const nowMs = this.#nowMs();
    const found = this.#cache.find(key, nowMs);
    if (found === undefined) {
      this.#observer.cacheMiss();
      return this.#ask(key, question, dnssec).then(({ given }) => given);
    }
    const { answer, freshness, mayRenew } = found;
    if (freshness === 'stale') {
      return mayRenew ? this.#renew(key, question, dnssec, answer) : this.#giveStale(answer);
    }
    this.#observer.cacheHit(answer.kind);
    if (freshness === 'due' && mayRenew && !this.#flights.has(key)) {
      this.#observer.prefetched();
      void this.#ask(key, question, dnssec);
    }
    return { message: answer.message, ageMs: nowMs - answer.storedMs, isStale: false };
  }

  /** From now on; questions that are under way end as they would have. */
  setUpstreams(upstreams: readonly UpstreamAddress[]): void {
    this.#router.setUpstreams(upstreams);
    this.#loops.restart();
  }

  /** Looks for upstreams that ask this server again, once it answers. */
  async watchLoops(signal: AbortSignal): Promise<void> {
    await this.#loops.run(signal);
  }

  close(): void {
    this.#router.close();
  }

  /** A newer answer if there is one soon; else the old one, while the upstreams are still asked. */
  #renew(key: string, question: Question, dnssec: boolean, old: CachedAnswer): Promise<ForwardedAnswer> {
    this.#observer.cacheMiss();
    const newer = this.#ask(key, question, dnssec);
    return new Promise((resolve) => {
      let isGiven = false;
      const giveOld = () => {
        if (!isGiven) resolve(this.#giveStale(old));
        isGiven = true;
      };
      const timer = setTimeout(giveOld, STALE_ANSWER_MS);
      void newer.then(({ given, isAnswer }) => {
        clearTimeout(timer);
        if (isAnswer && 'message' in given) resolve(given);
        else giveOld();
      });
    });
  }

  #giveStale({ message, storedMs }: CachedAnswer): ForwardedAnswer {
    this.#observer.servedStale();
    return { message, ageMs: this.#nowMs() - storedMs, isStale: true };
  }

  /** One for all who ask the same at the same time. */
  #ask(key: string, question: Question, dnssec: boolean): Promise<Outcome> {
    const underWay = this.#flights.get(key);
    if (underWay !== undefined) return underWay;
    const flight = this.#fly(key, question, dnssec).finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }

  async #fly(key: string, question: Question, dnssec: boolean): Promise<Outcome> {
    const message = await this.#router.ask(question, dnssec);
    if ('failure' in message) return this.#failed(key, message);
    const lifetime = lifetimeOf(message, question.type, this.#ttls);
    if (lifetime === undefined) return this.#failed(key, MALFORMED);
    limitTtls(message, lifetime.maxTtl);
    this.#cache.store(key, message, lifetime, this.#nowMs());
    return { given: { message, ageMs: 0, isStale: false }, isAnswer: lifetime.kind !== 'failure' };
  }

  #failed(key: string, given: ForwardFailure): Outcome {
    this.#cache.renewalFailed(key, this.#nowMs());
    this.#observer.failed(given);
    return { given, isAnswer: false };
  }
}
