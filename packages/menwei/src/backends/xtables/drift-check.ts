/** Compares what iptables chains hold with what the proxy left in them. */
import type { IptablesTools } from '@menwei/kernel/iptables-tools.ts';
import { CANARY, type ChainId, chainId, splitChainId, TABLES } from '@menwei/netfilter/iptables/chain-id.ts';
import { diff } from '@menwei/netfilter/iptables/diff.ts';
import { touchedChains } from '@menwei/netfilter/iptables/restore-script.ts';
import type { HeldRule } from '@menwei/netfilter/iptables/rule.ts';
import type { Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import { KernelError } from '@menwei/netlink';
import type { Suspicion } from './foreign-changes.ts';
import type { Layout } from './layout.ts';
import { SavedRules } from './saved-rules.ts';

/** When more chains were changed, they are not read one by one, and damage is taken for certain. */
const MAX_READ = 20;

interface DriftCheckOptions {
  readonly tools: Pick<IptablesTools, 'list'>;
  readonly layout: Layout;
  readonly observe: (signal: AbortSignal) => Promise<Ruleset>;
}

export class DriftCheck {
  readonly #options: DriftCheckOptions;
  readonly #jumpsFrom: ReadonlySet<ChainId>;

  constructor(options: DriftCheckOptions) {
    this.#options = options;
    this.#jumpsFrom = new Set(options.layout.jumps.map(({ from }) => from));
  }

  /** The chains that are not as they should be, of those that others may have changed. Throws KernelError. */
  async damagedChains(
    wanted: Ruleset,
    { isEverywhere, changes }: Suspicion,
    signal: AbortSignal,
  ): Promise<readonly ChainId[]> {
    if (isEverywhere) {
      const missing = await this.#missingCanaries(TABLES, signal);
      return [...missing, ...(await this.#compare(wanted, changes, signal))];
    }
    return await this.#damagedOf(wanted, changes, signal);
  }

  async #damagedOf(
    wanted: Ruleset,
    changes: Suspicion['changes'],
    signal: AbortSignal,
  ): Promise<readonly ChainId[]> {
    const suspects = [...new Set(changes.flatMap(({ chains }) => chains))];
    const ours = suspects.filter((id) => this.#isOfInterest(id, wanted));
    if (ours.length > MAX_READ) return ours;
    const isCanary = (id: ChainId) => splitChainId(id).chain === CANARY;
    const canaries = ours.filter(isCanary).map((id) => splitChainId(id).table);
    const others = ours.filter((id) => !isCanary(id));
    return [
      ...(await this.#missingCanaries(canaries, signal)),
      ...(await this.#compareSome(wanted, others, signal)),
    ];
  }

  #isOfInterest(id: ChainId, { fixed }: Ruleset): boolean {
    const { table, chain } = splitChainId(id);
    const { layout } = this.#options;
    if (chain === CANARY || this.#jumpsFrom.has(id)) return true;
    return fixed.has(id) || (table === 'nat' && layout.isOwnChain(chain));
  }

  /** Others go by them, and in mangle nothing else of ours tells that the table was wiped. */
  async #missingCanaries(
    tables: readonly (typeof TABLES)[number][],
    signal: AbortSignal,
  ): Promise<readonly ChainId[]> {
    const missing: ChainId[] = [];
    for (const table of tables) {
      const held = await this.#options.tools.list(table, CANARY, signal);
      if (held === undefined) missing.push(chainId(table, CANARY));
    }
    return missing;
  }

  /** Where not all can be read, what is known to have been changed may be. */
  async #compare(
    wanted: Ruleset,
    changes: Suspicion['changes'],
    signal: AbortSignal,
  ): Promise<readonly ChainId[]> {
    let held: Ruleset;
    try {
      held = await this.#options.observe(signal);
    } catch (error) {
      const damaged = error instanceof KernelError ? await this.#damagedOf(wanted, changes, signal) : [];
      if (damaged.length === 0) throw error;
      return damaged;
    }
    return touchedChains(diff(held, wanted));
  }

  async #compareSome(
    wanted: Ruleset,
    ids: readonly ChainId[],
    signal: AbortSignal,
  ): Promise<readonly ChainId[]> {
    const saved = new SavedRules(this.#options.layout);
    const readable: ChainId[] = [];
    const failures: KernelError[] = [];
    for (const id of ids) {
      const { table, chain } = splitChainId(id);
      try {
        const rules = await this.#options.tools.list(table, chain, signal);
        if (rules !== undefined) for (const line of [`*${table}`, `:${chain} -`, ...rules]) saved.line(line);
        readable.push(id);
      } catch (error) {
        if (!(error instanceof KernelError)) throw error;
        failures.push(error);
      }
    }
    const damaged = touchedChains(diff(saved.ruleset(), pieceOf(wanted, readable)));
    // Nothing is known of what can't be read, and damage beside it is damage all the same.
    const [failure] = failures;
    if (failure !== undefined && damaged.length === 0) throw failure;
    return damaged;
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
