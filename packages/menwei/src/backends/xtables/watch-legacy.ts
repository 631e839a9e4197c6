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
 * From one reading of all rules to the next after a change that is not ours, in multiples of the time it takes: others make
 * such changes in their own chains all the time.
 */
const PAUSE_AFTER_CHANGE = 20;
/** The same while no size changes, for each rule: reading one takes some 8 µs of a processor. */
const PAUSE_OF_RULE_MS = 10;
const LONGEST_REST_MS = 3_600_000;

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
  /** When all rules were read last, and how many they were. */
  #readAtMs = performance.now();
  #rules = 0;

  constructor(options: LegacyChangesOptions) {
    this.#options = options;
  }

  reading(): void {
    this.#known = this.#stamp();
    this.#isSuspicious = false;
  }

  read(rules: number): void {
    this.#readAtMs = performance.now();
    this.#rules = rules;
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
    const restMs = Math.max(this.#options.restMs, PAUSE_OF_RULE_MS * this.#rules);
    if (nowMs >= this.#readAtMs + Math.min(restMs, LONGEST_REST_MS)) return true;
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
