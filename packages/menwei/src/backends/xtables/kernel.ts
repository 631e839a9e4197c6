/** The iptables rules of one mode and IP family in the kernel: the mode's only way to them. */
import { constants } from 'node:os';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { IptablesTools } from '@menwei/kernel/iptables-tools.ts';
import type { Table } from '@menwei/netfilter/iptables/chain-id.ts';
import { formatPieces, type RestoreScript } from '@menwei/netfilter/iptables/restore-script.ts';
import type { Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import { KernelError } from '@menwei/netlink';
import type { Logger } from '../../log/logger.ts';
import type { InTurn } from '../backend.ts';
import { cleanupScript } from './cleanup.ts';
import { DriftCheck } from './drift-check.ts';
import { EVERY_LAYOUT } from './every-layout.ts';
import type { ForeignChanges } from './foreign-changes.ts';
import type { Layout } from './layout.ts';
import { SavedRules } from './saved-rules.ts';
import { type LeftRules, watchTables } from './watch.ts';
import { LegacyChanges } from './watch-legacy.ts';
import { NftChanges } from './watch-nft.ts';

/** In a row. */
const MAX_READS = 5;

interface KernelRulesOptions {
  readonly tools: IptablesTools;
  readonly layout: Layout;
  readonly family: IpFamily;
  readonly logger: Logger;
  /** How often the watch looks at legacy tables for what no size tells, at most. */
  readonly watchPeriodMs: number;
}

export class KernelRules {
  readonly #options: KernelRulesOptions;
  readonly #driftCheck: DriftCheck;
  readonly #changes: ForeignChanges;
  readonly #told = new Set<string>();

  constructor(options: KernelRulesOptions) {
    this.#options = options;
    const { tools, layout, family, watchPeriodMs } = options;
    const observe = (signal: AbortSignal) => this.#observeOwn(signal);
    this.#driftCheck = new DriftCheck({ tools, layout, observe });
    this.#changes =
      tools.variant === 'legacy'
        ? new LegacyChanges({ tools, restMs: watchPeriodMs })
        : new NftChanges({ tools, family });
  }

  /** Chains and rules of others are not among them. Throws KernelError. */
  async observe(signal: AbortSignal): Promise<Ruleset> {
    this.#changes.reading();
    return await this.#observeOwn(signal);
  }

  /** Table by table all or nothing. Throws KernelError. */
  async restore(script: RestoreScript, signal: AbortSignal): Promise<void> {
    if (script.length === 0) return;
    const pieces = { [Symbol.iterator]: () => formatPieces(script) };
    await this.#changes.changing(() => this.#options.tools.restore(pieces, signal));
  }

  /** Closes what is held open to look at the kernel. */
  close(): void {
    this.#changes.close();
  }

  /** Calls `drifted` whenever the kernel does not hold what we left in it, until the signal ends it. */
  watch(
    left: LeftRules,
    drifted: (what: string) => void,
    inTurn: InTurn,
    signal: AbortSignal,
  ): Promise<void> {
    const [changes, driftCheck] = [this.#changes, this.#driftCheck];
    return watchTables({ ...this.#options, left, changes, driftCheck }, drifted, inTurn, signal);
  }

  /** Leaves nothing of this mode and those like it, but what other programs use too. Throws KernelError. */
  async cleanup(signal: AbortSignal): Promise<void> {
    const held = await this.#observe(['filter', 'nat', 'mangle'], EVERY_LAYOUT, signal);
    await this.restore(cleanupScript(held, EVERY_LAYOUT), signal);
  }

  async #observeOwn(signal: AbortSignal): Promise<Ruleset> {
    const observed = await this.#observe(['filter', 'nat'], this.#options.layout, signal);
    this.#changes.read(countRules(observed));
    return observed;
  }

  /** Once more if the tables were changed meanwhile. */
  async #observe(tables: readonly Table[], layout: Layout, signal: AbortSignal): Promise<Ruleset> {
    for (let reads = 1; ; reads++) {
      try {
        return await this.#read(tables, layout, signal);
      } catch (error) {
        const isOutdated = error instanceof KernelError && error.errno === constants.errno.EINTR;
        if (!isOutdated || reads === MAX_READS) throw error;
      }
    }
  }

  async #read(tables: readonly Table[], layout: Layout, signal: AbortSignal): Promise<Ruleset> {
    const { tools } = this.#options;
    const saved = new SavedRules(layout);
    for (const table of tables) this.#tell(await tools.save(table, (line) => saved.line(line), signal));
    return saved.ruleset();
  }

  /** Each remark of the tools once: they make it every time. */
  #tell(remarks: readonly string[]): void {
    const { family, logger } = this.#options;
    for (const remark of remarks) {
      if (this.#told.has(remark)) continue;
      this.#told.add(remark);
      logger.info({ family }, `iptables: ${remark}`);
    }
  }
}

function countRules({ own, fixed }: Ruleset): number {
  let count = 0;
  for (const [, rules] of own) count += rules.length;
  for (const [, content] of fixed) count += content === 'any' ? 0 : content.length;
  return count;
}
