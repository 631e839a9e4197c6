/** What the kernel holds of ours, in the words of compile: read from iptables-save. */
import { JUMPS } from './base.ts';
import { CANARY, type ChainId, chainId, type Table } from './names.ts';
import { formatRule, parseSavedRule } from './rule.ts';
import { type ChainContent, isBuiltinChain, isOurChain, type Ruleset } from './ruleset.ts';

/** Reads the lines of iptables-save for one or more tables. Chains and rules of others are passed over. */
export class SavedRules {
  readonly #chains = new Map<ChainId, string[]>();
  #table: Table | undefined;

  line(line: string): void {
    if (line.startsWith('-A ')) this.#rule(line);
    else if (line.startsWith(':')) this.#declare(line.slice(1, line.indexOf(' ')));
    else if (line.startsWith('*')) this.#table = tableOf(line.slice(1));
  }

  ruleset(): Ruleset {
    const ruleset = new Map<ChainId, ChainContent>(this.#chains);
    for (const from of new Set(JUMPS.map((jump) => jump.from))) {
      const there = new Set(this.#chains.get(from));
      const jumps = JUMPS.filter((jump) => jump.from === from && there.has(jump.rule));
      if (this.#chains.has(from))
        ruleset.set(
          from,
          jumps.map((jump) => jump.rule),
        );
    }
    return ruleset;
  }

  #declare(chain: string): void {
    if (this.#table === undefined) return;
    const id = chainId(this.#table, chain);
    if (isOurChain(id) || chain === CANARY || isBuiltinChain(chain)) this.#chains.set(id, []);
  }

  #rule(line: string): void {
    if (this.#table === undefined) return;
    const end = line.indexOf(' ', 3);
    const chain = line.slice(3, end < 0 ? line.length : end);
    const text = end < 0 ? '' : line.slice(end + 1);
    this.#chains.get(chainId(this.#table, chain))?.push(normalize(text));
  }
}

/** A rule that is not like ours stays as it is, and so differs from everything we want. */
function normalize(text: string): string {
  const rule = parseSavedRule(text);
  return rule === undefined ? text : formatRule(rule);
}

function tableOf(name: string): Table | undefined {
  return name === 'filter' || name === 'nat' || name === 'mangle' ? name : undefined;
}
