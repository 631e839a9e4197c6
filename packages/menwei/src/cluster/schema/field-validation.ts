/** What becomes of unknown and duplicate fields: `?fieldValidation=` of a write (cluster § 7.1). */
import { cannotBeHandled, type ExpectedKind } from './decode-body.ts';
import { apiVersionOf } from './object.ts';

/** `Warn` unless the client says something else. */
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

/**
 * Texts for `Warning` headers.
 * @throws StatusError 400 if the client wants no such fields
 */
export function enforceFieldValidation(
  expected: ExpectedKind,
  faults: readonly string[],
  validation: FieldValidation,
): readonly string[] {
  if (validation === 'Ignore') return [];
  if (validation === 'Warn' || faults.length === 0) return faults;
  const header = { kind: expected.kind, apiVersion: apiVersionOf(expected) };
  throw cannotBeHandled(header, expected, `strict decoding error: ${faults.join(', ')}`);
}
