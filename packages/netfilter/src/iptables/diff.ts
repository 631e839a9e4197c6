/**
 * Two rulesets → the iptables-restore input that leads from one to the other with --noflush. Full and partial sync,
 * restart and repair differ only in what they compare.
 */
import { splitChainId, TABLES, type Table } from './chain-id.ts';
import type { Insertion, Refill, RestoreScript, RuleInChain, TableScript } from './restore-script.ts';
import { formatHeldRule, type HeldRule } from './rule.ts';
import { type ChainContent, isBuiltinChain, type OwnChains, type Ruleset } from './ruleset.ts';
import { alikeText, areSameRules, isAlike, isSameRule } from './same-rule.ts';

export function diff(from: Ruleset, to: Ruleset): RestoreScript {
  const pieces = diffInPieces(from, to);
  for (;;) {
    const piece = pieces.next();
    if (piece.done === true) return piece.value;
  }
}

/** The same, for large rulesets: yields now and then, and whoever drives it may let other work run first. */
export function* diffInPieces(from: Ruleset, to: Ruleset): Generator<void, RestoreScript> {
  const scripts = new Map(TABLES.map((table) => [table, new TableDiff()]));
  for (const [id, wanted] of to.fixed) {
    const { table, chain } = splitChainId(id);
    const present = from.fixed.get(id);
    if (isBuiltinChain(chain)) scripts.get(table)?.addJumps(chain, present, wanted);
    else scripts.get(table)?.changeFixedChain(chain, present, wanted);
  }
  // A fixed chain stays when it is no longer wanted: other programs may jump to it.
  const nat = scripts.get('nat');
  if (nat !== undefined) yield* nat.changeOwnChains(from.own, to.own);
  return [...scripts].flatMap(([table, script]) => script.finish(table));
}

/** Comparing so many takes about a millisecond. */
const CHAINS_OF_A_PIECE = 500;

/** Collects what happens to one table. */
class TableDiff {
  readonly #chains: string[] = [];
  readonly #deletions: RuleInChain[] = [];
  readonly #refills: Refill[] = [];
  readonly #insertions: Insertion[] = [];
  readonly #removedChains: string[] = [];

  addJumps(chain: string, present: ChainContent | undefined, wanted: ChainContent): void {
    if (wanted === 'any') return;
    const there = present === undefined || present === 'any' ? [] : present;
    for (const rule of wanted) {
      if (!there.some((other) => isSameRule(other, rule))) this.#insertions.push({ chain, rule });
    }
  }

  changeFixedChain(chain: string, present: ChainContent | undefined, wanted: ChainContent): void {
    if (wanted === 'any') {
      if (present === undefined) this.#chains.push(chain);
      return;
    }
    const edits = present === undefined || present === 'any' ? undefined : editsOf(present, wanted);
    if (edits === undefined) {
      this.#rewrite(chain, wanted);
      return;
    }
    for (const rule of edits.removed) this.#deletions.push({ chain, rule });
    // Ascending positions: when a rule is inserted, all before it are in place already.
    for (const { position, rule } of edits.added) this.#insertions.push({ chain, position, rule });
  }

  *changeOwnChains(from: OwnChains, to: OwnChains): Generator<void, void> {
    const kept = new Set<string>();
    let count = 0;
    for (const [chain, rules] of to) {
      if (++count % CHAINS_OF_A_PIECE === 0) yield;
      const present = from.get(chain);
      if (present !== undefined) kept.add(chain);
      if (present === undefined || !areSameRules(present, rules)) this.#rewrite(chain, rules);
    }
    for (const [chain] of from) {
      if (kept.has(chain)) continue;
      this.#chains.push(chain);
      this.#removedChains.push(chain);
    }
  }

