/**
 * The legacy tables tell nobody of changes, so their sizes are looked at twice a second, which costs some microseconds.
 * A rule in the place of another one of the same size changes no size: it is found by who reads all rules, now and then.
 */
import type { IptablesTools } from '@menwei/kernel/iptables-tools.ts';
import { TABLES } from '@menwei/netfilter/iptables/chain-id.ts';
import { pause } from '../../scheduling/pause.ts';
import type { ForeignChanges, Suspicion } from './foreign-changes.ts';

const LOOK_MS = 500;
/** How long others are waited for who are at it, and between two looks at whether they still are. */
const LONGEST_SETTLE_MS = 5_000;
const SETTLE_MS = 100;
/**
 * From one reading of all rules to the next, in multiples of the time it takes: after a change that is not ours, as others
 * make in their own chains all the time; and while no size changes.
 */
const PAUSE_AFTER_CHANGE = 20;
const PAUSE_AT_REST = 400;

const ANYWHERE: Suspicion = { isEverywhere: true, changes: [] };

interface LegacyChangesOptions {
  readonly tools: Pick<IptablesTools, 'stamp'>;
  /** From one reading of all rules to the next while no size changes, at least. */
  readonly restMs: number;
}

export class LegacyChanges implements ForeignChanges {
  readonly #options: LegacyChangesOptions;
  /** Sizes of the tables as they were known to be right; undefined: nobody knows. */
  #known: string | undefined;
  #seen: string | undefined;
  #isSuspicious = false;
  #changeDueMs = 0;
  #restDueMs: number;

  constructor(options: LegacyChangesOptions) {
    this.#options = options;
    this.#restDueMs = performance.now() + options.restMs;
  }

  reading(): void {
    this.#known = this.#stamp();
    this.#isSuspicious = false;
  }

  async changing<T>(work: () => Promise<T>): Promise<T> {
    if (this.#stamp() !== this.#known) this.#isSuspicious = true;
    this.#known = undefined;
    const result = await work();
    this.#known = this.#stamp();
    return result;
  }

  async follow(): Promise<void> {
    // There is nothing to hear.
  }

  async wait(signal: AbortSignal): Promise<void> {
    const lookMs = Math.min(LOOK_MS, this.#options.restMs);
    do await pause(lookMs, signal);
    while (!signal.aborted && !this.#isDue());
    await this.#settle(signal);
  }

  take(): Suspicion | undefined {
    if (!this.#isDue()) return undefined;
    this.#isSuspicious = false;
    this.#seen = this.#stamp();
    return ANYWHERE;
  }

  compared(milliseconds: number, wasRight: boolean): void {
    const nowMs = performance.now();
    // What others do in their own chains, they may do all the time.
    this.#changeDueMs = wasRight ? nowMs + PAUSE_AFTER_CHANGE * milliseconds : nowMs;
    this.#restDueMs = nowMs + Math.max(this.#options.restMs, PAUSE_AT_REST * milliseconds);
    // Sizes that were there before all was read.
    if (wasRight) this.#known = this.#seen;
  }

  giveBack(): void {
    this.#isSuspicious = true;
  }

  close(): void {
    // Nothing is held open.
  }

  #isDue(): boolean {
    const nowMs = performance.now();
    if (nowMs >= this.#restDueMs) return true;
    return nowMs >= this.#changeDueMs && (this.#isSuspicious || this.#stamp() !== this.#known);
  }

  /** Tools that change several tables, or one several times, do so one after the other. */
  async #settle(signal: AbortSignal): Promise<void> {
    let stamp = this.#stamp();
    if (stamp === this.#known) return;
    for (let waitedMs = 0; waitedMs < LONGEST_SETTLE_MS && !signal.aborted; waitedMs += SETTLE_MS) {
      await pause(SETTLE_MS, signal);
      const now = this.#stamp();
      if (now === stamp) return;
      stamp = now;
    }
  }

  #stamp(): string | undefined {
    return this.#options.tools.stamp(TABLES);
  }
}
