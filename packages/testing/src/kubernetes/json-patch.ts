/** As much of JSON patches (RFC 6902) as tests need: `test` and `remove`. */
import { isDeepStrictEqual } from 'node:util';
import { isRecord } from 'menwei/kubernetes/api-error.ts';

/** A copy with the patch applied, or why it can't be. */
export function applyJsonPatch(
  object: object,
  patch: unknown,
): { readonly object: object } | { readonly error: string } {
  const copy = structuredClone(object);
  if (!Array.isArray(patch)) return { error: 'the patch is no list' };
  for (const operation of patch) {
    const error = applyOperation(copy, operation);
    if (error !== undefined) return { error };
  }
  return { object: copy };
}

function applyOperation(object: object, operation: unknown): string | undefined {
  if (!isRecord(operation) || typeof operation.path !== 'string') return 'no operation';
  const names = operation.path.split('/').slice(1);
  const last = names.pop() ?? '';
  const holder = names.reduce<unknown>(inside, object);
  const found = inside(holder, last);
  if (operation.op === 'test') {
    return isDeepStrictEqual(found, operation.value) ? undefined : `testing path ${operation.path} failed`;
  }
  if (operation.op !== 'remove') return `unknown operation ${String(operation.op)}`;
  if (found === undefined) return `there is no ${operation.path}`;
  if (Array.isArray(holder)) holder.splice(Number(last), 1);
  else if (typeof holder === 'object' && holder !== null) Reflect.deleteProperty(holder, last);
  return undefined;
}

function inside(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value[Number(name)];
  return isRecord(value) ? value[name] : undefined;
}
