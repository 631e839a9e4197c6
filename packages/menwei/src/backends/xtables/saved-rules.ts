/** What the kernel holds of a mode's chains, as iptables-save prints it. */
import { CANARY, type ChainId, chainId, TABLES, type Table } from '@menwei/netfilter/iptables/chain-id.ts';
import type { HeldRule } from '@menwei/netfilter/iptables/rule.ts';
import { type ChainContent, isBuiltinChain, type Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import { isSameRule } from '@menwei/netfilter/iptables/same-rule.ts';
import { parseSavedLine } from '@menwei/netfilter/iptables/save-format.ts';
import { parseHeldRule } from '@menwei/netfilter/iptables/saved-rule.ts';
import type { Layout } from './layout.ts';

/** Reads the lines of iptables-save for one or more tables. Chains and rules of others are passed over. */
export class SavedRules {
  readonly #layout: Layout;
  readonly #own = new Map<string, HeldRule[]>();
  readonly #fixed = new Map<ChainId, HeldRule[]>();
  #table: Table | undefined;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  line(text: string): void {
    const line = parseSavedLine(text);
    if (line.is === 'table') this.#table = TABLES.find((table) => table === line.table);
    else if (line.is === 'chain') this.#declare(line.chain);
    else if (line.is === 'rule') this.#rule(line.chain, line.rule);
  }

  ruleset(): Ruleset {
    const fixed = new Map<ChainId, ChainContent>(this.#fixed);
    for (const [id, rules] of this.#fixed) {
      if (!isBuiltinChain(id.slice(id.indexOf(' ') + 1))) continue;
      const jumps = this.#layout.jumps.filter(
        (jump) => jump.from === id && rules.some((rule) => isSameRule(rule, jump.rule)),
      );
      fixed.set(
        id,
        jumps.map((jump) => jump.rule),
      );
    }
    return { own: this.#own, fixed };
  }

  #declare(chain: string): void {
    if (this.#table === undefined) return;
    const id = chainId(this.#table, chain);
    if (this.#isOwn(chain)) this.#own.set(chain, []);
    else if (this.#layout.fixedChains.has(id) || chain === CANARY || isBuiltinChain(chain))
      this.#fixed.set(id, []);
  }

  #rule(chain: string, text: string): void {
    if (this.#table === undefined) return;
    const rules = this.#isOwn(chain) ? this.#own.get(chain) : this.#fixed.get(chainId(this.#table, chain));
    rules?.push(parseHeldRule(text));
  }

  #isOwn(chain: string): boolean {
    return this.#table === 'nat' && this.#layout.isOwnChain(chain);
  }
}
