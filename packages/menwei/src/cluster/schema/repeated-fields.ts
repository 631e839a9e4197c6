/** Which fields of a value stand in it more than once. */
import type { JsonValue } from './json.ts';
import type { ReadValue } from './read-json.ts';

/** `spec.ports[0].port` */
export function repeatedFields({ value, repeated }: ReadValue): readonly string[] {
  return repeated.size === 0 ? [] : fieldsIn(value, repeated, '');
}

function fieldsIn(value: JsonValue, repeated: ReadValue['repeated'], path: string): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const isList = Array.isArray(value);
  return Object.entries(value).flatMap(([key, inner]) => {
    const field = isList ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    const own = repeated.get(value)?.has(key) ? [field] : [];
    return [...own, ...fieldsIn(inner, repeated, field)];
  });
}
