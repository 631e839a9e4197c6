/**
 * From one ruleset to another in two steps, for what lies between them: rules that are wanted come first, and those that
 * are not go last. In between no packet meets less than what either of the two rulesets holds against it.
 */
import { type ChainId, splitChainId } from '@menwei/netfilter/iptables/chain-id.ts';
import { diff } from '@menwei/netfilter/iptables/diff.ts';
import type { RestoreScript } from '@menwei/netfilter/iptables/restore-script.ts';
import { type ChainContent, isBuiltinChain, type Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';

export interface Steps {
  /** Brings what is missing, and changes chains of which both rulesets can't be had at once. */
  readonly bringing: RestoreScript;
  /** Takes away what is too much. */
  readonly taking: RestoreScript;
}

/**
 * @param isShared of which chains the rules of both rulesets can stand together
 * @param order in which rules of a chain stand where they do; without it each of the others stands before the wanted one
 * that it stood before
 */
export function diffInSteps(
  from: Ruleset,
  to: Ruleset,
  isShared: (id: ChainId) => boolean,
  order: ReadonlyMap<ChainId, readonly string[]> = new Map(),
): Steps {
  const both = new Map<ChainId, ChainContent>();
  const wanted = new Map<ChainId, ChainContent>();
  for (const [id, content] of to.fixed) {
    const present = from.fixed.get(id);
    if (!isShared(id) || isBuiltinChain(splitChainId(id).chain)) continue;
    if (present === undefined || present === 'any' || content === 'any') continue;
    const together = new Set([...present, ...content]);
    const inOrder = (order.get(id) ?? []).filter((rule) => together.has(rule));
    const merged = merge(present, merge(inOrder, content));
    if (merged.length === content.length) continue;
    both.set(id, merged);
    wanted.set(id, content);
  }
  return {
    bringing: diff(from, { ...to, fixed: new Map([...to.fixed, ...both]) }),
    taking: diff({ own: new Map(), fixed: both }, { own: new Map(), fixed: wanted }),
  };
}

/**
 * What denies in the filter table is there before the nat table leads on, and longer than it: each table is committed by
 * itself.
 */
export function diffTables(from: Ruleset, to: Ruleset): RestoreScript {
  const { bringing, taking } = diffInSteps(from, to, (id) => splitChainId(id).table === 'filter');
  return [...bringing, ...taking];
}

/** The rules of both: those wanted in their order, each of the others before the wanted one that it stands before. */
function merge(present: readonly string[], wanted: readonly string[]): readonly string[] {
  const [isWanted, isPresent] = [new Set(wanted), new Set(present)];
  const merged: string[] = [];
  let next = 0;
  for (const rule of wanted) {
    const at = isPresent.has(rule) ? present.indexOf(rule, next) : -1;
    if (at >= 0) {
      merged.push(...present.slice(next, at).filter((other) => !isWanted.has(other)));
      next = at + 1;
    }
    merged.push(rule);
  }
  return [...merged, ...present.slice(next).filter((other) => !isWanted.has(other))];
}
