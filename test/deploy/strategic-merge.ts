/** Strategic merge patches, as far as those of the tests go: lists of objects with a name are merged by name. */
import { isRecord } from 'menwei/kubernetes/api-error.ts';

export interface Fields {
  readonly [name: string]: unknown;
}

export function mergeStrategically(before: Fields, patch: Fields): Fields {
  const after: Record<string, unknown> = { ...before };
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith('$')) continue;
    if (value === null) delete after[name];
    else after[name] = mergeValue(before[name], value);
  }
  return after;
}

function mergeValue(before: unknown, patch: unknown): unknown {
  if (isRecord(patch)) return mergeStrategically(isRecord(before) ? before : {}, patch);
  if (!Array.isArray(patch) || !Array.isArray(before) || !patch.every(isNamed)) return patch;
  const former: readonly unknown[] = before;
  const merged = former.map((item) => {
    const change = patch.find(({ name }) => isRecord(item) && item.name === name);
    return change === undefined || !isRecord(item) ? item : mergeStrategically(item, change);
  });
  const added = patch.filter(({ name }) => !former.some((item) => isRecord(item) && item.name === name));
  return [...merged, ...added];
}

function isNamed(value: unknown): value is Fields & { readonly name: string } {
  return isRecord(value) && typeof value.name === 'string';
}
