/** The metrics of syncs: a reader of what each of them did. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { FamilyTables } from '../state/family-tables.ts';
import type { SyncRow } from '../state/sync-row.ts';
import {
  FULL_SYNC_DURATION,
  IPTABLES_PARTIAL_RESTORE_FAILURES,
  IPTABLES_RESTORE_FAILURES,
  IPTABLES_RULES,
  IPTABLES_RULES_WRITTEN,
  LAST_QUEUED_TIMESTAMP,
  LAST_SYNC_TIMESTAMP,
  NETWORK_PROGRAMMING_DURATION,
  NFTABLES_CLEANUP_FAILURES,
  NFTABLES_SYNC_FAILURES,
  PARTIAL_SYNC_DURATION,
  SYNC_DURATION,
} from './catalogue/kube-proxy.ts';
import { APPLY_DELAY } from './catalogue/own.ts';
import type { Registry } from './registry.ts';

/** The tables of iptables that kube-proxy counts rules of. */
const TABLES = ['nat', 'filter'];

export class SyncMetrics {
  readonly #duration;
  readonly #fullDuration;
  readonly #partialDuration;
  readonly #networkProgramming;
  readonly #applyDelay;
  readonly #lastSync;
  readonly #lastQueued;
  readonly #rules;
  readonly #rulesWritten;
  readonly #restoreFailures;
  readonly #partialRestoreFailures;
  readonly #syncFailures;
  readonly #cleanupFailures;

  constructor(registry: Registry) {
    this.#duration = registry.histogram(SYNC_DURATION);
    this.#fullDuration = registry.histogram(FULL_SYNC_DURATION);
    this.#partialDuration = registry.histogram(PARTIAL_SYNC_DURATION);
    this.#networkProgramming = registry.histogram(NETWORK_PROGRAMMING_DURATION);
    this.#applyDelay = registry.histogram(APPLY_DELAY);
    this.#lastSync = registry.gauge(LAST_SYNC_TIMESTAMP);
    this.#lastQueued = registry.gauge(LAST_QUEUED_TIMESTAMP);
    this.#rules = registry.gauge(IPTABLES_RULES);
    this.#rulesWritten = registry.gauge(IPTABLES_RULES_WRITTEN);
    this.#restoreFailures = registry.counter(IPTABLES_RESTORE_FAILURES);
    this.#partialRestoreFailures = registry.counter(IPTABLES_PARTIAL_RESTORE_FAILURES);
    this.#syncFailures = registry.counter(NFTABLES_SYNC_FAILURES);
    this.#cleanupFailures = registry.counter(NFTABLES_CLEANUP_FAILURES);
  }

  /** A sync was asked for. */
  queued(family: IpFamily, nowMs: number): void {
    this.#lastQueued.set({ ip_family: family }, nowMs / 1000);
  }

  /** Observes every sync of a family from now on. */
  follow({ family, syncs }: Pick<FamilyTables, 'family' | 'syncs'>): void {
    this.#declare(family);
    const reader = syncs.reader(() => {
      for (const { after } of reader.take()) if (after !== undefined) this.#observe(family, after);
    });
    reader.take();
  }

  /** What is counted begins with 0, so that its first increase is seen. */
  #declare(family: IpFamily): void {
    const labels = { ip_family: family };
    const histograms = [this.#duration, this.#fullDuration, this.#partialDuration];
    for (const each of [...histograms, this.#networkProgramming, this.#applyDelay]) each.declare(labels);
    const failures = [this.#restoreFailures, this.#partialRestoreFailures, this.#syncFailures];
    for (const each of [...failures, this.#cleanupFailures]) each.add(labels, 0);
  }

  #observe(family: IpFamily, sync: SyncRow): void {
    const labels = { ip_family: family };
    this.#duration.observe(labels, sync.seconds);
    (sync.complete ? this.#fullDuration : this.#partialDuration).observe(labels, sync.seconds);
    if (!sync.ok || sync.refusedCount > 0) this.#syncFailures.add(labels, 1);
    if (!sync.ok) this.#observeFailure(labels, sync);
    else this.#observeSuccess(family, sync);
  }

  #observeFailure(labels: { readonly ip_family: IpFamily }, { failure, complete }: SyncRow): void {
    if (failure === undefined || !isRestore(failure)) return;
    this.#restoreFailures.add(labels, 1);
    if (!complete) this.#partialRestoreFailures.add(labels, 1);
  }

  #observeSuccess(family: IpFamily, { endedAtMs, triggerTimesMs, firstChangeMs, rules }: SyncRow): void {
    const labels = { ip_family: family };
    this.#lastSync.set(labels, endedAtMs / 1000);
    for (const triggerMs of triggerTimesMs) {
      this.#networkProgramming.observe(labels, secondsBetween(triggerMs, endedAtMs));
    }
    if (firstChangeMs !== undefined)
      this.#applyDelay.observe(labels, secondsBetween(firstChangeMs, endedAtMs));
    if (rules === undefined) return;
    for (const table of TABLES) {
      this.#rules.set({ table, ...labels }, rules.held[table] ?? 0);
      this.#rulesWritten.set({ table, ...labels }, rules.written[table] ?? 0);
    }
  }
}

/** By the words of the tool, or by the tool that could not be run. */
function isRestore({ operation, object }: NonNullable<SyncRow['failure']>): boolean {
  return operation.endsWith(' restore') || (operation === 'run' && object.endsWith('-restore'));
}

/** A clock that was set back counts as 0. */
function secondsBetween(startMs: number, endMs: number): number {
  return Math.max(0, endMs - startMs) / 1000;
}
