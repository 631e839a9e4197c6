/** From one content of the table to another, as one transaction. */

import { isDeepStrictEqual } from 'node:util';
import type {
  Chain,
  Element,
  ElementList,
  Elements,
  Operation,
  Rule,
  SetDeclaration,
  TableContent,
  Transaction,
} from '@menwei/netlink/nftables';
import type { Steps } from '../../scheduling/steps.ts';
import type { NftablesState } from './state.ts';

const NO_ELEMENTS: Elements = new Map();
const ELEMENTS_A_STEP = 500;

/**
 * Both are the complete content, or the same part of it. What something leads to is there before it, and is taken away
 * after it.
 */
export function* diff(from: NftablesState, to: NftablesState): Steps<Transaction> {
  if (to === undefined) return from === undefined ? [] : [{ do: 'delete table' }];
  if (from === undefined) return yield* createTable(to);
  // The kernel changes neither the type of a set nor the hook of a chain. Nor its comment, which is not worth a new table.
  if (needsAnotherTable(from, to)) return [{ do: 'delete table' }, ...(yield* createTable(to))];
  return yield* diffContent(from, to);
}

function* createTable(to: TableContent): Steps<Operation[]> {
  const empty: TableContent = { table: to.table, chains: new Map(), sets: new Map(), elements: new Map() };
  return [{ do: 'add table', table: to.table }, ...(yield* diffContent(empty, to))];
}

function needsAnotherTable(from: TableContent, to: TableContent): boolean {
  for (const [name, set] of to.sets) {
    const present = from.sets.get(name);
    // Those of the frame are the same objects in both, and are not looked at for each change.
    if (present === undefined || present === set) continue;
    if (!isDeepStrictEqual({ ...present, comment: '' }, { ...set, comment: '' })) return true;
  }
  for (const [name, { hook }] of to.chains) {
    const present = from.chains.get(name);
    if (present !== undefined && !isDeepStrictEqual(present.hook, hook)) return true;
  }
  return false;
}

function* diffContent(from: TableContent, to: TableContent): Steps<Operation[]> {
  const elements: Operation[] = [];
  for (const set of to.sets.values()) {
    const [before, after] = [from.elements.get(set.name), to.elements.get(set.name)];
    if (before === undefined && after === undefined) continue;
    elements.push(...(yield* diffElements(set, before, after)));
  }
  const goneChains = missing(from.chains, to.chains);
  return [
    ...missing(to.sets, from.sets).map((set): Operation => ({ do: 'add set', set })),
    ...missing(to.chains, from.chains).map((chain): Operation => ({ do: 'add chain', chain })),
    ...diffRules(from.chains, to.chains),
    ...elements,
    ...goneChains.map(({ name }): Operation => ({ do: 'flush chain', chain: name })),
    ...missing(from.sets, to.sets).map(({ name }): Operation => ({ do: 'delete set', set: name })),
    ...goneChains.map(({ name }): Operation => ({ do: 'delete chain', chain: name })),
  ];
}

/** What only `all` has. */
function missing<T>(all: ReadonlyMap<string, T>, from: ReadonlyMap<string, T>): readonly T[] {
  if (all === from) return [];
  return [...all].filter(([name]) => !from.has(name)).map(([, value]) => value);
}

/** A chain is written anew as a whole. */
function diffRules(from: ReadonlyMap<string, Chain>, to: ReadonlyMap<string, Chain>): Operation[] {
  return [...to.values()]
    .filter(({ name, rules }) => !hasRules(from.get(name), rules))
    .flatMap((chain): Operation[] => [
      ...(from.has(chain.name) ? [{ do: 'flush chain', chain: chain.name } as const] : []),
      ...chain.rules.map((rule): Operation => ({ do: 'add rule', chain: chain.name, rule })),
    ]);
}

function hasRules(chain: Chain | undefined, wanted: readonly Rule[]): boolean {
  return (
    chain?.rules.length === wanted.length &&
    chain.rules.every((rule, index) => isSameRule(rule, wanted[index]))
  );
}

function isSameRule(a: Rule, b: Rule | undefined): boolean {
  return b !== undefined && a.comment === b.comment && isDeepStrictEqual(a.expressions, b.expressions);
}

function* diffElements(
  set: SetDeclaration,
  from: Elements = NO_ELEMENTS,
  to: Elements = NO_ELEMENTS,
): Steps<Operation[]> {
  const { removed, added } = from.size === 0 ? { removed: [], added: listOf(to) } : yield* compare(from, to);
  const operations: Operation[] = [];
  // The data of an element can't be changed: it is taken out and put in again.
  if (removed.length > 0) operations.push({ do: 'delete elements', set, elements: removed });
  if (added.length > 0) operations.push({ do: 'add elements', set, elements: added });
  return operations;
}

interface Difference {
  readonly removed: readonly Element[];
  readonly added: readonly Element[];
}

function* compare(from: Elements, to: Elements): Steps<Difference> {
  const removed: Element[] = [];
  const added: Element[] = [];
  let inBoth = 0;
  let count = 0;
  for (const wanted of to.values()) {
    if (++count % ELEMENTS_A_STEP === 0) yield;
    const present = from.get(wanted.key);
    if (present !== undefined) inBoth++;
    if (isSameElement(wanted, present)) continue;
    if (present !== undefined) removed.push(present);
    added.push(wanted);
  }
  // To look for the others is dear where elements are made up as they are read.
  if (inBoth === from.size) return { removed, added };
  for (const present of from.values()) {
    if (++count % ELEMENTS_A_STEP === 0) yield;
    if (to.get(present.key) === undefined) removed.push(present);
  }
  return { removed, added };
}

/** They are made up again each time the list is read. */
function listOf(elements: Elements): ElementList {
  return { length: elements.size, [Symbol.iterator]: () => elements.values()[Symbol.iterator]() };
}

function isSameElement(a: Element, b: Element | undefined): boolean {
  return b !== undefined && a.data === b.data && a.comment === b.comment;
}
