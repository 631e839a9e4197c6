/** From the nodes of a YAML document to the JSON value that Go's YAML would make of them. */
import { type Document, isAlias, isMap, isScalar, isSeq, type Pair, Scalar } from 'yaml';
import { resolveScalar } from './scalar.ts';

/** A key that stands in a map more than once; the last one counts. */
interface RepeatedKey {
  /** `metadata.labels.app` */
  readonly field: string;
  /** Where the last one begins in the text. */
  readonly offset: number;
}

interface Composed {
  readonly value: unknown;
  readonly repeated: readonly RepeatedKey[];
  /** The first mistake, in words that quote nothing; in its place stands null. */
  readonly mistake: { readonly message: string; readonly offset: number } | undefined;
}

/** So many values may come from aliases: a small text must not unfold into a huge object. */
const MOST_ALIASED = 400_000;
/** Levels of maps and lists, so that whoever reads a value may use recursion. */
export const DEEPEST = 1_000;

export function compose(document: Document): Composed {
  return new Composing().compose(document);
}

/** The way from the root to a value, as a chain: only a repeated key ever asks for its text. */
interface Place {
  readonly parent: Place | undefined;
  /** `.name` or `[0]` */
  readonly step: string;
  readonly depth: number;
}

const ROOT: Place = { parent: undefined, step: '', depth: 0 };

class Composing {
  readonly #anchors = new Map<string, unknown>();
  /** Aliases that are being followed. */
  readonly #followed = new Set<string>();
  readonly #repeated: RepeatedKey[] = [];
  #aliased = 0;
  #mistake: Composed['mistake'];

  compose(document: Document): Composed {
    const value = this.#value(document.contents, ROOT);
    return { value, repeated: this.#repeated, mistake: this.#mistake };
  }

  #value(node: unknown, place: Place): unknown {
    if (this.#followed.size > 0 && ++this.#aliased > MOST_ALIASED) {
      return this.#refuse(node, 'aliases expand to too many values');
    }
    if (place.depth > DEEPEST) return this.#refuse(node, 'nested too deeply');
    if (isAlias(node)) return this.#follow(node.source, node, place);
    this.#remember(node);
    if (isScalar(node)) return this.#scalar(node);
    if (isSeq(node)) return node.items.map((item, index) => this.#value(item, within(place, `[${index}]`)));
    return isMap(node) ? this.#map(node.items, place) : null;
  }

  /** An alias means the last node before it with that anchor. */
  #remember(node: unknown): void {
    const hasAnchor = isScalar(node) || isSeq(node) || isMap(node);
    if (hasAnchor && node.anchor !== undefined && this.#followed.size === 0) {
      this.#anchors.set(node.anchor, node);
    }
  }

  #follow(name: string, alias: unknown, place: Place): unknown {
    const target = this.#anchors.get(name);
    if (target === undefined) return this.#refuse(alias, 'alias without an anchor before it');
    if (this.#followed.has(name)) return this.#refuse(alias, 'alias inside of its own anchor');
    this.#followed.add(name);
    const value = this.#value(target, within(place, ''));
    this.#followed.delete(name);
    return value;
  }

  #scalar(node: Scalar): unknown {
    const isPlain = node.type === Scalar.PLAIN || node.type === undefined;
    const value = resolveScalar(String(node.value ?? ''), node.tag, isPlain);
    if (value !== null && typeof value === 'object') return this.#refuse(node, value.mistake);
    return value;
  }

  #map(pairs: readonly Pair[], place: Place): unknown {
    const map: Record<string, unknown> = {};
    const own = new Set<string>();
    for (const pair of pairs) {
      if (isMergeKey(pair.key)) {
        this.#merge(pair.value, map, place);
        continue;
      }
      const key = this.#key(pair.key, place);
      if (key === undefined) continue;
      const inner = within(place, `.${key}`);
      if (own.has(key)) this.#repeated.push({ field: pathOf(inner), offset: offsetOf(pair.key) });
      own.add(key);
      put(map, key, this.#value(pair.value, inner));
    }
    return map;
  }

  /** JSON has texts for keys only: `80:` becomes `"80"`, and `y:` becomes `"true"`. */
  #key(node: unknown, place: Place): string | undefined {
    const value = this.#value(node, within(place, ''));
    if (value !== null && typeof value !== 'object') return String(value);
    this.#refuse(node, value === null ? 'a key must not be null' : 'a key must not be a map or list');
    return undefined;
  }

  /** What is merged takes the place of what stands before it; what stands after takes its place. */
  #merge(node: unknown, map: Record<string, unknown>, place: Place): void {
    const sources = isSeq(node) ? [...node.items].reverse() : [node];
    if (isSeq(node)) this.#remember(node);
    for (const source of sources) {
      const value = this.#value(source, within(place, '.<<'));
      if (value === null || typeof value !== 'object' || Array.isArray(value)) {
        this.#refuse(source, '<< merges maps only');
        return;
      }
      for (const [key, inner] of Object.entries(value)) put(map, key, inner);
    }
  }

  #refuse(node: unknown, message: string): null {
    this.#mistake ??= { message, offset: offsetOf(node) };
    return null;
  }
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.value === '<<' && key.type === Scalar.PLAIN;
}

/** `__proto__` is a key like any other. */
function put(map: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') map[key] = value;
  else Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
}

function within(parent: Place, step: string): Place {
  return { parent, step, depth: parent.depth + 1 };
}

function pathOf(place: Place): string {
  const steps: string[] = [];
  for (let at: Place | undefined = place; at !== undefined; at = at.parent) steps.push(at.step);
  return steps.reverse().join('').replace(/^\./, '');
}

function offsetOf(node: unknown): number {
  const hasRange = isScalar(node) || isSeq(node) || isMap(node) || isAlias(node);
  return hasRange ? (node.range?.[0] ?? 0) : 0;
}
