/**
 * Removes what other proxies and modes have left, as a component that begins after the first sync of a family. It goes on
 * looking: what still has connections goes later, and the rules of a proxy that still runs come back.
 */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { LeftoverOrders, LeftoverSearchResult } from '../backends/leftover-search.ts';
import type { Logger } from '../log/logger.ts';
import { pause, untilAborted } from '../scheduling/pause.ts';
import type { OtherProxyRow } from '../state/family-tables.ts';
import type { ProxyEnvironment } from './environment.ts';
import { LeftoverReturns } from './leftover-returns.ts';

interface LeftoverRemovalOptions {
  readonly family: IpFamily;
  readonly environment: Pick<ProxyEnvironment, 'searchLeftovers' | 'observeOtherProxies'>;
  /** From an attempt that failed to the next, and between looks where nothing is left. */
  readonly retryMs: number;
  /** `--leave-other-proxies` */
  readonly leave: boolean;
  /** How long connections that only the former mode can carry may go on; 0: not at all. */
  readonly drainTimeoutMs: number;
  readonly logger: Logger;
  /** Instead of removing what was found; for a dry run. */
  readonly print?: ((text: string) => void) | undefined;
  /** Conntrack entries that met the rules which are gone may lead where nothing is any more. */
  readonly onRemoved: () => void;
  readonly onLooked: (row: OtherProxyRow) => void;
}

/** What one search found and did. */
interface Attempt {
  /** Counted, of what is still there. */
  readonly left: string[];
  readonly removed: string[];
  draining: string | undefined;
  failure: string | undefined;
}

const FIRST_LOOK_MS = 1_000;
const FIRST_DRAIN_LOOK_MS = 500;
const LAST_DRAIN_LOOK_MS = 15_000;
/** Looking takes this part of the time at most. */
const LOOK_SHARE = 1 / 1_000;

export class LeftoverRemoval {
  readonly #options: LeftoverRemovalOptions;
  /** Failures and warnings that lasted since they were told. */
  readonly #told = new Set<string>();
  #isDrainingTold = false;
  readonly #returns = new LeftoverReturns();
  /** Undefined: nothing drains. */
  #drainUntilMs: number | undefined;
  /** Removed since something began to drain, or when there was no more time to tell of it. */
  readonly #untold: string[] = [];
  #quietMs = FIRST_LOOK_MS;
  #lookMs = Number.POSITIVE_INFINITY;
  #drainLookMs = FIRST_DRAIN_LOOK_MS;
  /** Those of the last look: who is about to end is gone at the next. */
  #processes: readonly string[] = [];

  constructor(options: LeftoverRemovalOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    await this.#repeat(signal, ready);
    this.#tellRemoved(this.#untold);
  }

  async #repeat(signal: AbortSignal, ready: () => void): Promise<void> {
    const { print } = this.#options;
    while (!signal.aborted) {
      const startedMs = performance.now();
      const attempt = await this.#attempt(signal);
      if (signal.aborted) return;
      if (attempt.failure === undefined) {
        ready();
        if (print !== undefined) return untilAborted(signal);
      }
      await pause(this.#nextPauseMs(attempt, performance.now() - startedMs), signal);
    }
  }

  #nextPauseMs({ failure, draining, removed }: Attempt, tookMs: number): number {
    const { retryMs } = this.#options;
    if (failure !== undefined) return retryMs;
    if (draining !== undefined) {
      const nextMs = this.#drainLookMs;
      this.#drainLookMs = Math.min(LAST_DRAIN_LOOK_MS, nextMs * 1.25);
      const untilEndMs = (this.#drainUntilMs ?? 0) - performance.now();
      return Math.max(FIRST_DRAIN_LOOK_MS, Math.min(nextMs, untilEndMs));
    }
    this.#drainLookMs = FIRST_DRAIN_LOOK_MS;
    if (removed.length > 0) {
      this.#quietMs = FIRST_LOOK_MS;
      return FIRST_LOOK_MS;
    }
    // What a look takes at best is its own; the rest is the machine's.
    this.#lookMs = Math.min(this.#lookMs, tookMs);
    const nextMs = this.#quietMs;
    this.#quietMs = Math.min(retryMs, 2 * this.#quietMs);
    return Math.max(nextMs, this.#lookMs / LOOK_SHARE);
  }

  async #attempt(signal: AbortSignal): Promise<Attempt> {
    const { environment, family, leave, drainTimeoutMs } = this.#options;
    const nowMs = performance.now();
    const attempt: Attempt = { left: [], removed: [], draining: undefined, failure: undefined };
    const mayDrain = nowMs < (this.#drainUntilMs ?? nowMs + drainTimeoutMs);
    const removes = !leave && this.#returns.mayRemove(nowMs);
    try {
      const orders = { onFound: this.#onFound(attempt, removes), mayDrain };
      this.#take(await environment.searchLeftovers(family, orders, signal), attempt);
    } catch (error) {
      if (!signal.aborted) this.#complain([error], attempt);
    }
    if (signal.aborted) this.#untold.push(...attempt.removed);
    else await this.#tell(attempt, nowMs, signal);
    return attempt;
  }

  #take({ failures, draining }: LeftoverSearchResult, attempt: Attempt): void {
    attempt.draining = draining;
    // What could not be looked at may still drain, and its time goes on.
    if (draining === undefined && failures.length === 0) this.#drainUntilMs = undefined;
    else if (draining !== undefined) this.#drainUntilMs ??= performance.now() + this.#options.drainTimeoutMs;
    this.#complain(failures, attempt);
  }

  #onFound({ left, removed }: Attempt, removes: boolean): LeftoverOrders['onFound'] {
    const { print, family } = this.#options;
    return async (found, signal) => {
      if (print !== undefined)
        print(`# dry run: ${family}: leftovers of another proxy or mode\n${found.commands}`);
      left.push(found.what);
      if (print !== undefined || !removes) return undefined;
      const { removed: gone, draining } = await found.remove(signal);
      left.pop();
      if (gone !== undefined) removed.push(gone);
      return draining;
    };
  }

