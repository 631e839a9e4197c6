/** What the kernel holds of ours, in the words of compile: read from iptables-save. */
import { CANARY, type ChainId, chainId, TABLES, type Table } from '@menwei/netfilter/iptables/chain-id.ts';
import { formatRule } from '@menwei/netfilter/iptables/rule.ts';
import { type ChainContent, isBuiltinChain, type Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import { parseSavedRule } from '@menwei/netfilter/iptables/saved-rule.ts';
import type { Layout } from './layout.ts';

/** Reads the lines of iptables-save for one or more tables. Chains and rules of others are passed over. */
export class SavedRules {
  readonly #layout: Layout;
  readonly #own = new Map<string, string>();
  readonly #fixed = new Map<ChainId, string[]>();
  #table: Table | undefined;
  #open = '';
  #openTexts: string[] = [];

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  line(line: string): void {
    if (line.startsWith('-A ')) this.#rule(line);
    else if (line.startsWith(':')) this.#declare(line.slice(1, line.indexOf(' ')));
    else if (line.startsWith('*')) this.#table = TABLES.find((table) => table === line.slice(1));
  }

  ruleset(): Ruleset {
    this.#closeChain();
    const fixed = new Map<ChainId, ChainContent>(this.#fixed);
    for (const [id, rules] of this.#fixed) {
      if (!isBuiltinChain(id.slice(id.indexOf(' ') + 1))) continue;
      const there = new Set(rules);
      const jumps = this.#layout.jumps.filter((jump) => jump.from === id && there.has(jump.rule));
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
    if (this.#table === 'nat' && this.#layout.isOwnChain(chain)) this.#own.set(chain, '');
    else if (this.#layout.fixedChains.has(id) || chain === CANARY || isBuiltinChain(chain))
      this.#fixed.set(id, []);
  }

  #rule(line: string): void {
    if (this.#table === undefined) return;
    const end = line.indexOf(' ', 3);
    const chain = line.slice(3, end < 0 ? line.length : end);
    const text = end < 0 ? '' : line.slice(end + 1);
    if (this.#table !== 'nat' || !this.#layout.isOwnChain(chain)) {
      this.#fixed.get(chainId(this.#table, chain))?.push(normalize(text));
      return;
    }
    // The rules of a chain are printed together: they become one text when the next chain begins.
    if (chain !== this.#open) this.#closeChain();
    this.#open = chain;
    this.#openTexts.push('-A ', chain, ' ', normalize(text), '\n');
  }

  #closeChain(): void {
    if (this.#openTexts.length === 0) return;
    this.#own.set(this.#open, (this.#own.get(this.#open) ?? '') + this.#openTexts.join(''));
    this.#openTexts = [];
  }
}

/** A rule that is not like ours stays as it is, and so differs from everything we want. */
function normalize(text: string): string {
  const rule = parseSavedRule(text);
  return rule === undefined ? text : formatRule(rule);
}
