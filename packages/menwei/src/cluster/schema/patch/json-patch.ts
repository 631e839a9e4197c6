/**
 * JSON patches (RFC 6902). Not a library's: those leave names such as `constructor` out, which labels may have, and put no
 * bound on copies of copies.
 */
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject, JsonValue } from '../json.ts';
import { DEEPEST } from '../read-json.ts';
import { badRequest, type StatusError, tooLarge } from '../status-error.ts';
import { isList, isObject, nameOf, newObject } from '../values.ts';
import { rejectedPatch } from './patch-error.ts';

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from: string;
  /** Undefined: not given. */
  readonly value: JsonValue | undefined;
}

const MOST_OPERATIONS = 10_000;
/** Values that all operations of a patch may copy and compare, so that no patch takes the server's time from others. */
const MOST_WORK = 200_000;
/** Moving so many items of a list takes as long as copying one value. */
const ITEMS_MOVED_AT_ONCE = 400;
/** A string is shared by its copies, but whoever writes the object down writes each of them. */
const CHARACTERS_COPIED_AT_ONCE = 64;
const OPERATION = 'handlers.jsonPatchOp';
const STRINGS = ['op', 'path', 'from'] as const;

/**
 * @returns also what is unknown in the operations: `json patch unknown field "[0].nope"`
 * @throws StatusError 400 what is no patch, 413 one that is too long, 422 one that can't be applied
 */
export function jsonPatch(
  current: JsonObject,
  patch: JsonValue,
): { readonly patched: JsonValue; readonly faults: readonly string[] } {
  if (!isList(patch)) {
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${nameOf(patch)} into Go value of type []${OPERATION}`,
    );
  }
  if (patch.length > MOST_OPERATIONS) throw tooMany(patch.length);
  const operations = patch.map(readOperation);
  const patching = new Patching(current);
  for (const operation of operations) patching.apply(operation);
  const faults = patch.flatMap((one, index) =>
    Object.keys(isObject(one) ? one : {})
      .filter((key) => key !== 'value' && !STRINGS.some((name) => name === key))
      .map((key) => `json patch unknown field ${JSON.stringify(`[${index}].${key}`)}`),
  );
  return { patched: patching.root, faults };
}

function tooMany(count: number): StatusError {
  return tooLarge(`The allowed maximum operations in a JSON patch is ${MOST_OPERATIONS}, got ${count}`);
}

function readOperation(value: JsonValue): Operation {
  if (!isObject(value)) {
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${nameOf(value)} into Go value of type ${OPERATION}`,
    );
  }
  const [op, path, from] = STRINGS.map((name) => {
    const text = value[name] ?? '';
    if (typeof text === 'string') return text;
    const what = `${nameOf(text)} into Go struct field jsonPatchOp.${name} of type string`;
    throw badRequest(`error decoding patch: json: cannot unmarshal ${what}`);
  });
  if (value.path === undefined) throw rejectedPatch();
  return { op: op ?? '', path: path ?? '', from: from ?? '', value: value.value };
}

type Container = JsonValue[] | Record<string, JsonValue>;

/** A copy that is changed in place. */
class Patching {
  root: JsonValue;
  #work = 0;

  constructor(current: JsonObject) {
    this.root = this.#copy(current);
    this.#work = 0;
  }

  apply({ op, path, from, value }: Operation): void {
    switch (op) {
      case 'add':
        this.#add(path, this.#copy(given(value)));
        break;
      case 'remove':
        this.#remove(path);
        break;
      case 'replace':
        this.#replace(path, this.#copy(given(value)));
        break;
      case 'move':
        if (path.startsWith(`${from}/`)) throw rejectedPatch();
        this.#add(path, this.#remove(from));
        break;
      case 'copy':
        this.#add(path, this.#copy(given(this.#find(from))));
        break;
      case 'test':
        this.#test(path, value ?? null);
        break;
      default:
        throw rejectedPatch();
    }
  }

  #add(path: string, value: JsonValue): void {
    if (path === '') {
      this.root = value;
      return;
    }
    const { parent, key } = this.#place(path);
    if (!Array.isArray(parent)) {
      parent[key] = value;
      return;
    }
    this.#spend(parent.length / ITEMS_MOVED_AT_ONCE);
    parent.splice(key === '-' ? parent.length : indexOf(key, parent.length), 0, value);
  }

  #remove(path: string): JsonValue {
    const removed = given(this.#find(path));
    const { parent, key } = this.#place(path);
    if (!Array.isArray(parent)) delete parent[key];
    else {
      this.#spend(parent.length / ITEMS_MOVED_AT_ONCE);
      parent.splice(indexOf(key, parent.length - 1), 1);
    }
    return removed;
  }

  #replace(path: string, value: JsonValue): void {
    given(this.#find(path));
    if (path === '') {
      this.root = value;
      return;
    }
    const { parent, key } = this.#place(path);
    if (Array.isArray(parent)) parent[indexOf(key, parent.length - 1)] = value;
    else parent[key] = value;
  }

  #test(path: string, wanted: JsonValue): void {
    // What is not there equals null. Copies have the same prototypes.
    const found = this.#copy(this.#find(path) ?? null);
    if (!isDeepStrictEqual(found, this.#copy(wanted))) throw rejectedPatch();
  }

  #find(path: string): JsonValue | undefined {
    if (path === '') return this.root;
    const { parent, key } = this.#place(path);
    return Array.isArray(parent) ? parent[indexOf(key, parent.length - 1)] : parent[key];
  }

  /** Where the last step of a path begins. */
  #place(path: string): { readonly parent: Container; readonly key: string } {
    const [start, ...steps] = path.split('/').map(unescapeStep);
    const key = steps.pop();
    if (start !== '' || key === undefined || steps.length > DEEPEST) throw rejectedPatch();
    let at: JsonValue | undefined = this.root;
    for (const step of steps) {
      if (isList(at)) at = at[indexOf(step, at.length - 1)];
      else at = isObject(at) ? at[step] : undefined;
    }
    if (!isContainer(at)) throw rejectedPatch();
    return { parent: at, key };
  }

  #spend(work: number): void {
    this.#work += work;
    if (this.#work > MOST_WORK) throw rejectedPatch();
  }

  #copy(value: JsonValue, depth = 0): JsonValue {
    this.#spend(typeof value === 'string' ? 1 + value.length / CHARACTERS_COPIED_AT_ONCE : 1);
    if (depth > DEEPEST) throw rejectedPatch();
    if (isList(value)) return value.map((one) => this.#copy(one, depth + 1));
    if (!isObject(value)) return value;
    const copy = newObject();
    for (const [key, one] of Object.entries(value)) copy[key] = this.#copy(one, depth + 1);
    return copy;
  }
}

/** Everything that is patched is a copy of our own. */
function isContainer(value: JsonValue | undefined): value is Container {
  return isList(value) || isObject(value);
}

function indexOf(key: string, last: number): number {
  const index = /^(?:0|[1-9]\d{0,8})$/.test(key) ? Number(key) : -1;
  if (index < 0 || index > last) throw rejectedPatch();
  return index;
}

function given(value: JsonValue | undefined): JsonValue {
  if (value === undefined) throw rejectedPatch();
  return value;
}

function unescapeStep(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}
