/** One table of the nf_tables fake: what an operation does to it, and what refers to what. */
import { constants } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import type {
  Bytes,
  Chain,
  Element,
  Expression,
  Operation,
  Rule,
  SetDeclaration,
  Table,
  TableContent,
  Verdict,
} from '@menwei/netlink/nftables';
import { parseVerdict } from '@menwei/netlink/nftables/codec';
import { NfSet } from './nf-set.ts';
import { Refused } from './refused.ts';

const { EBUSY, EEXIST, EINVAL, ENOENT, EOPNOTSUPP } = constants.errno;

/** What is done to a table that is there. */
type TableOperation = Exclude<Operation, { readonly do: 'add table' | 'delete table' }>;

export class NfTable {
  readonly table: Table;
  readonly chains: Map<string, Chain>;
  readonly sets: Map<string, NfSet>;

  constructor(table: Table, chains: Iterable<[string, Chain]> = [], sets: Iterable<[string, NfSet]> = []) {
    this.table = table;
    this.chains = new Map(chains);
    this.sets = new Map(sets);
  }

  /** Unchecked: a kernel holds it. */
  static holding({ table, chains, sets, elements }: TableContent): NfTable {
    const filled = Array.from(sets, ([name, declaration]): [string, NfSet] => {
      const set = new NfSet(declaration);
      for (const element of elements.get(name)?.values() ?? []) set.add(element);
      return [name, set];
    });
    return new NfTable(table, chains, filled);
  }

  copy(): NfTable {
    const sets = Array.from(this.sets, ([name, set]): [string, NfSet] => [name, set.copy()]);
    return new NfTable(this.table, this.chains, sets);
  }

  /** @param withDynamic what rules have put there included */
  content(withDynamic = false): TableContent {
    const sets = new Map(Array.from(this.sets, ([name, { declaration }]) => [name, declaration] as const));
    const elements = new Map<string, ReadonlyMap<Bytes, Element>>();
    for (const [name, set] of this.sets) {
      if (set.declaration.dynamic && !withDynamic) continue;
      elements.set(name, new Map(Array.from(set.elements(), (element) => [element.key, element] as const)));
    }
    return { table: this.table, chains: new Map(this.chains), sets, elements };
  }

  /** Throws {@link Refused}. */
  run(operation: TableOperation): void {
    switch (operation.do) {
      case 'add set':
        this.#addSet(operation.set);
        break;
      case 'delete set':
        this.#deleteSet(operation.set);
        break;
      case 'add chain':
        this.#addChain(operation.chain);
        break;
      case 'flush chain':
        this.#setRules(operation.chain, () => []);
        break;
      case 'delete chain':
        this.#deleteChain(operation.chain);
        break;
      case 'add rule':
        this.#addRule(operation.chain, operation.rule);
        break;
      case 'add elements':
        for (const element of operation.elements) this.#addElement(operation.set, element);
        break;
      case 'delete elements':
        for (const { key } of operation.elements) this.#setNamed(operation.set.name).delete(key);
    }
  }

  /** The verdicts that a packet may meet in a chain, those of the maps that its rules look up included. */
  *verdictsOf(chain: Chain): Iterable<Verdict> {
    for (const expression of chain.rules.flatMap(({ expressions }) => expressions)) {
      if (expression.name === 'immediate') yield expression.verdict;
      if (expression.name !== 'lookup' || expression.to !== 'verdict') continue;
      yield* verdictsIn(this.#setNamed(expression.set));
    }
  }

  #addSet(set: SetDeclaration): void {
    const present = this.sets.get(set.name)?.declaration;
    if (present === undefined) {
      this.sets.set(set.name, new NfSet(set));
    } else if (!isDeepStrictEqual({ ...present, comment: '' }, { ...set, comment: '' })) {
      throw new Refused(EEXIST, `set ${set.name} is there and is another one`);
    }
  }

