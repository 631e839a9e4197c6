/** What the kernel holds of a mode's chains, as iptables-save prints it. */
import { CANARY, type ChainId, chainId, TABLES, type Table } from '@menwei/netfilter/iptables/chain-id.ts';
import type { HeldRule } from '@menwei/netfilter/iptables/rule.ts';
import { type ChainContent, isBuiltinChain, type Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import { isSameRule } from '@menwei/netfilter/iptables/same-rule.ts';
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

  line(line: string): void {
    if (line.startsWith('-A ')) this.#rule(line);
    else if (line.startsWith(':')) this.#declare(line.slice(1, line.indexOf(' ')));
    else if (line.startsWith('*')) this.#table = TABLES.find((table) => table === line.slice(1));
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

  #rule(line: string): void {
    if (this.#table === undefined) return;
    const end = line.indexOf(' ', 3);
    const chain = line.slice(3, end < 0 ? line.length : end);
    const rules = this.#isOwn(chain) ? this.#own.get(chain) : this.#fixed.get(chainId(this.#table, chain));
    rules?.push(parseHeldRule(end < 0 ? '' : line.slice(end + 1)));
  }

  #isOwn(chain: string): boolean {
    return this.#table === 'nat' && this.#layout.isOwnChain(chain);
  }
}
