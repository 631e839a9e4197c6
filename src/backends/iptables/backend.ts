/** The iptables mode of one IP family: the pure parts of this folder tied to the tools. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { IptablesTools } from '../../kernel/iptables-tools.ts';
import type { Logger } from '../../log/logger.ts';
import type { Backend, Outcome } from '../backend.ts';
import type { Table } from '../xtables/chain-id.ts';
import { SavedRules } from '../xtables/observe.ts';
import { formatPieces, type RestoreScript } from '../xtables/restore-script.ts';
import type { Ruleset } from '../xtables/ruleset.ts';
import { createCanaries, damagedTables, flushSettled } from '../xtables/watch.ts';
import { LAYOUT } from './base.ts';
import { cleanupScript } from './cleanup.ts';
import type { IptablesOptions } from './options.ts';
import { IptablesRules } from './rules.ts';
import type { IptablesUnit } from './unit.ts';

export interface IptablesBackendOptions extends IptablesOptions {
  readonly tools: IptablesTools;
  readonly logger: Logger;
  /** How often the watch looks at the kernel. */
  readonly watchPeriodMs: number;
  /**
   * Makes sure that an accounting object exists; called before rules are written that may count into it. Throws
   * KernelError.
   */
  readonly applyAccountingObject?: (name: string) => void;
}

export class IptablesBackend extends IptablesRules implements Backend<IptablesUnit, Ruleset, RestoreScript> {
  readonly #options: IptablesBackendOptions;
  readonly #tools: IptablesTools;
  #accountingStands = false;

  constructor(options: IptablesBackendOptions) {
    super(options);
    this.#options = options;
    this.#tools = options.tools;
  }

  async apply(changes: RestoreScript, signal: AbortSignal): Promise<Outcome> {
    if (changes.length === 0) return 'applied';
    if (!this.#accountingStands) this.#applyAccounting();
    await this.#restore(changes, signal);
    return 'applied';
  }

  observe(signal: AbortSignal): Promise<Ruleset> {
    // Who looks does not know what the kernel holds; what the rules count into may be gone as well.
    this.#accountingStands = false;
    return this.#observe(['filter', 'nat'], signal);
  }

  async watch(drifted: (what: string) => void, signal: AbortSignal): Promise<void> {
    let canariesStand = false;
    while (!signal.aborted) {
      try {
        if (!canariesStand) await createCanaries(this.#tools, signal);
        canariesStand = true;
        await sleep(this.#options.watchPeriodMs, undefined, { signal });
        if ((await damagedTables(this.#tools, LAYOUT, signal)).length === 0) continue;
        const damaged = await flushSettled(this.#tools, LAYOUT, signal);
        canariesStand = false;
        drifted(`rules were removed by somebody else from: ${damaged.join(', ')}`);
      } catch (cause) {
        if (signal.aborted) return;
        // A busy lock, most likely: nothing is known, so nothing is concluded.
        this.#options.logger.warn(
          { family: this.family, error: cause },
          'could not look after the iptables rules',
        );
        await sleep(this.#options.watchPeriodMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  #applyAccounting(): void {
    for (const name of this.#options.accounting) this.#options.applyAccountingObject?.(name);
    this.#accountingStands = true;
  }

  async cleanup(signal: AbortSignal): Promise<void> {
    await this.#restore(cleanupScript(await this.#observe(['filter', 'nat', 'mangle'], signal)), signal);
  }

  async #restore(script: RestoreScript, signal: AbortSignal): Promise<void> {
    if (script.length === 0) return;
    await this.#tools.restore({ [Symbol.iterator]: () => formatPieces(script) }, signal);
  }

  async #observe(tables: readonly Table[], signal: AbortSignal): Promise<Ruleset> {
    const saved = new SavedRules(LAYOUT);
    for (const table of tables) await this.#tools.save(table, (line) => saved.line(line), signal);
    return saved.ruleset();
  }
}
