/** The iptables mode of one IP family: the pure parts of this folder tied to the tools. */
import type { IptablesTools } from '@menwei/kernel/iptables-tools.ts';
import type { RestoreScript } from '@menwei/netfilter/iptables/restore-script.ts';
import type { Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import type { Logger } from '../../log/logger.ts';
import type { Backend, InTurn, Outcome } from '../backend.ts';
import { KernelRules } from '../xtables/kernel.ts';
import { LAYOUT } from './base.ts';
import type { IptablesOptions } from './options.ts';
import type { IptablesPlan } from './plan.ts';
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
  readonly #kernel: KernelRules;
  #accountingStands = false;
  #plan: IptablesPlan | undefined;
  /** The kernel holds what the plan says, as far as we know. */
  #isKnown = false;

  constructor(options: IptablesBackendOptions) {
    super(options);
    this.#options = options;
    this.#kernel = new KernelRules({ ...options, layout: LAYOUT });
  }

  override plan(): IptablesPlan {
    this.#plan = super.plan();
    return this.#plan;
  }

  async apply(changes: RestoreScript, signal: AbortSignal): Promise<Outcome<IptablesUnit>> {
    if (changes.length === 0) return 'applied';
    this.#isKnown = false;
    if (!this.#accountingStands) this.#applyAccounting();
    await this.#kernel.restore(changes, signal);
    this.#isKnown = true;
    return 'applied';
  }

  async observe(signal: AbortSignal): Promise<Ruleset> {
    // Who looks does not know what the kernel holds; what the rules count into may be gone as well.
    this.#accountingStands = false;
    this.#isKnown = false;
    const rules = await this.#kernel.observe(signal);
    // Whatever differs is applied before anything else happens.
    this.#isKnown = true;
    return rules;
  }

  watch(drifted: (what: string) => void, inTurn: InTurn, signal: AbortSignal): Promise<void> {
    const left = () => (this.#isKnown ? this.#plan?.complete() : undefined);
    return this.#kernel.watch(left, drifted, inTurn, signal);
  }

  close(): void {
    this.#kernel.close();
  }

  cleanup(signal: AbortSignal): Promise<void> {
    return this.#kernel.cleanup(signal);
  }

  #applyAccounting(): void {
    for (const name of this.#options.accounting) this.#options.applyAccountingObject?.(name);
    this.#accountingStands = true;
  }
}