  finish(table: Table): TableScript[] {
    const script: TableScript = {
      table,
      chains: sortNames(this.#chains),
      deletions: this.#deletions,
      refills: this.#refills,
      insertions: this.#insertions,
      removedChains: this.#removedChains,
    };
    const steps = [this.#chains, this.#deletions, this.#insertions];
    return steps.every((step) => step.length === 0) ? [] : [script];
  }

  #rewrite(chain: string, rules: readonly HeldRule[]): void {
    this.#chains.push(chain);
    if (rules.length > 0) this.#refills.push({ chain, rules });
  }
}

/** Letters of a chain name that tell a thousand buckets apart: `KUBE-SEP-XY`. */
const BUCKET_LENGTH = 11;

/**
 * The legacy tool keeps chains in a sorted list and takes them in order a quarter faster: 16 of 62 s at 250,000 chains.
 * Buckets make sorting that many twice as fast.
 */
function sortNames(names: readonly string[]): readonly string[] {
  const buckets = Map.groupBy(names, (name) => name.slice(0, BUCKET_LENGTH));
  return [...buckets].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, bucket]) => bucket.sort());
}

interface Edits {
  readonly removed: readonly HeldRule[];
  readonly added: readonly { readonly position: number; readonly rule: HeldRule }[];
}

/** Single edits for a chain in which little changes; undefined when writing it anew is simpler. */
function editsOf(present: readonly HeldRule[], wanted: readonly HeldRule[]): Edits | undefined {
  const { start, end } = commonEnds(present, wanted);
  const oldMiddle = keyed(present.slice(start, present.length - end));
  const newMiddle = keyed(wanted.slice(start, wanted.length - end));
  const kept = new Set(newMiddle.map(({ key }) => key));
  const there = new Set(oldMiddle.map(({ key }) => key));
  const removed = oldMiddle.filter(({ key }) => !kept.has(key));
  const added = newMiddle.flatMap(({ key, rule }, index) =>
    there.has(key) ? [] : [{ position: start + index + 1, rule }],
  );
  const survivorsOld = oldMiddle.filter(({ key }) => kept.has(key));
  const survivorsNew = newMiddle.filter(({ key }) => there.has(key));
  // A rule is deleted by its text, which takes away the first that has it, or one like it.
  const survivors = survivorsOld.map(({ rule }) => rule);
  if (holdsLike(present.slice(0, start), removed) || holdsLike(survivors, removed)) return undefined;
  const reordered = survivorsOld.some(({ key }, index) => key !== survivorsNew[index]?.key);
  if (reordered || survivorsOld.length !== survivorsNew.length) return undefined;
  if (removed.length + added.length > wanted.length / 2) return undefined;
  return { removed: removed.map(({ rule }) => rule), added };
}

/** How many rules two chains have in common at their start, and behind that at their end. */
export function commonEnds(
  a: readonly HeldRule[],
  b: readonly HeldRule[],
): { readonly start: number; readonly end: number } {
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && isSameAt(a, start, b, start)) start++;
  let end = 0;
  while (end < shorter - start && isSameAt(a, a.length - 1 - end, b, b.length - 1 - end)) end++;
  return { start, end };
}

function isSameAt(a: readonly HeldRule[], atA: number, b: readonly HeldRule[], atB: number): boolean {
  const [one, other] = [a[atA], b[atB]];
  return one === other || (one !== undefined && other !== undefined && isSameRule(one, other));
}

export interface KeyedRule {
  readonly key: string;
  readonly rule: HeldRule;
}

/** With a text that is the same for the same rule. */
export function keyed(rules: readonly HeldRule[]): readonly KeyedRule[] {
  return rules.map((rule) => ({ key: formatHeldRule(rule), rule }));
}

/** So many are looked for one by one; making texts of thousands that did not change takes longer. */
const FEW = 8;

function holdsLike(rules: readonly HeldRule[], wanted: readonly KeyedRule[]): boolean {
  if (wanted.length === 0) return false;
  if (wanted.length <= FEW) {
    for (const rule of rules) {
      for (const other of wanted) if (isAlike(rule, other.rule)) return true;
    }
    return false;
  }
  const keys = new Set(wanted.map(({ key }) => alikeText(key)));
  return keyed(rules).some(({ key }) => keys.has(alikeText(key)));
}
