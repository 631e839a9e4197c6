/**
 * Two rulesets → the iptables-restore input that leads from one to the other with --noflush. Full and partial sync,
 * restart and repair differ only in what they compare.
 */
import { type ChainId, isPerServiceChain, splitChainId, type Table } from './names.ts';
import type { RestoreScript, TableScript } from './restore-script.ts';
import { type ChainContent, isBuiltinChain, type Ruleset } from './ruleset.ts';

const TABLES: readonly Table[] = ['filter', 'nat', 'mangle'];

export function diff(from: Ruleset, to: Ruleset): RestoreScript {
  const scripts = new Map(TABLES.map((table) => [table, new TableDiff()]));
  const scriptOf = (table: Table): TableDiff => {
    const script = scripts.get(table);
    if (script === undefined) throw new Error(`BUG: table ${table}`);
    return script;
  };
  for (const [id, content] of to) {
    const { table, chain } = splitChainId(id);
    const present = from.get(id);
    if (present === content) continue;
    if (isBuiltinChain(chain)) scriptOf(table).addJumps(chain, present, content);
    else scriptOf(table).changeChain(chain, present, content);
  }
  for (const id of from.keys()) {
    const { table, chain } = splitChainId(id);
    if (!to.has(id) && isRemovable(id)) scriptOf(table).deleteChain(chain);
  }
  return TABLES.flatMap((table) => scriptOf(table).script(table));
}

/** A fixed chain stays when it is no longer described: other programs may jump to it. */
function isRemovable(id: ChainId): boolean {
  const { table, chain } = splitChainId(id);
  return table === 'nat' && isPerServiceChain(chain);
}

/** Collects the commands for one table in the order the kernel must see them. */
class TableDiff {
  readonly #chains: string[] = [];
  readonly #deletions: string[] = [];
  readonly #additions: string[] = [];
  readonly #chainDeletions: string[] = [];

  addJumps(chain: string, present: ChainContent | undefined, wanted: ChainContent): void {
    if (wanted === 'any') return;
    const there = new Set(present === 'any' ? [] : present);
    for (const rule of wanted) if (!there.has(rule)) this.#additions.push(`-I ${chain} ${rule}`);
  }

  changeChain(chain: string, present: ChainContent | undefined, wanted: ChainContent): void {
    if (wanted === 'any') {
      if (present === undefined) this.#chains.push(chain);
      return;
    }
    if (present === undefined || present === 'any' || isPerServiceChain(chain)) {
      if (present !== undefined && present !== 'any' && sameRules(present, wanted)) return;
      this.#rewrite(chain, wanted);
      return;
    }
    const edits = editsOf(present, wanted);
    if (edits === undefined) {
      this.#rewrite(chain, wanted);
      return;
    }
    for (const rule of edits.removed) this.#deletions.push(`-D ${chain} ${rule}`);
    // Ascending positions: when a rule is inserted, all before it are in place already.
    for (const { position, rule } of edits.added) this.#additions.push(`-I ${chain} ${position} ${rule}`);
  }

  deleteChain(chain: string): void {
    // A chain must be empty to be deleted, and naming it empties it.
    this.#chains.push(chain);
    this.#chainDeletions.push(`-X ${chain}`);
  }

  script(table: Table): TableScript[] {
    const commands = [...this.#deletions, ...this.#additions, ...this.#chainDeletions];
    if (this.#chains.length === 0 && commands.length === 0) return [];
    return [{ table, chains: this.#chains, commands }];
  }

  #rewrite(chain: string, rules: readonly string[]): void {
    this.#chains.push(chain);
    for (const rule of rules) this.#additions.push(`-A ${chain} ${rule}`);
  }
}

/**
 * Rules of a per-service chain are equal even if only one side has the comments that large clusters go without
 * (spec § 4.9): rewriting them all would change no packet's way.
 */
function sameRules(present: readonly string[], wanted: readonly string[]): boolean {
  return (
    present.length === wanted.length &&
    present.every((rule, index) => {
      const other = wanted[index];
      return rule === other || (other !== undefined && withoutComment(rule) === withoutComment(other));
    })
  );
}

const OPTIONAL_COMMENT = /^-m comment --comment (?:"[^"]* -> [^"]*"|[^" ]+) /;

function withoutComment(rule: string): string {
  return rule.replace(OPTIONAL_COMMENT, '');
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
  const reordered = survivorsOld.some((rule, index) => rule !== survivorsNew[index]);
  if (reordered || survivorsOld.length !== survivorsNew.length) return undefined;
  return removed.length + added.length > wanted.length / 2 ? undefined : { removed, added };
}
