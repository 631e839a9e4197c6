/**
 * Two rulesets → the iptables-restore input that leads from one to the other with --noflush. Full and partial sync,
 * restart and repair differ only in what they compare.
 */
import { splitChainId, TABLES, type Table } from './chain-id.ts';
import type { RestoreScript, TableScript } from './restore-script.ts';
import { type ChainContent, isBuiltinChain, type OwnChains, type Ruleset } from './ruleset.ts';

export function diff(from: Ruleset, to: Ruleset): RestoreScript {
  const scripts = new Map(TABLES.map((table) => [table, new TableDiff()]));
  for (const [id, wanted] of to.fixed) {
    const { table, chain } = splitChainId(id);
    const present = from.fixed.get(id);
    if (isBuiltinChain(chain)) scripts.get(table)?.addJumps(chain, present, wanted);
    else scripts.get(table)?.changeFixedChain(chain, present, wanted);
  }
  // A fixed chain stays when it is no longer wanted: other programs may jump to it.
  scripts.get('nat')?.changeOwnChains(from.own, to.own);
  return [...scripts].flatMap(([table, script]) => script.finish(table));
}

/** Collects what happens to one table. */
class TableDiff {
  readonly #chains: string[] = [];
  readonly #deletions: string[] = [];
  readonly #refills: string[] = [];
  readonly #insertions: string[] = [];
  readonly #removedChains: string[] = [];

  addJumps(chain: string, present: ChainContent | undefined, wanted: ChainContent): void {
    if (wanted === 'any') return;
    const there = new Set(present === 'any' ? [] : present);
    for (const rule of wanted) if (!there.has(rule)) this.#insertions.push(`-I ${chain} ${rule}`);
  }

  changeFixedChain(chain: string, present: ChainContent | undefined, wanted: ChainContent): void {
    if (wanted === 'any') {
      if (present === undefined) this.#chains.push(chain);
      return;
    }
    const edits = present === undefined || present === 'any' ? undefined : editsOf(present, wanted);
    if (edits === undefined) {
      this.#rewrite(chain, wanted.map((rule) => `-A ${chain} ${rule}\n`).join(''));
      return;
    }
    for (const rule of edits.removed) this.#deletions.push(`-D ${chain} ${rule}`);
    // Ascending positions: when a rule is inserted, all before it are in place already.
    for (const { position, rule } of edits.added) this.#insertions.push(`-I ${chain} ${position} ${rule}`);
  }

  changeOwnChains(from: OwnChains, to: OwnChains): void {
    for (const [chain, lines] of to) {
      const present = from.get(chain);
      if (present === undefined || !sameLines(present, lines)) this.#rewrite(chain, lines);
    }
    for (const [chain] of from) {
      if (to.get(chain) !== undefined) continue;
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

  #rewrite(chain: string, lines: string): void {
    this.#chains.push(chain);
    if (lines !== '') this.#refills.push(lines);
  }
}

/**
 * The rules of an own chain are the same even if only one side has the comments that large clusters go without
 * (spec § 4.9): rewriting them all would change no packet's way.
 */
function sameLines(present: string, wanted: string): boolean {
  return present === wanted || withoutComments(present) === withoutComments(wanted);
}

const OPTIONAL_COMMENT = /^(-A \S+) -m comment --comment (?:"[^"]* -> [^"]*"|[^" ]+)/gm;

function withoutComments(lines: string): string {
  return lines.replace(OPTIONAL_COMMENT, '$1');
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
  readonly removed: readonly string[];
  readonly added: readonly { readonly position: number; readonly rule: string }[];
}

/** Single edits for a chain in which little changes; undefined when writing it anew is simpler. */
function editsOf(present: readonly string[], wanted: readonly string[]): Edits | undefined {
  let start = 0;
  const shorter = Math.min(present.length, wanted.length);
  while (start < shorter && present[start] === wanted[start]) start++;
  let same = 0;
  while (same < shorter - start && present.at(-1 - same) === wanted.at(-1 - same)) same++;

  const oldMiddle = present.slice(start, present.length - same);
  const newMiddle = wanted.slice(start, wanted.length - same);
  const kept = new Set(newMiddle);
  const there = new Set(oldMiddle);
  const removed = oldMiddle.filter((rule) => !kept.has(rule));
  const added = newMiddle.flatMap((rule, index) =>
    there.has(rule) ? [] : [{ position: start + index + 1, rule }],
  );
  const survivorsOld = oldMiddle.filter((rule) => kept.has(rule));
  const survivorsNew = newMiddle.filter((rule) => there.has(rule));
  // A rule is deleted by its text, which takes away the first that has it.
  const gone = new Set(removed);
  if (present.slice(0, start).some((rule) => gone.has(rule))) return undefined;
  const reordered = survivorsOld.some((rule, index) => rule !== survivorsNew[index]);
  if (reordered || survivorsOld.length !== survivorsNew.length) return undefined;
  return removed.length + added.length > wanted.length / 2 ? undefined : { removed, added };
}
