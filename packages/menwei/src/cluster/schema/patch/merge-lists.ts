/** How a strategic merge patch merges a list into a list. */
import type { JsonObject, JsonValue } from '../json.ts';
import { badRequest } from '../status-error.ts';
import { isList, isObject } from '../values.ts';
import { formatGo, rejectedPatch } from './patch-error.ts';

type List = readonly JsonValue[];

export interface ListRules {
  /** The field by which items that are objects are told apart; undefined for a set of plain values. */
  readonly mergeKey: string | undefined;
  /** Of an item. */
  readonly goName: string;
  readonly merge: (current: JsonObject, patch: JsonObject) => JsonObject;
}

/** Items of the patch in its order, the others where they stood among them. */
export function mergeLists(rules: ListRules, current: List, patch: List): List {
  if (current.length === 0 && patch.length === 0) return current;
  refuseMixed([...current, ...patch]);
  const first = current[0] ?? patch[0];
  if (!isObject(first)) return arrange(rules, unique([...current, ...patch]), patch, current);
  if (rules.mergeKey === undefined)
    throw badRequest(`cannot merge lists without merge key for ${rules.goName}`);
  const { kept, added } = applyDirectives(rules.mergeKey, current.filter(isObject), patch.filter(isObject));
  return arrange(rules, mergeByKey(rules, rules.mergeKey, kept, added), added, kept);
}

interface Order {
  /** The list in the patch; its order must not contradict. */
  readonly patch: List;
  /** What `$setElementOrder` says. */
  readonly order: List;
  /** The list as it was. */
  readonly before: List;
}

/** What `$setElementOrder` makes of a list. @throws StatusError 400 */
export function orderList(rules: ListRules, list: List, { patch, order, before }: Order): List {
  refuseMixed([...before, ...patch]);
  const isOfObjects = isObject(before[0] ?? patch[0]);
  if (isOfObjects && rules.mergeKey === undefined) {
    throw badRequest(`cannot merge lists without merge key for ${rules.goName}`);
  }
  const keys = order.map((item) => keyOf(rules, item));
  let at = 0;
  for (const item of patch) {
    if (isObject(item) && item.$patch !== undefined) continue;
    while (at < keys.length && keys[at] !== keyOf(rules, item)) at += 1;
    if (at === keys.length && order.length > 0) throw contradiction(patch, order);
    at += 1;
  }
  return arrange(rules, list, order, before);
}

function contradiction(patch: List, order: List): Error {
  return badRequest(
    `The order in patch list:\n${formatGo(patch)}\n doesn't match $setElementOrder list:\n${formatGo(order)}\n`,
  );
}

/** `$patch: delete` and `$patch: replace` of items. */
function applyDirectives(
  mergeKey: string,
  current: readonly JsonObject[],
  patch: readonly JsonObject[],
): { readonly kept: readonly JsonObject[]; readonly added: readonly JsonObject[] } {
  const added = patch.filter(({ $patch }) => $patch === undefined);
  const gone = new Set<string>();
  let isReplaced = false;
  for (const item of patch) {
    const { $patch } = item;
    if ($patch === 'delete') gone.add(keyIn(mergeKey, item));
    else if ($patch === 'replace') isReplaced = true;
    else if ($patch === 'merge') throw badRequest('merging lists cannot yet be specified in the patch');
    else if ($patch !== undefined) {
      throw badRequest(`unknown patch type: ${formatGo($patch)} in map: ${formatGo(item)}`);
    }
  }
  if (isReplaced) return { kept: added, added: [] };
  const kept = gone.size === 0 ? current : current.filter((item) => !gone.has(keyIn(mergeKey, item)));
  return { kept, added };
}

function mergeByKey(
  { merge }: ListRules,
  mergeKey: string,
  current: readonly JsonObject[],
  patch: readonly JsonObject[],
): List {
  const merged: JsonValue[] = [...current];
  const places = new Map<string, number>();
  for (const [place, item] of current.entries()) {
    const key = keyIn(mergeKey, item);
    if (!places.has(key)) places.set(key, place);
  }
  for (const item of patch) {
    const key = keyIn(mergeKey, item);
    const place = places.get(key);
    const known = place === undefined ? undefined : merged[place];
    if (place !== undefined && isObject(known)) merged[place] = merge(known, item);
    else {
      places.set(key, merged.length);
      merged.push(item);
    }
  }
  return merged;
}

/**
 * Items that `order` lists in its order. The others keep the order in which they stand in `before`, and each stands before a
 * listed one that it stood before there.
 */
function arrange(rules: ListRules, list: List, order: List, before: List): List {
  const [listed, stood] = [placesOf(rules, order), placesOf(rules, before)];
  const placeIn = (places: ReadonlyMap<string, number>, item: JsonValue) =>
    places.get(keyOf(rules, item)) ?? -1;
  const isListed = (item: JsonValue) => placeIn(listed, item) >= 0;
  const others = list.filter((item) => !isListed(item));
  const arranged: JsonValue[] = [];
  let at = 0;
  for (const item of list.filter(isListed).sort((a, b) => placeIn(listed, a) - placeIn(listed, b))) {
    const place = placeIn(stood, item);
    for (; at < others.length; at++) {
      const other = others[at];
      const stoodAt = other === undefined ? -1 : placeIn(stood, other);
      if (other === undefined || stoodAt < 0 || stoodAt >= place) break;
      arranged.push(other);
    }
    arranged.push(item);
  }
  return [...arranged, ...others.slice(at)];
}

/** The first place of each key. */
function placesOf(rules: ListRules, list: List): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (const [place, item] of list.entries()) {
    const key = keyOf(rules, item);
    if (!places.has(key)) places.set(key, place);
  }
  return places;
}

function keyOf({ mergeKey }: ListRules, item: JsonValue): string {
  if (mergeKey !== undefined && isObject(item)) return keyIn(mergeKey, item);
  return JSON.stringify(item);
}

/** With its type: `80` is not `"80"`. */
function keyIn(mergeKey: string, item: JsonObject): string {
  const key = item[mergeKey];
  if (key !== undefined) return JSON.stringify(key);
  throw badRequest(`map: ${formatGo(item)} does not contain declared merge key: ${mergeKey}`);
}

function unique(list: List): List {
  return [...new Map(list.map((item) => [JSON.stringify(item), item])).values()];
}

function refuseMixed(list: List): void {
  if (list.some(isList)) throw rejectedPatch();
  const kinds = new Set(list.map((item) => (isObject(item) ? 'map' : item === null ? 'nil' : typeof item)));
  if (kinds.size > 1 || kinds.has('nil'))
    throw badRequest(`list element types are not identical: ${formatGo(list)}`);
}
