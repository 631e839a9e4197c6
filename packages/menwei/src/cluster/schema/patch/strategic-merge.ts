/**
 * Strategic merge patches: what becomes of a list is said by the schema table, and by directives in the patch (cluster § 7.3).
 */
import type { JsonObject, JsonValue } from '../json.ts';
import { type JsonType, type MessageName, shapeOf } from '../shape.ts';
import { badRequest } from '../status-error.ts';
import { isList, isObject, newObject } from '../values.ts';
import { type ListRules, mergeLists, orderList } from './merge-lists.ts';
import { formatGo } from './patch-error.ts';

const DIRECTIVE = '$patch';
const RETAIN_KEYS = '$retainKeys';
const DELETE_FROM = '$deleteFromPrimitiveList';
const SET_ORDER = '$setElementOrder';

/** @throws StatusError 400 a patch that is wrong in itself, 422 one that does not fit */
export function strategicMerge(message: MessageName, current: JsonObject, patch: JsonObject): JsonObject {
  return mergeObjects({ is: 'message', name: message, goName: message }, current, patch);
}

function mergeObjects(type: JsonType, current: JsonObject, patch: JsonObject): JsonObject {
  const directive = patch[DIRECTIVE];
  if (directive === 'delete') return newObject();
  if (directive === 'replace') return without(patch, DIRECTIVE);
  if (directive !== undefined) {
    throw badRequest(`unknown patch type: ${formatGo(directive)} in map: ${formatGo(patch)}`);
  }
  const merged: Record<string, JsonValue> = Object.assign(newObject(), retained(current, patch));
  const ordered = new Set<string>();
  for (const [key, value] of Object.entries(patch)) {
    if (!key.startsWith(SET_ORDER)) continue;
    const name = nameIn(key, SET_ORDER, 'setElementOrder list');
    setOrder(type, merged, name, patch[name], value);
    ordered.add(name);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key === RETAIN_KEYS || key.startsWith(SET_ORDER) || ordered.has(key)) continue;
    if (key.startsWith(DELETE_FROM)) deleteFrom(merged, nameIn(key, DELETE_FROM, 'primitive list'), value);
    else mergeMember(type, merged, key, value);
  }
  return merged;
}

function mergeMember(type: JsonType, merged: Record<string, JsonValue>, key: string, patch: JsonValue): void {
  const current = merged[key];
  const { type: inner, strategies, rules } = memberOf(type, key);
  if (patch === null) delete merged[key];
  else if (isObject(current) && isObject(patch)) {
    merged[key] = strategies.includes('replace') ? patch : mergeObjects(inner, current, patch);
  } else if (isList(current) && isList(patch)) {
    merged[key] = strategies.includes('merge') ? mergeLists(rules, current, patch) : patch;
  } else {
    const made = withoutDirectives(patch);
    if (made === undefined) delete merged[key];
    else merged[key] = made;
  }
}

/** `$setElementOrder/ports`: the listed stand in that order, and the others where they stood among them. */
function setOrder(
  type: JsonType,
  merged: Record<string, JsonValue>,
  key: string,
  patch: JsonValue | undefined,
  order: JsonValue,
): void {
  const current = merged[key];
  const { strategies, rules } = memberOf(type, key);
  if (!isList(order)) throw expectedList(order);
  if (current !== undefined && !isList(current)) throw expectedList(current);
  if (patch !== undefined && !isList(patch)) throw expectedList(patch);
  if (current === undefined && patch === undefined) return;
  const isMerged = current !== undefined && patch !== undefined && strategies.includes('merge');
  const list = isMerged
    ? mergeLists(rules, current, patch)
    : (withoutDirectives(patch ?? current ?? []) ?? []);
  merged[key] = orderList(rules, isList(list) ? list : [], {
    patch: patch ?? [],
    order,
    before: current ?? [],
  });
}

function deleteFrom(merged: Record<string, JsonValue>, key: string, values: JsonValue): void {
  const current = merged[key];
  if (!isList(values) || (current !== undefined && !isList(current))) {
    throw badRequest('invalid patch format of primitive list');
  }
  const gone = new Set(values);
  if (current !== undefined) merged[key] = current.filter((value) => !gone.has(value));
}

/** `$retainKeys`: what it does not name goes. */
function retained(current: JsonObject, patch: JsonObject): JsonObject {
  const keys = patch[RETAIN_KEYS];
  if (keys === undefined) return current;
  const stay = new Set(isList(keys) ? keys : undefined);
  const isNamed = ([key, value]: [string, JsonValue]) =>
    key === RETAIN_KEYS ||
    value === null ||
    /^\$(?:deleteFromPrimitiveList|setElementOrder)/.test(key) ||
    stay.has(key);
  if (!isList(keys) || !Object.entries(patch).every(isNamed)) {
    throw badRequest('invalid patch format of retainKeys');
  }
  return Object.fromEntries(Object.entries(current).filter(([key]) => stay.has(key)));
}

interface Member {
  readonly type: JsonType;
  readonly strategies: readonly string[];
  readonly rules: ListRules;
}

function memberOf(type: JsonType, key: string): Member {
  if (type.is === 'map') return { type: type.of, strategies: [], rules: PLAIN };
  const field = type.is === 'message' ? shapeOf(type.name).byName.get(key) : undefined;
  if (field === undefined) return { type: UNKNOWN, strategies: [], rules: PLAIN };
  const inner = field.type.is === 'list' ? field.type.of : field.type;
  return {
    type: field.type,
    strategies: field.schema.ps?.split(',') ?? [],
    rules: {
      mergeKey: field.schema.pk,
      goName: inner.goName,
      merge: (current, patch) => mergeObjects(inner, current, patch),
    },
  };
}

const UNKNOWN: JsonType = { is: 'json', goName: 'interface {}' };
const PLAIN: ListRules = {
  mergeKey: undefined,
  goName: '',
  merge: (_, patch) => patch,
};

/** What is new holds no nulls and no directives; undefined: it is a directive itself. */
function withoutDirectives(value: JsonValue): JsonValue | undefined {
  if (isList(value)) return value.map(withoutDirectives).filter((one) => one !== undefined);
  if (!isObject(value)) return value;
  if (value[DIRECTIVE] !== undefined) return undefined;
  const made = newObject();
  for (const [key, one] of Object.entries(value)) {
    const inner = one === null ? undefined : withoutDirectives(one);
    if (inner !== undefined) made[key] = inner;
  }
  return made;
}

function nameIn(key: string, prefix: string, what: string): string {
  if (!key.startsWith(`${prefix}/`)) throw badRequest(`invalid patch format of ${what}`);
  return key.slice(prefix.length + 1);
}

function without(object: JsonObject, key: string): JsonObject {
  const { [key]: _, ...others } = object;
  return Object.assign(newObject(), others);
}

function expectedList(value: JsonValue): Error {
  const goType = isObject(value)
    ? 'map[string]interface {}'
    : value === null
      ? '%!s(<nil>)'
      : GO_TYPES[typeof value];
  return badRequest(`expected a []interface {}, but received a ${goType}`);
}

const GO_TYPES: Readonly<Record<string, string>> = { boolean: 'bool', number: 'int64', string: 'string' };