  #deleteSet(name: string): void {
    this.#setNamed(name);
    for (const { name: chain, rules } of this.chains.values()) {
      const isUsed = rules.some(({ expressions }) => expressions.some((each) => usesSet(each, name)));
      if (isUsed) throw new Refused(EBUSY, `set ${name} is used in chain ${chain}`);
    }
    this.sets.delete(name);
  }

  #addChain(chain: Chain): void {
    const present = this.chains.get(chain.name);
    if (present === undefined) {
      this.chains.set(chain.name, { ...chain, rules: [] });
    } else if (chain.hook !== undefined && !isDeepStrictEqual(present.hook, chain.hook)) {
      throw new Refused(EOPNOTSUPP, `chain ${chain.name} is there and has another hook`);
    }
  }

  #deleteChain(name: string): void {
    this.#setRules(name, () => []);
    for (const chain of this.chains.values()) {
      const verdicts = chain.rules.flatMap(({ expressions }) => expressions.flatMap(verdictOf));
      if (verdicts.some((verdict) => leadsTo(verdict, name))) {
        throw new Refused(EBUSY, `a rule of chain ${chain.name} leads to chain ${name}`);
      }
    }
    for (const [set, elements] of this.sets) {
      for (const verdict of verdictsIn(elements)) {
        if (leadsTo(verdict, name)) throw new Refused(EBUSY, `an element of ${set} leads to chain ${name}`);
      }
    }
    this.chains.delete(name);
  }

  #addRule(chain: string, { expressions, comment }: Rule): void {
    for (const expression of expressions) this.#check(expression);
    // The kernel knows nothing of the text.
    this.#setRules(chain, (rules) => [...rules, { expressions, comment }]);
  }

  #check(expression: Expression): void {
    switch (expression.name) {
      case 'immediate':
        this.#checkVerdict(expression.verdict);
        break;
      case 'lookup':
        this.#checkLookup(expression);
        break;
      case 'update':
        if (!this.#setNamed(expression.set).declaration.dynamic) throw new Refused(EOPNOTSUPP, 'not dynamic');
        break;
      case 'unknown':
        throw new Error(`BUG: a rule is made of '${expression.kernelName}'`);
    }
  }

  #checkLookup({ set, to }: Extract<Expression, { readonly name: 'lookup' }>): void {
    const { data } = this.#setNamed(set).declaration;
    // A map may be asked for no more than whether it has a key.
    const isWrong = to !== undefined && (data === undefined || (data === 'verdict') !== (to === 'verdict'));
    if (isWrong) throw new Refused(EINVAL, `no such data in ${set}`);
  }

  #checkVerdict(verdict: Verdict): void {
    if (!('chain' in verdict)) return;
    const chain = this.chains.get(verdict.chain);
    if (chain === undefined) throw new Refused(ENOENT, `no chain ${verdict.chain}`);
    if (chain.hook !== undefined) throw new Refused(EOPNOTSUPP, `chain ${verdict.chain} has a hook`);
  }

  #addElement({ name }: SetDeclaration, element: Element): void {
    const set = this.#setNamed(name);
    if (set.declaration.data === 'verdict') this.#checkVerdict(parseVerdict(element.data ?? ''));
    set.add(element);
  }

  #setNamed(name: string): NfSet {
    const set = this.sets.get(name);
    if (set === undefined) throw new Refused(ENOENT, `no set ${name}`);
    return set;
  }

  #setRules(name: string, change: (rules: readonly Rule[]) => readonly Rule[]): void {
    const chain = this.chains.get(name);
    if (chain === undefined) throw new Refused(ENOENT, `no chain ${name}`);
    this.chains.set(name, { ...chain, rules: change(chain.rules) });
  }
}

function* verdictsIn(set: NfSet): Iterable<Verdict> {
  if (set.declaration.data !== 'verdict') return;
  for (const { data } of set.elements()) yield parseVerdict(data ?? '');
}

function verdictOf(expression: Expression): readonly Verdict[] {
  return expression.name === 'immediate' ? [expression.verdict] : [];
}

function leadsTo(verdict: Verdict, chain: string): boolean {
  return 'chain' in verdict && verdict.chain === chain;
}

function usesSet(expression: Expression, set: string): boolean {
  return (expression.name === 'lookup' || expression.name === 'update') && expression.set === set;
}