  async #tell(attempt: Attempt, nowMs: number, signal: AbortSignal): Promise<void> {
    const { onRemoved, onLooked, print } = this.#options;
    const { left, removed, draining, failure } = attempt;
    const hasReturned =
      draining === undefined &&
      failure === undefined &&
      this.#returns.note(left.length + removed.length > 0, left.length > 0, nowMs);
    if (removed.length > 0) onRemoved();
    if (print !== undefined) return;
    const processes = await this.#lastingProcesses(signal);
    if (hasReturned) this.#tellReturn([...removed, ...left], processes);
    else this.#tellRemoval(attempt);
    const warning = this.#warning(attempt, processes, nowMs);
    if (warning === undefined) this.#told.clear();
    else if (!hasReturned && failure === undefined) this.#warnOnce(warning);
    const rules = draining === undefined ? left : [...left, draining];
    onLooked({ rules, returns: this.#returns.count, processes, warning });
  }

  /** Those that were there at the last look, too. */
  async #lastingProcesses(signal: AbortSignal): Promise<readonly string[]> {
    const before = this.#processes;
    try {
      this.#processes = await this.#options.environment.observeOtherProxies(signal);
    } catch (error) {
      // Their rules tell of them, too.
      this.#options.logger.verbose(4, { err: error }, 'other processes can’t be listed');
      this.#processes = [];
    }
    return this.#processes.filter((each) => before.includes(each));
  }

  #tellRemoval({ removed, draining, failure }: Attempt): void {
    const { family, logger, drainTimeoutMs } = this.#options;
    const isDraining = this.#isDrainingTold;
    if (isDraining) this.#untold.push(...removed);
    else this.#tellRemoved(removed);
    if (draining !== undefined && !isDraining) {
      this.#isDrainingTold = true;
      const seconds = Math.round(drainTimeoutMs / 1000);
      logger.info({ family }, `leftovers keep their connections for at most ${seconds} s: ${draining}`);
    }
    if (draining !== undefined || failure !== undefined || !isDraining) return;
    this.#isDrainingTold = false;
    const what = this.#untold.splice(0).join('; ');
    logger.info({ family }, `removed leftovers that had connections: ${what}`);
  }

  #tellRemoved(what: readonly string[]): void {
    const { family, logger } = this.#options;
    if (what.length > 0)
      logger.info({ family }, `removed leftovers of another proxy or mode: ${what.join('; ')}`);
  }

  /** The first time, and then ever less often. */
  #tellReturn(what: readonly string[], processes: readonly string[]): void {
    const { family, logger } = this.#options;
    const { count } = this.#returns;
    if ((count & (count - 1)) !== 0) return;
    const who = processes.length > 0 ? `: ${processes.join(', ')}` : ', perhaps kube-proxy';
    logger.warn(
      { family, returns: count },
      `rules of another proxy or mode came back after they were removed; another proxy still runs on this node${who} (${what.join('; ')})`,
    );
  }

  /** What an operator has to know; undefined: all is well. */
  #warning({ left, failure }: Attempt, processes: readonly string[], nowMs: number): string | undefined {
    const who = processes.length > 0 ? `; still running: ${processes.join(', ')}` : '';
    const what = left.join('; ');
    if (failure !== undefined)
      return `leftover rules of another proxy or mode may still be in effect: ${failure}${who}`;
    if (this.#options.leave && left.length > 0)
      return `rules of another proxy or mode are left in place (--leave-other-proxies) and may take connections: ${what}${who}`;
    if (left.length > 0 || this.#returns.isRecent(nowMs)) {
      const state = left.length > 0 ? ` and may take connections: ${what}` : ', and were removed again';
      const { count } = this.#returns;
      return `rules of another proxy or mode came back ${count === 1 ? 'once' : `${count} times`}${state}${who}`;
    }
    return processes.length > 0 ? `another proxy runs on this node: ${processes.join(', ')}` : undefined;
  }

  #warnOnce(warning: string): void {
    if (this.#isNews(warning)) this.#options.logger.warn({ family: this.#options.family }, warning);
  }

  /** The same failure at every attempt is told once. */
  #complain(errors: readonly unknown[], attempt: Attempt): void {
    const { family, logger } = this.#options;
    for (const error of errors) {
      const message = error instanceof Error ? error.message : String(error);
      attempt.failure ??= message;
      const consequence = 'leftover rules of another proxy or mode may still be in effect; retrying';
      if (this.#isNews(message)) logger.warn({ family, err: error }, consequence);
    }
  }

  /** What stays so is told once, whatever it counts. */
  #isNews(text: string): boolean {
    const key = text.replace(/\d+/g, '');
    const isNews = !this.#told.has(key);
    this.#told.add(key);
    return isNews;
  }
}
