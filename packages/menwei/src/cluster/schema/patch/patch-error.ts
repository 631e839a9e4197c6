/** How a patch is refused. */
import type { JsonValue } from '../json.ts';
import { StatusError } from '../status-error.ts';
import { isList, isObject } from '../values.ts';

/** It can be read, but not applied to this object. What can't be read is a bad request. */
export function rejectedPatch(): StatusError {
  return new StatusError({
    code: 422,
    reason: 'Invalid',
    message: 'the server rejected our request due to an error in our request',
    details: {},
  });
}

/** Of the value in a message. */
const LONGEST_VALUE = 4096;

/** What comes out of it is no object of the kind. @param value the patch or its outcome, as text */
export function invalidOutcome(value: string, why: string): StatusError {
  const shown = value.length > LONGEST_VALUE ? `${value.slice(0, LONGEST_VALUE)}…` : value;
  const message = `Invalid value: ${JSON.stringify(shown)}: ${why}`;
  return new StatusError({
    code: 422,
    reason: 'Invalid',
    message: ` "" is invalid: patch: ${message}`,
    details: { causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }] },
  });
}

/** As Go prints it: `map[$patch:nope port:80]`. */
export function formatGo(value: JsonValue): string {
  if (value === null) return '<nil>';
  if (isList(value)) return `[${value.map(formatGo).join(' ')}]`;
  if (!isObject(value)) return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${entries.map(([key, one]) => `${key}:${formatGo(one)}`).join(' ')}]`;
}
