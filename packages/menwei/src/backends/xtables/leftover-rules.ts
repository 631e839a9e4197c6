/**
 * Which chains of a table are nobody's any more, and the script that removes them with all that leads to them. A rule in
 * a built-in chain goes with the chain that it leads to, whoever put it there and however it is written. A chain that
 * a program's own chain leads to (CNI plugins mark packets by KUBE-MARK-MASQ) stays as it is.
 */
import { CANARY, chainId, type Table } from '@menwei/netfilter/iptables/chain-id.ts';
import type { TableScript } from '@menwei/netfilter/iptables/restore-script.ts';
import { parseSavedLine } from '@menwei/netfilter/iptables/save-format.ts';
import { parseSavedRule } from '@menwei/netfilter/iptables/saved-rule.ts';
import { targetOf } from '@menwei/netfilter/iptables/words.ts';
import { EVERY_LAYOUT } from './every-layout.ts';
import { jumpText, type Layout } from './layout.ts';

/** Whether a chain is one of those that nobody needs any more. */
export function isLeftover(layout: Layout, table: Table, chain: string): boolean {
  const id = chainId(table, chain);
  if (layout.keptChains?.has(id) === true) return false;
  return layout.fixedChains.has(id) || chain === CANARY || (table === 'nat' && layout.isOwnChain(chain));
}

/** Reads what iptables-save says of one table. */
export class LeftoverRules {
  readonly #layout: Layout;
  readonly #table: Table;
  readonly #jumps: ReadonlySet<string>;
  readonly #builtin = new Set<string>();
  /** With kubelet. */
  readonly #shared: string[] = [];
  /** Of chains that nobody needs, where their rules lead to. */
  readonly #leftover = new Map<string, Set<string>>();
  /** Rules that others have; of ours, none. */
  readonly #rules: { readonly chain: string; readonly rule: string; readonly target: string }[] = [];

  /** `layout`: of what is nobody's any more. */
  constructor(layout: Layout, table: Table) {
    this.#layout = layout;
    this.#table = table;
    this.#jumps = new Set(layout.jumps.map(jumpText));
  }

  line(text: string): void {
    const line = parseSavedLine(text);
    if (line.is === 'chain') this.#declare(line.chain, line.policy);
    else if (line.is === 'rule') this.#rule(line.chain, line.rule);
  }

  /** Chains of ours that stay since other programs use them too. */
  sharedChains(): readonly string[] {
    return [...this.#shared, ...this.#kept()];
  }

  /** Undefined where there is nothing to do. */
  script(): TableScript | undefined {
    const kept = this.#kept();
    const chains = [...this.#leftover.keys()].filter((chain) => !kept.has(chain));
    const gone = new Set(chains);
    const deletions = this.#rules
      .filter(({ chain }) => this.#builtin.has(chain))
      .filter(({ chain, rule, target }) => gone.has(target) || this.#isJump(chain, rule, target))
      .map(({ chain, rule }) => ({ chain, rule: { foreign: rule } }));
    if (chains.length === 0 && deletions.length === 0) return undefined;
    return { table: this.#table, chains, deletions, refills: [], insertions: [], removedChains: chains };
  }

  #declare(chain: string, policy: string | undefined): void {
    if (isLeftover(this.#layout, this.#table, chain)) this.#leftover.set(chain, new Set());
    else if (policy !== undefined) this.#builtin.add(chain);
    else if (EVERY_LAYOUT.keptChains?.has(chainId(this.#table, chain)) === true) this.#shared.push(chain);
  }

  #rule(chain: string, rule: string): void {
    const target = targetOf(rule);
    if (target === undefined) return;
    const targets = this.#leftover.get(chain);
    if (targets !== undefined) targets.add(target);
    else if (target.startsWith('KUBE-')) this.#rules.push({ chain, rule, target });
  }

  /** Chains that a chain of somebody else leads to, and what they lead to. */
  #kept(): ReadonlySet<string> {
    const kept = new Set<string>();
    const keep = (chain: string): void => {
      const targets = this.#leftover.get(chain);
      if (targets === undefined || kept.has(chain)) return;
      kept.add(chain);
      for (const target of targets) keep(target);
    };
    for (const { chain, target } of this.#rules) if (!this.#builtin.has(chain)) keep(target);
    return kept;
  }

  /** One of ours, to a chain that others do not use too. */
  #isJump(chain: string, text: string, target: string): boolean {
    if (this.#layout.keptChains?.has(chainId(this.#table, target)) === true) return false;
    const rule = parseSavedRule(text);
    return rule !== undefined && this.#jumps.has(jumpText({ from: chainId(this.#table, chain), rule }));
  }
}
