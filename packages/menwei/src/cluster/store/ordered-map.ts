/**
 * A map in the order of its keys that is never changed in place: each change gives another one that shares nearly all of it. So
 * who holds one has all of it as it was, for nothing. It is a B+ tree: a change copies one node of each level.
 */

interface Leaf<Value> {
  readonly isLeaf: true;
  /** Sorted; never empty. */
  readonly keys: readonly string[];
  /** Of the same length. */
  readonly values: readonly Value[];
  readonly size: number;
}

interface Branch<Value> {
  readonly isLeaf: false;
  /** The first key of each child, or one that was. */
  readonly keys: readonly string[];
  readonly children: readonly Node<Value>[];
  /** How many values are below. */
  readonly size: number;
}

type Node<Value> = Leaf<Value> | Branch<Value>;

const MAX_WIDTH = 64;

export class OrderedMap<Value extends object | string> {
  /** Undefined: it is empty. */
  readonly #root: Node<Value> | undefined;

  private constructor(root: Node<Value> | undefined) {
    this.#root = root;
  }

  static empty<Value extends object | string>(): OrderedMap<Value> {
    return new OrderedMap<Value>(undefined);
  }

  /** @param entries in the order of their keys, each key once */
  static of<Value extends object | string>(
    entries: readonly (readonly [string, Value])[],
  ): OrderedMap<Value> {
    let level: readonly Node<Value>[] = inParts(entries).map((part) => {
      return leaf(
        part.map(([key]) => key),
        part.map(([, value]) => value),
      );
    });
    while (level.length > 1) level = inParts(level).map((part) => branch(part.map(firstKey), part));
    return new OrderedMap(level[0]);
  }

  get size(): number {
    return this.#root?.size ?? 0;
  }

  get(key: string): Value | undefined {
    let node = this.#root;
    while (node !== undefined && !node.isLeaf) node = node.children[childAt(node.keys, key)];
    if (node === undefined) return undefined;
    const at = lowerBound(node.keys, key);
    return node.keys[at] === key ? node.values[at] : undefined;
  }

  with(key: string, value: Value): OrderedMap<Value> {
    if (this.#root === undefined) return new OrderedMap(leaf([key], [value]));
    const nodes = put(this.#root, key, value);
    const [first] = nodes;
    return new OrderedMap(nodes.length === 1 ? first : branch(nodes.map(firstKey), nodes));
  }

  without(key: string): OrderedMap<Value> {
    const root = this.#root && remove(this.#root, key);
    return root === this.#root ? this : new OrderedMap(root);
  }

  *values(): Generator<Value, void, undefined> {
    for (const { values } of leavesFrom(this.#root, '')) yield* values;
  }

  /** In the order of their keys. @param prefix not empty */
  *withPrefix(prefix: string): Generator<Value, void, undefined> {
    const end = endOf(prefix);
    for (const { keys, values } of leavesFrom(this.#root, prefix)) {
      for (let at = lowerBound(keys, prefix); at < keys.length; at++) {
        const key = keys[at];
        const value = values[at];
        if (key === undefined || value === undefined || key >= end) return;
        yield value;
      }
    }
  }

  /** How many keys begin so, without looking at each. */
  countWithPrefix(prefix: string): number {
    return countBelow(this.#root, endOf(prefix)) - countBelow(this.#root, prefix);
  }
}

function leaf<Value>(keys: readonly string[], values: readonly Value[]): Leaf<Value> {
  return { isLeaf: true, keys, values, size: keys.length };
}

function branch<Value>(keys: readonly string[], children: readonly Node<Value>[]): Branch<Value> {
  return { isLeaf: false, keys, children, size: children.reduce((sum, { size }) => sum + size, 0) };
}

/** What takes the node's place: two if it would be too wide. */
function put<Value>(node: Node<Value>, key: string, value: Value): readonly Node<Value>[] {
  if (!node.isLeaf) {
    const index = childAt(node.keys, key);
    const child = node.children[index];
    if (child === undefined) throw new Error('BUG: a branch without children');
    const children = put(child, key, value);
    return halves(
      branch(
        node.keys.toSpliced(index, 1, ...children.map(firstKey)),
        node.children.toSpliced(index, 1, ...children),
      ),
    );
  }
  const at = lowerBound(node.keys, key);
  if (node.keys[at] === key) return [leaf(node.keys, node.values.with(at, value))];
  return halves(leaf(node.keys.toSpliced(at, 0, key), node.values.toSpliced(at, 0, value)));
}

/** Undefined: nothing is left. The same node: there was no such key. */
function remove<Value>(node: Node<Value>, key: string): Node<Value> | undefined {
  if (!node.isLeaf) {
    const index = childAt(node.keys, key);
    const child = node.children[index];
    const left = child && remove(child, key);
    if (left === child) return node;
    if (left !== undefined) return branch(node.keys, node.children.with(index, left));
    if (node.children.length === 1) return undefined;
    return branch(node.keys.toSpliced(index, 1), node.children.toSpliced(index, 1));
  }
  const at = lowerBound(node.keys, key);
  if (node.keys[at] !== key) return node;
  return node.keys.length === 1 ? undefined : leaf(node.keys.toSpliced(at, 1), node.values.toSpliced(at, 1));
}

function halves<Value>(node: Node<Value>): readonly Node<Value>[] {
  const { keys } = node;
  if (keys.length <= MAX_WIDTH) return [node];
  const half = keys.length >>> 1;
  if (node.isLeaf) {
    return [
      leaf(keys.slice(0, half), node.values.slice(0, half)),
      leaf(keys.slice(half), node.values.slice(half)),
    ];
  }
  return [
    branch(keys.slice(0, half), node.children.slice(0, half)),
    branch(keys.slice(half), node.children.slice(half)),
  ];
}

/** From the one on in which the key would be. */
function* leavesFrom<Value>(
  node: Node<Value> | undefined,
  key: string,
): Generator<Leaf<Value>, void, undefined> {
  if (node === undefined) return;
  if (node.isLeaf) yield node;
  else for (const child of node.children.slice(childAt(node.keys, key))) yield* leavesFrom(child, key);
}

function countBelow<Value>(node: Node<Value> | undefined, key: string): number {
  if (node === undefined) return 0;
  if (node.isLeaf) return lowerBound(node.keys, key);
  const index = childAt(node.keys, key);
  const before = node.children.slice(0, index).reduce((sum, { size }) => sum + size, 0);
  return before + countBelow(node.children[index], key);
}

/** Half full: what is written next finds room. */
function inParts<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  const parts: (readonly Item[])[] = [];
  for (let at = 0; at < items.length; at += MAX_WIDTH / 2) parts.push(items.slice(at, at + MAX_WIDTH / 2));
  return parts;
}

function firstKey<Value>({ keys }: Node<Value>): string {
  return keys[0] ?? '';
}

/** The last child that does not begin after the key; the first one if all do. */
function childAt(keys: readonly string[], key: string): number {
  const at = lowerBound(keys, key);
  return keys[at] === key ? at : Math.max(at - 1, 0);
}

/** Where the first key stands that is not below this one. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = keys[middle];
    if (other !== undefined && other < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first string after all those that begin with the prefix. */
function endOf(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}
