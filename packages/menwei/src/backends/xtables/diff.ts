/**
 * From one ruleset to another in two scripts, for what lies between them: rules that are wanted come first, and those that
 * are not go last. In between no packet meets less than what either of the two rulesets holds against it.
 */
import { type ChainId, splitChainId } from '@menwei/netfilter/iptables/chain-id.ts';
import { commonEnds, diff, diffInPieces, type KeyedRule, keyed } from '@menwei/netfilter/iptables/diff.ts';
import type { RestoreScript } from '@menwei/netfilter/iptables/restore-script.ts';
import type { HeldRule } from '@menwei/netfilter/iptables/rule.ts';
import { type ChainContent, isBuiltinChain, type Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import { atOnce, type Steps } from '../../scheduling/steps.ts';

export interface TwoScripts {
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
export function diffInTwo(
  from: Ruleset,
  to: Ruleset,
  isShared: (id: ChainId) => boolean,
  order?: ReadonlyMap<ChainId, readonly HeldRule[]>,
): TwoScripts {
  const { both, wanted } = standTogether(from, to, isShared, order);
  return { bringing: diff(from, withBoth(to, both)), taking: diff(fixedOnly(both), fixedOnly(wanted)) };
}

/**
 * What denies in the filter table is there before the nat table leads on, and longer than it: each table is committed by
 * itself.
 */
export function diffTables(from: Ruleset, to: Ruleset): RestoreScript {
  return atOnce(diffTablesInSteps(from, to));
}

/** The same for large rulesets, see Rules. */
export function* diffTablesInSteps(from: Ruleset, to: Ruleset): Steps<RestoreScript> {
  const { both, wanted } = standTogether(from, to, (id) => splitChainId(id).table === 'filter');
  const bringing = yield* diffInPieces(from, withBoth(to, both));
  return [...bringing, ...diff(fixedOnly(both), fixedOnly(wanted))];
}

type FixedChains = ReadonlyMap<ChainId, ChainContent>;

/** The shared chains in which rules go: with the rules of both rulesets, and as they are wanted in the end. */
function standTogether(
  from: Ruleset,
  to: Ruleset,
  isShared: (id: ChainId) => boolean,
  order: ReadonlyMap<ChainId, readonly HeldRule[]> = new Map(),
): { readonly both: FixedChains; readonly wanted: FixedChains } {
  const both = new Map<ChainId, ChainContent>();
  const wanted = new Map<ChainId, ChainContent>();
  for (const [id, content] of to.fixed) {
    const present = from.fixed.get(id);
    if (!isShared(id) || isBuiltinChain(splitChainId(id).chain)) continue;
    if (present === undefined || present === 'any' || content === 'any') continue;
    const merged = mergeInOrder(present, content, order.get(id));
    if (merged.length === content.length) continue;
    both.set(id, merged);
    wanted.set(id, content);
  }
  return { both, wanted };
}

function withBoth(to: Ruleset, both: FixedChains): Ruleset {
  return { ...to, fixed: new Map([...to.fixed, ...both]) };
}

function fixedOnly(fixed: FixedChains): Ruleset {
  return { own: new Map(), fixed };
}

/** What both have at their ends stays as it is, so that a change in a long chain costs little. */
function mergeInOrder(
  present: readonly HeldRule[],
  wanted: readonly HeldRule[],
  order: readonly HeldRule[] | undefined,
): readonly HeldRule[] {
  if (order !== undefined) {
    const together = new Set(keyed([...present, ...wanted]).map(({ key }) => key));
    const inOrder = keyed(order).filter(({ key }) => together.has(key));
    return merge(keyed(present), merge(inOrder, keyed(wanted))).map(({ rule }) => rule);
  }
  const { start, end } = commonEnds(present, wanted);
  const middles = [present, wanted].map((rules) => keyed(rules.slice(start, rules.length - end)));
  const [oldMiddle = [], newMiddle = []] = middles;
  const merged = merge(oldMiddle, newMiddle).map(({ rule }) => rule);
  return [...wanted.slice(0, start), ...merged, ...wanted.slice(wanted.length - end)];
}

/** The rules of both: those wanted in their order, each of the others before the wanted one that it stands before. */
function merge(present: readonly KeyedRule[], wanted: readonly KeyedRule[]): readonly KeyedRule[] {
  const isWanted = new Set(wanted.map(({ key }) => key));
  const places = new Map<string, number[]>();
  for (const [index, { key }] of present.entries()) {
    const all = places.get(key);
    if (all === undefined) places.set(key, [index]);
    else all.push(index);
  }
  const merged: KeyedRule[] = [];
  let next = 0;
  for (const each of wanted) {
    const at = places.get(each.key)?.find((index) => index >= next);
    if (at !== undefined) {
      merged.push(...present.slice(next, at).filter(({ key }) => !isWanted.has(key)));
      next = at + 1;
    }
    merged.push(each);
  }
  return [...merged, ...present.slice(next).filter(({ key }) => !isWanted.has(key))];
}
