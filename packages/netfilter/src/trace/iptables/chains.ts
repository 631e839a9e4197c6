/** The rules of a Ruleset, read and in the order in which a packet meets them. */
import { type ChainId, chainId, splitChainId } from '../../iptables/chain-id.ts';
import type { Rule } from '../../iptables/rule.ts';
import { type ChainContent, isBuiltinChain, type Ruleset } from '../../iptables/ruleset.ts';
import { parseSavedRule } from '../../iptables/saved-rule.ts';

export interface TracedRule {
  readonly text: string;
  readonly rule: Rule;
}

export type Chains = ReadonlyMap<ChainId, readonly TracedRule[]>;

/** Throws if a rule is none that we write. */
export function readChains({ fixed, own }: Ruleset): Chains {
  const chains = new Map<ChainId, readonly TracedRule[]>();
  for (const [id, content] of fixed) chains.set(id, inOrder(id, content).map(readRule));
  for (const [chain, lines] of own) {
    const rules = lines.split('\n').filter((line) => line !== '');
    chains.set(
      chainId('nat', chain),
      rules.map((line) => readRule(withoutChain(line, chain))),
    );
  }
  return chains;
}

/** Jumps are put in front of each other, so the last one stands first. Rules of others are not known. */
function inOrder(id: ChainId, content: ChainContent): readonly string[] {
  if (content === 'any') return [];
  return isBuiltinChain(splitChainId(id).chain) ? content.toReversed() : content;
}

function withoutChain(line: string, chain: string): string {
  const start = `-A ${chain} `;
  if (!line.startsWith(start)) throw new Error(`not a rule of ${chain}: ${line}`);
  return line.slice(start.length);
}

function readRule(text: string): TracedRule {
  const rule = parseSavedRule(text);
  if (rule === undefined) throw new Error(`not like any rule of ours: ${text}`);
  return { text, rule };
}
