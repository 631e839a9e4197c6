/** What becomes of unknown and duplicate fields: `?fieldValidation=` of a write (cluster § 7.1). */
import { cannotBeHandled, type ExpectedKind } from './decode-body.ts';

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
  const { kind, group, version } = expected;
  const apiVersion = group === '' ? version : `${group}/${version}`;
  throw cannotBeHandled({ kind, apiVersion }, expected, `strict decoding error: ${faults.join(', ')}`);
}
