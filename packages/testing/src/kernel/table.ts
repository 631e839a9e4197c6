/** One table of the fake kernel: chains with rules, and the commands of iptables-restore on them. */

import { formatSavedLine, type SavedLine } from '@menwei/netfilter/iptables/save-format.ts';
import { splitWords } from '@menwei/netfilter/iptables/words.ts';
import { foreignRule, isKernelTarget, type KeptRule, readRule } from './kept-rule.ts';
import type { Surroundings } from './rule-extensions.ts';
import { BadCommand, Words } from './rule-words.ts';

/** The tables there are, with the chains that the kernel itself walks through. */
export const BUILTIN_CHAINS: ReadonlyMap<string, readonly string[]> = new Map([
  ['filter', ['INPUT', 'FORWARD', 'OUTPUT']],
  ['nat', ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING']],
  ['mangle', ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING']],
]);

const NO_CHAIN = 'No chain/target/match by that name.';
const MAX_NAME_LENGTH = 28;

export class Table {
  readonly name: string;
  readonly #surroundings: Surroundings;
  readonly #builtin: readonly string[];
  readonly #chains: Map<string, readonly KeptRule[]>;
  /** Of the chains that the kernel itself walks through. */
  readonly #policies: Map<string, string | undefined>;

  constructor(name: string, surroundings: Surroundings, chains?: ReadonlyMap<string, readonly KeptRule[]>) {
    this.name = name;
    this.#surroundings = surroundings;
    this.#builtin = BUILTIN_CHAINS.get(name) ?? [];
    this.#chains = new Map(chains ?? this.#builtin.map((chain) => [chain, []]));
    this.#policies = new Map(this.#builtin.map((chain) => [chain, 'ACCEPT']));
  }

  /** A transaction works on a copy, so that it can be given up. */
  copy(): Table {
    const copy = new Table(this.name, this.#surroundings, this.#chains);
    for (const [chain, policy] of this.#policies) copy.#policies.set(chain, policy);
    return copy;
  }

  /** Takes over a line of iptables-save. A rule of a kind that is not known here stays in the tool's words. */
  load(line: SavedLine): void {
    if (line.is === 'chain') {
      this.#policies.set(line.chain, line.policy);
      this.#chains.set(line.chain, []);
    } else if (line.is === 'rule') {
      this.#chains.set(line.chain, [...this.#rulesOf(line.chain), this.#readSaved(line.rule)]);
    }
  }

  /** Runs one line between `*table` and `COMMIT`. Throws BadCommand. */
  run(line: string): void {
    if (line.startsWith(':')) this.#declare(line);
    else this.#command(new Words(splitWords(line)));
  }

  /** What the kernel looks at before it commits: no packet may run in circles. Throws BadCommand. */
  check(): void {
    const safe = new Set<string>();
    const visit = (chain: string, way: readonly string[]) => {
      if (way.includes(chain)) throw new BadCommand('Too many levels of symbolic links');
      if (safe.has(chain)) return;
      for (const { target } of this.#chains.get(chain) ?? []) {
        if (target !== undefined && this.#chains.has(target)) visit(target, [...way, chain]);
      }
      safe.add(chain);
    };
    for (const chain of this.#builtin) visit(chain, []);
  }

  create(chain: string): void {
    if (this.#chains.has(chain)) throw new BadCommand('Chain already exists.');
    this.#put(chain);
  }

  /** The `-A` lines of a chain, or undefined if there is none of this name. */
  list(chain: string): readonly string[] | undefined {
    return this.#chains.get(chain)?.map(({ text }) => formatSavedLine({ is: 'rule', chain, rule: text }));
  }

  /** Whether a rule asks a set, so that it can't be destroyed. */
  asksSet(set: string): boolean {
    return [...this.#chains.values()].flat().some(({ sets }) => sets.includes(set));
  }

  /** The body of iptables-save, from `*table` to `COMMIT`. */
  save(): readonly string[] {
    const own = [...this.#chains.keys()].filter((chain) => !this.#isBuiltin(chain)).sort();
    const chains = [...this.#builtin, ...own];
    return [
      formatSavedLine({ is: 'table', table: this.name }),
      ...chains.map((chain) => formatSavedLine({ is: 'chain', chain, policy: this.#policies.get(chain) })),
      ...chains.flatMap((chain) => this.list(chain) ?? []),
      formatSavedLine({ is: 'end' }),
    ];
  }

  #command(words: Words): void {
    const verb = words.take();
    switch (verb) {
      case '-A':
        this.#append(words.take(), words);
        break;
      case '-I':
        this.#insert(words.take(), words);
        break;
      case '-D':
        this.#delete(words.take(), words);
        break;
      case '-F':
        this.#flush(words);
        break;
      case '-N':
        this.create(words.take());
        break;
      case '-X':
        this.#removeChain(words.take());
        break;
      default:
        throw new BadCommand(verb.startsWith('-') ? `unknown option "${verb}"` : `Bad argument \`${verb}'`);
    }
  }

  #declare(line: string): void {
    const [, chain] = /^:(\S+) (?:-|ACCEPT|DROP)(?: \[\d+:\d+\])?$/.exec(line) ?? [];
    if (chain === undefined) throw new BadCommand(`Bad line: ${line}`);
    // With --noflush a chain of the kernel keeps its rules, a chain that is declared again loses them.
    if (!this.#isBuiltin(chain)) this.#put(chain);
  }

  #put(chain: string): void {
    if (chain.length > MAX_NAME_LENGTH) {
      throw new BadCommand(`Invalid chain name \`${chain}' (${MAX_NAME_LENGTH} chars max)`);
    }
    this.#chains.set(chain, []);
  }

  #append(chain: string, words: Words): void {
    const rules = this.#rulesOf(chain);
    this.#chains.set(chain, [...rules, this.#read(words)]);
  }

  #insert(chain: string, words: Words): void {
    const hasPosition = /^\d+$/.test(words.peek() ?? '');
    const position = hasPosition ? Number(words.take()) : 1;
    if (position < 1) throw new BadCommand(`Invalid rule number \`${position}'`);
    const rules = this.#rulesOf(chain);
    if (position > rules.length + 1) throw new BadCommand('Index of insertion too big.');
    this.#chains.set(chain, rules.toSpliced(position - 1, 0, this.#read(words)));
  }

  #delete(chain: string, words: Words): void {
    const rules = this.#rulesOf(chain);
    const { text } = this.#read(words);
    const index = rules.findIndex((rule) => rule.text === text);
    if (index < 0) throw new BadCommand('Bad rule (does a matching rule exist in that chain?).');
    this.#chains.set(chain, rules.toSpliced(index, 1));
  }

  #flush(words: Words): void {
    const chains = words.isEmpty ? [...this.#chains.keys()] : [words.take()];
    for (const chain of chains) {
      this.#rulesOf(chain);
      this.#chains.set(chain, []);
    }
  }

  #removeChain(chain: string): void {
    if (this.#isBuiltin(chain) || !this.#chains.has(chain)) throw new BadCommand(NO_CHAIN);
    if (this.#rulesOf(chain).length > 0) throw new BadCommand(`Directory not empty: chain ${chain}`);
    if ([...this.#chains.values()].flat().some((rule) => rule.target === chain)) {
      throw new BadCommand(`Device or resource busy: chain ${chain}`);
    }
    this.#chains.delete(chain);
  }

  #rulesOf(chain: string): readonly KeptRule[] {
    const rules = this.#chains.get(chain);
    if (rules === undefined) throw new BadCommand(NO_CHAIN);
    return rules;
  }

  #read(words: Words): KeptRule {
    const rule = readRule(words, this.#surroundings);
    const { target } = rule;
    if (
      target !== undefined &&
      !isKernelTarget(target) &&
      (this.#isBuiltin(target) || !this.#chains.has(target))
    ) {
      throw new BadCommand(`Couldn't load target \`${target}':No such file or directory`);
    }
    return rule;
  }

  #readSaved(text: string): KeptRule {
    try {
      return readRule(new Words(splitWords(text)), this.#surroundings);
    } catch (error) {
      if (!(error instanceof BadCommand)) throw error;
      return foreignRule(text);
    }
  }

  #isBuiltin(chain: string): boolean {
    return this.#builtin.includes(chain);
  }
}
