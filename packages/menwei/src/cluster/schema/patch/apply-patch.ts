/** PATCH of an object: what is there, a patch of any type, and what there should be (cluster § 7.3). */
import { canonicalJson } from '../canonical-form.ts';
import { checkValue, MismatchError } from '../check-value.ts';
import type { ExpectedKind } from '../decode-body.ts';
import type { FieldValidation } from '../field-validation.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import type { ApiObject } from '../object.ts';
import { type ReadValue, readJson, TextError, UTF8 } from '../read-json.ts';
import { repeatedFields } from '../repeated-fields.ts';
import { badRequest, StatusError } from '../status-error.ts';
import { isObject, nameOf } from '../values.ts';
import { jsonPatch } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';
import { formatGo, invalidOutcome } from './patch-error.ts';
import { strategicMerge } from './strategic-merge.ts';

/** Not yet server-side apply (cluster § 7.5). */
export type PatchType = 'json' | 'merge' | 'strategic';

const TYPES: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
};

export interface PatchRequest {
  readonly expected: ExpectedKind;
  readonly type: PatchType;
  readonly body: Uint8Array;
  readonly fieldValidation: FieldValidation;
}

interface PatchedObject {
  /** Decoded, not defaulted. */
  readonly object: ApiObject;
  /** For `Warning` headers. */
  readonly warnings: readonly string[];
}

/** @param contentType of the request, without parameters. @throws StatusError 415 */
export function patchTypeOf(contentType: string): PatchType {
  const type = Object.hasOwn(TYPES, contentType) ? TYPES[contentType] : undefined;
  if (type !== undefined) return type;
  throw new StatusError({
    code: 415,
    reason: 'UnsupportedMediaType',
    message: '415: Unsupported Media Type',
    details: {},
  });
}

/** @param current as it is kept. @throws StatusError 400, 413, 422 */
export function applyPatch(request: PatchRequest, current: ApiObject): PatchedObject {
  const { expected, fieldValidation } = request;
  // What a newer version has written there, and this one does not know, is no fault of the patch.
  const { value, faults, shown } = outcomeOf(request, canonicalJson(expected.message, current));
  const checked = check(expected, value, current, shown);
  const all = [...faults, ...checked.faults];
  if (fieldValidation === 'Strict' && all.length > 0) {
    throw invalidOutcome(shown(), `strict decoding error: ${all.join(', ')}`);
  }
  return { object: checked.object, warnings: fieldValidation === 'Ignore' ? [] : all };
}

interface Outcome {
  readonly value: JsonValue;
  readonly faults: readonly string[];
  /** What a refusal shows. */
  readonly shown: () => string;
}

function outcomeOf({ type, expected, body }: PatchRequest, current: JsonObject): Outcome {
  const read = readPatch(body, type === 'strategic' ? '' : 'error decoding patch: ');
  if (type === 'json') {
    const { patched, faults } = jsonPatch(current, read.value);
    const repeated = repeatedFields(read).map(
      (field) => `json patch duplicate field ${JSON.stringify(field)}`,
    );
    return { value: patched, faults: [...faults, ...repeated], shown: () => JSON.stringify(patched) };
  }
  const faults = repeatedFields(read).map((field) => `duplicate field ${JSON.stringify(field)}`);
  const { value: patch } = read;
  if (!isObject(patch)) {
    const why = `json: cannot unmarshal ${nameOf(patch)} into Go value of type map[string]interface {}`;
    throw badRequest(type === 'strategic' ? why : `error decoding patch: ${why}`);
  }
  if (type === 'strategic') {
    return { value: strategicMerge(expected.message, current, patch), faults, shown: () => formatGo(patch) };
  }
  const merged = mergePatch(current, patch);
  return { value: merged, faults, shown: () => JSON.stringify(merged) };
}

function readPatch(body: Uint8Array, prefix: string): ReadValue {
  try {
    return readJson(UTF8.decode(body));
  } catch (error) {
    throw error instanceof TextError ? badRequest(`${prefix}${error.message}`) : error;
  }
}

function check(expected: ExpectedKind, value: JsonValue, current: ApiObject, shown: () => string) {
  const { kind, apiVersion } = current;
  if (isObject(value) && ((value.kind ?? kind) !== kind || (value.apiVersion ?? apiVersion) !== apiVersion)) {
    throw invalidOutcome(shown(), 'kind and apiVersion may not change');
  }
  try {
    const checked = checkValue(expected.message, { value, repeated: new Map() });
    return { object: { metadata: {}, ...checked.value, kind, apiVersion }, faults: checked.faults };
  } catch (error) {
    throw error instanceof MismatchError ? invalidOutcome(shown(), error.message) : error;
  }
}
