/** What is measured of syncs, from the first event that one takes up to its outcome. */
import { KernelError } from '@menwei/netlink';
import type { SyncOutcome } from './family-record.ts';
import type { SyncResult } from './syncable.ts';

/** Trigger times of changes that no sync has programmed; what comes after so many is not measured. */
const MAX_TRIGGER_TIMES = 10_000;

type RuleCounts = Readonly<Record<string, number>>;

export class SyncMeasures {
  readonly #triggerTimesMs: number[] = [];
  /** Of the changes that no sync has taken up. */
  #firstWaitingMs: number | undefined;
  /** Of those that a sync has taken up and none has programmed. */
  #firstTakenMs: number | undefined;
  #written: RuleCounts | undefined;

  /** Something has changed. */
  touched(): void {
    this.#firstWaitingMs ??= Date.now();
  }

  /** A sync begins. */
  begun(): void {
    this.#written = undefined;
    this.#firstTakenMs ??= this.#firstWaitingMs;
    this.#firstWaitingMs = undefined;
  }

  /** A sync has taken up changes. @param triggerTimesMs see SyncRow */
  taken(triggerTimesMs: readonly number[]): void {
    const room = MAX_TRIGGER_TIMES - this.#triggerTimesMs.length;
    this.#triggerTimesMs.push(...triggerTimesMs.slice(0, room));
  }

  /** A sync is about to write so many rules; undefined: it does not deal in rules. */
  writes(counts: RuleCounts | undefined): void {
    this.#written = counts;
  }

  /** A sync has ended. @param held rules that there are if it succeeded */
  ended(
    { ok, complete, refused, error }: SyncResult,
    held: RuleCounts | undefined,
  ): Omit<SyncOutcome, 'seconds' | 'node'> {
    const firstChangeMs = ok ? this.#firstTakenMs : undefined;
    if (ok) this.#firstTakenMs = undefined;
    const failure = error instanceof KernelError ? error : undefined;
    return {
      ok,
      complete,
      refusedCount: refused.length,
      failure: failure && { operation: failure.operation, object: failure.object },
      firstChangeMs,
      triggerTimesMs: ok ? this.#triggerTimesMs.splice(0) : [],
      rules: held && { held, written: this.#written ?? {} },
    };
  }
}
