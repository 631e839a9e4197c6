/** The iptables mode of one IP family: the pure parts of this folder tied to the tools. */
import type { IptablesTools } from '@menwei/kernel/iptables-tools.ts';
import { splitChainId } from '@menwei/netfilter/iptables/chain-id.ts';
import type { RestoreScript } from '@menwei/netfilter/iptables/restore-script.ts';
import type { Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import type { Logger } from '../../log/logger.ts';
import type { Backend, KernelWatch, Outcome, TrafficOfPorts } from '../backend.ts';
import { KernelRules } from '../xtables/kernel.ts';
import { LAYOUT } from './base.ts';
import { NAT_NODE_PORTS, NAT_SERVICES } from './names.ts';
import type { IptablesOptions } from './options.ts';
import type { IptablesPlan } from './plan.ts';
import { IptablesRules } from './rules.ts';
import { countConnections } from './traffic.ts';
import type { IptablesUnit } from './unit.ts';

export interface IptablesBackendOptions extends IptablesOptions {
  readonly tools: IptablesTools;
  readonly logger: Logger;
  /** {@link observeTraffic} tells, which costs a run of the tools for two chains each time. */
  readonly countsConnections?: boolean;
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

  constructor(options: IptablesBackendOptions) {
    super(options);
    this.#options = options;
    this.#kernel = new KernelRules({ ...options, layout: LAYOUT });
  }

  async apply(changes: RestoreScript, signal: AbortSignal): Promise<Outcome<IptablesUnit>> {
    if (changes.length === 0) return 'applied';
    if (!this.#accountingStands) this.#applyAccounting();
    await this.#kernel.restore(changes, signal);
    return 'applied';
  }

  async observe(signal: AbortSignal): Promise<Ruleset> {
    // Who looks does not know what the kernel holds; what the rules count into may be gone as well.
    this.#accountingStands = false;
    return await this.#kernel.observe(signal);
  }

  watch({ left, drifted, inTurn }: KernelWatch<IptablesPlan>, signal: AbortSignal): Promise<void> {
    return this.#kernel.watch(() => left()?.complete(), drifted, inTurn, signal);
  }

  async observeTraffic(plan: IptablesPlan, signal: AbortSignal): Promise<TrafficOfPorts> {
    const { tools, countsConnections } = this.#options;
    if (countsConnections !== true) return new Map();
    const owners = plan.chainOwners();
    const rules: string[] = [];
    for (const id of [NAT_SERVICES, NAT_NODE_PORTS]) {
      const { table, chain } = splitChainId(id);
      rules.push(...((await tools.listCounted(table, chain, signal)) ?? []));
    }
    return countConnections(rules, (chain) => owners.get(chain));
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
