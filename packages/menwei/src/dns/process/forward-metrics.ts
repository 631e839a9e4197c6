/** What becomes of questions for names of others, as metrics and as lines of the log. */

import type { Logger } from '../../log/logger.ts';
import * as catalogue from '../../metrics/catalogue/dns.ts';
import type { Registry } from '../../metrics/registry.ts';
import type { ForwardObserver } from '../forward/forwarder.ts';
import type { ForwardFailure } from '../forward/upstream.ts';
import { rcodeText } from '../wire/registry-names.ts';

interface ObservedCache {
  readonly size: number;
  readonly bytes: number;
  readonly evictions: number;
}

/** Failures come by the thousand; one line says that they do. */
const LOG_EVERY_MS = 30_000;

export class ForwardMetrics implements ForwardObserver {
  readonly #logger: Logger;
  readonly #labels: Readonly<Record<'server' | 'zones' | 'view', string>>;
  readonly #hits;
  readonly #misses;
  readonly #requests;
  readonly #prefetches;
  readonly #stale;
  readonly #durations;
  readonly #asked;
  readonly #answered;
  readonly #probes;
  readonly #rejects;
  readonly #failures;
  readonly #down;
  #loggedMs = Number.NEGATIVE_INFINITY;

  /** @param cache undefined as long as there is none */
  constructor(registry: Registry, server: string, cache: () => ObservedCache | undefined, logger: Logger) {
    const labels = { server, zones: '.', view: '' };
    this.#logger = logger;
    this.#labels = labels;
    this.#hits = registry.counter(catalogue.DNS_CACHE_HITS);
    this.#misses = registry.counter(catalogue.DNS_CACHE_MISSES);
    this.#requests = registry.counter(catalogue.DNS_CACHE_REQUESTS);
    this.#prefetches = registry.counter(catalogue.DNS_CACHE_PREFETCHES);
    this.#stale = registry.counter(catalogue.DNS_CACHE_STALE);
    this.#durations = registry.histogram(catalogue.DNS_UPSTREAM_DURATION);
    this.#asked = registry.counter(catalogue.DNS_FORWARD_REQUESTS);
    this.#answered = registry.counter(catalogue.DNS_FORWARD_RESPONSES);
    this.#probes = registry.counter(catalogue.DNS_PROBE_FAILURES);
    this.#rejects = registry.counter(catalogue.DNS_REJECTS);
    this.#failures = registry.counter(catalogue.DNS_FAILED);
    this.#down = registry.gauge(catalogue.DNS_UPSTREAM_DOWN);
    const kept = () => cache() ?? { size: 0, bytes: 0, evictions: 0 };
    const all = { ...labels, type: 'all' };
    registry.collected(catalogue.DNS_CACHE_ENTRIES, () => [{ labels: all, value: kept().size }]);
    registry.collected(catalogue.DNS_CACHE_BYTES, () => [{ labels: {}, value: kept().bytes }]);
    registry.collected(catalogue.DNS_CACHE_EVICTIONS, () => [{ labels: all, value: kept().evictions }]);
  }

  cacheHit(kind: 'success' | 'denial' | 'failure'): void {
    this.#requests.add(this.#labels, 1);
    this.#hits.add({ ...this.#labels, type: kind === 'success' ? 'success' : 'denial' }, 1);
  }

  cacheMiss(): void {
    this.#requests.add(this.#labels, 1);
    this.#misses.add(this.#labels, 1);
  }

  prefetched(): void {
    this.#prefetches.add(this.#labels, 1);
  }

  servedStale(): void {
    this.#stale.add(this.#labels, 1);
  }

  failed({ failure, reason }: ForwardFailure): void {
    this.#failures.add({ reason: failure }, 1);
    if (failure === 'overload') this.#rejects.add({}, 1);
    const nowMs = performance.now();
    if (nowMs - this.#loggedMs < LOG_EVERY_MS) return;
    this.#loggedMs = nowMs;
    this.#logger.warn({ reason }, 'query could not be forwarded');
  }

  exchanged(to: string, rcode: number | undefined, durationMs: number): void {
    const text = rcode === undefined ? 'timeout' : rcodeText(rcode);
    this.#asked.add({ to }, 1);
    if (rcode !== undefined) this.#answered.add({ to, rcode: text }, 1);
    this.#durations.observe({ proxy_name: 'forward', to, rcode: text }, durationMs / 1000);
  }

  healthChanged(to: string, isDown: boolean): void {
    this.#down.set({ to }, isDown ? 1 : 0);
    if (isDown) this.#logger.warn({ upstream: to }, 'upstream does not answer; others are asked first');
    else this.#logger.info({ upstream: to }, 'upstream answers again');
  }

  probeFailed(to: string): void {
    this.#probes.add({ proxy_name: 'forward', to }, 1);
  }
}
