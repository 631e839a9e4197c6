/**
 * Checks for drift, each as cheap as can be: rules are not read while nothing has changed, and where the kernel can count
 * them, their number is compared instead of all of them.
 */
import type { RuleTally } from '@menwei/kernel/iptables-probe.ts';
import type { IptablesTools } from '@menwei/kernel/iptables-tools.ts';
import {
  CANARY,
  type ChainId,
  chainId,
  splitChainId,
  TABLES,
  type Table,
} from '@menwei/netfilter/iptables/chain-id.ts';
import { diff } from '@menwei/netfilter/iptables/diff.ts';
import { type RestoreScript, touchedChains } from '@menwei/netfilter/iptables/restore-script.ts';
import type { HeldRule } from '@menwei/netfilter/iptables/rule.ts';
import { isBuiltinChain, type Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import { KernelError } from '@menwei/netlink';
import { miscountedChains } from './count.ts';
import type { Layout } from './layout.ts';
import { SavedRules } from './saved-rules.ts';

const RULE_TABLES: readonly Table[] = ['filter', 'nat'];
/** So many checks in a row are content with the kernel's word that nothing has changed; see TableProbe. */
const MAX_EASY_CHECKS = 9;
/**
 * A rule that takes the place of another one has its number in nf_tables, so only who reads all rules finds it. That may
 * take a twentieth of the time, and syncs must not wait for it too long.
 */
const PAUSE_PER_COMPARISON = 20;
const MAX_COMPARED_CHAINS = 15_000;
/** When more chains were changed by ourselves, they are not read one by one. */
const MAX_NOTED = 50;

interface DriftCheckOptions {
  readonly tools: Pick<IptablesTools, 'probe' | 'list'>;
  readonly layout: Layout;
  readonly observe: (signal: AbortSignal) => Promise<Ruleset>;
  /** In milliseconds, of a clock that never goes back. */
  readonly nowMs: () => number;
}

export class DriftCheck {
  readonly #options: DriftCheckOptions;
  /** When everything was right. */
  #stamp: string | undefined;
  #easyChecks = 0;
  /** When all rules were read, and everything was right; and when they may be read again. */
  #comparedStamp: string | undefined;
  #comparisonDueMs = 0;
  /** The newest rule of each table when all was right. */
  #newest: ReadonlyMap<Table, number> = new Map();
  /** The chains in which we have changed something since then; undefined: so many that any may be among them. */
  #noted: Set<ChainId> | undefined;

  constructor(options: DriftCheckOptions) {
    this.#options = options;
  }

  /** All rules are about to be read, so that what is there now is going to be known. */
  async begin(signal: AbortSignal): Promise<void> {
    this.#noted = undefined;
    if (this.#options.tools.probe.countRules === undefined) return;
    try {
      const newest = new Map<Table, number>();
      for (const table of RULE_TABLES) newest.set(table, newestOf(await this.#counted(table, true, signal)));
      this.#newest = newest;
      this.#noted = new Set();
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
    }
  }

  /** We have changed something ourselves. */
  note(script: RestoreScript): void {
    if (this.#noted === undefined) return;
    if (this.#noted.size + sizeOf(script) > MAX_NOTED) this.#noted = undefined;
    // Of built-in chains only what leads to ours is of interest, and that is told by the count.
    else for (const id of touchedChains(script).filter(isChainOfOurs)) this.#noted.add(id);
  }

  /** The chains that are not as they should be. Throws KernelError. */
  async damagedChains(wanted: Ruleset, signal: AbortSignal): Promise<readonly string[]> {
    const { probe } = this.#options.tools;
    // Before the check: what changes meanwhile changes it again.
    const stamp = probe.stamp(TABLES);
    if (this.#isSame(stamp, wanted)) {
      this.#easyChecks++;
      return [];
    }
    this.#easyChecks = 0;
    const damaged = [
      ...(await this.#missingCanaries(signal)),
      ...(probe.countRules === undefined
        ? await this.#compare(wanted, signal)
        : await this.#count(wanted, signal)),
    ];
    this.#stamp = damaged.length === 0 ? stamp : undefined;
    if (damaged.length > 0 || probe.countRules === undefined || !this.#isComparisonDue(wanted))
      return damaged;
    const replaced = await this.#compareNowAndThen(wanted, signal);
    if (replaced === undefined) return [];
    if (replaced.length > 0) this.#stamp = undefined;
    this.#comparedStamp = this.#stamp;
    return replaced;
  }

  /** Undefined where not all rules can be read now: what was counted has to do. */
  async #compareNowAndThen(wanted: Ruleset, signal: AbortSignal): Promise<readonly string[] | undefined> {
    const { nowMs } = this.#options;
    const startedMs = nowMs();
    let damaged: readonly string[] | undefined;
    try {
      damaged = await this.#compare(wanted, signal);
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
    }
    const endedMs = nowMs();
    // Who has found something has to find it once more.
    const isFound = damaged !== undefined && damaged.length > 0;
    if (!isFound) this.#comparisonDueMs = endedMs + PAUSE_PER_COMPARISON * (endedMs - startedMs);
    return damaged;
  }

  /** The kernel's word that nothing has changed is enough. */
  #isSame(stamp: string | undefined, wanted: Ruleset): boolean {
    if (stamp === undefined) return false;
    if (this.#options.tools.probe.countRules === undefined) {
      return stamp === this.#stamp && this.#easyChecks < MAX_EASY_CHECKS;
    }
    return stamp === this.#comparedStamp || (stamp === this.#stamp && !this.#isComparisonDue(wanted));
  }

  #isComparisonDue({ own }: Ruleset): boolean {
    return this.#options.nowMs() >= this.#comparisonDueMs && !hasMoreThan(MAX_COMPARED_CHAINS, own);
  }

  /** Others go by them, and in mangle nothing else of ours tells that the table was wiped. */
  async #missingCanaries(signal: AbortSignal): Promise<readonly ChainId[]> {
    const missing: ChainId[] = [];
    for (const table of TABLES) {
      const held = await this.#options.tools.list(table, CANARY, signal);
      if (held === undefined) missing.push(chainId(table, CANARY));
    }
    return missing;
  }

  async #compare(wanted: Ruleset, signal: AbortSignal): Promise<readonly string[]> {
    return touchedChains(diff(await this.#options.observe(signal), wanted));
  }

  async #count(wanted: Ruleset, signal: AbortSignal, afresh = false): Promise<readonly string[]> {
    const { layout } = this.#options;
    const damaged = new Set<ChainId>();
    const newest = new Map<Table, number>();
    for (const table of RULE_TABLES) {
      const counted = await this.#counted(table, afresh, signal);
      for (const id of miscountedChains(table, wanted, counted, layout.isOwnChain)) damaged.add(id);
      for (const [chain, tally] of counted) {
        const id = chainId(table, chain);
        if (this.#isReplaced(table, id, tally.newest) && isOurs(wanted, layout, id)) damaged.add(id);
      }
      newest.set(table, newestOf(counted));
    }
    for (const id of await this.#readNoted(wanted, signal)) damaged.add(id);
    // What was counted before may be out of date.
    if (damaged.size > 0 && !afresh) return this.#count(wanted, signal, true);
    if (damaged.size === 0) {
      this.#newest = newest;
      this.#noted = new Set();
    }
    return [...damaged];
  }

  async #counted(table: Table, afresh: boolean, signal: AbortSignal): Promise<RuleTally> {
    return (await this.#options.tools.probe.countRules?.(table, afresh, signal)) ?? new Map();
  }

  /** There is a rule that was not there when all was right, and is not from us; another one may have gone for it. */
  #isReplaced(table: Table, id: ChainId, newest: number): boolean {
    const known = this.#newest.get(table);
    return this.#noted?.has(id) === false && known !== undefined && newest > known;
  }

  /** In what we have changed ourselves new rules say nothing, so it is read; of single chains that takes no time. */
  async #readNoted(wanted: Ruleset, signal: AbortSignal): Promise<readonly ChainId[]> {
    const noted = [...(this.#noted ?? [])];
    const saved = new SavedRules(this.#options.layout);
    for (const id of noted) {
      const { table, chain } = splitChainId(id);
      const rules = await this.#options.tools.list(table, chain, signal);
      if (rules !== undefined) for (const line of [`*${table}`, `:${chain} -`, ...rules]) saved.line(line);
    }
    return touchedChains(diff(saved.ruleset(), pieceOf(wanted, noted)));
  }
}

function pieceOf({ own, fixed }: Ruleset, ids: readonly ChainId[]): Ruleset {
  const chains = ids.flatMap((id): [string, readonly HeldRule[]][] => {
    const { table, chain } = splitChainId(id);
    const held = table === 'nat' ? own.get(chain) : undefined;
    return held === undefined ? [] : [[chain, held]];
  });
  return { own: new Map(chains), fixed: new Map([...fixed].filter(([id]) => ids.includes(id))) };
}

function hasMoreThan(count: number, items: Iterable<unknown>): boolean {
  let seen = 0;
  for (const _ of items) if (++seen > count) return true;
  return false;
}

function isOurs(wanted: Ruleset, layout: Layout, id: ChainId): boolean {
  const { table, chain } = splitChainId(id);
  if (table === 'nat' && layout.isOwnChain(chain)) return true;
  return isChainOfOurs(id) && wanted.fixed.get(id) !== 'any' && wanted.fixed.has(id);
}

function isChainOfOurs(id: ChainId): boolean {
  return !isBuiltinChain(splitChainId(id).chain);
}

function sizeOf(script: RestoreScript): number {
  return script.reduce(
    (sum, { chains, deletions, insertions }) => sum + chains.length + deletions.length + insertions.length,
    0,
  );
}

function newestOf(counted: RuleTally): number {
  let newest = 0;
  for (const tally of counted.values()) newest = Math.max(newest, tally.newest);
  return newest;
}
